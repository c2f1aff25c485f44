"""The demo company paying back: of an order one charge, of a ticket its fare, each once.

    pay_back: order or ticket locked ─► paid back already under this key? its result
                                          ├─ under another key: refused
                                          └─ owed, and paid in? ─► payments, pieces, refund

What is above an order's total is taken from the newest payments, everything else goes back to the oldest that have
not gone back yet: so whatever goes back in whatever turn sums to what was paid. No payment ever gives back more than
it brought, no piece goes back twice, and what bringing it cost goes back once: the tables themselves refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from relevo.contracts.records import DELIVERY, RETURN, UNDELIVERED, Fare, Item, Order, Payment
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store import rows
from relevo.store.aurora.fares import may_go_back, read_fares
from relevo.store.aurora.orders import read_orders, reference_of
from relevo.store.pool import Connection

FARE = "fare"

_LOCK_ORDER = "SELECT FROM aurora_orders WHERE workspace_id = 1 AND id = %(order)s AND person_ref = %(ref)s FOR UPDATE"
_LOCK_TICKET = """
SELECT FROM aurora_tickets WHERE workspace_id = 1 AND number = %(ticket)s AND person_ref = %(ref)s FOR UPDATE
"""
_KNOWN = """
SELECT key, amount, number, parts FROM aurora_refunds
WHERE workspace_id = 1 AND (key = %(key)s OR ticket = %(ticket)s OR (order_id = %(order)s AND charge = %(charge)s))
"""
_KEEP = """
INSERT INTO aurora_refunds (key, order_id, ticket, charge, amount, parts, has_delivery)
VALUES (%(key)s, %(order)s, %(ticket)s, %(charge)s, %(amount)s, %(parts)s::jsonb, %(has_delivery)s)
RETURNING key, amount, number, parts
"""
_TAKE = "UPDATE aurora_payments SET refunded = refunded + %(amount)s WHERE workspace_id = 1 AND id = %(payment)s"
_TAKE_FARE = """
UPDATE aurora_tickets SET fare_refunded = fare_refunded + %(amount)s WHERE workspace_id = 1 AND number = %(payment)s
"""
_TAKE_PIECES = """
UPDATE aurora_items SET returned = returned + %(count)s
WHERE workspace_id = 1 AND order_id = %(order)s AND position = %(item)s
"""
_CANCEL = "UPDATE aurora_orders SET status = 'cancelled' WHERE workspace_id = 1 AND id = %(order)s"


class _Due(msgspec.Struct, frozen=True, kw_only=True):
    """What a charge owes, and from where it is taken."""

    charge: str
    amount: int
    payments: Sequence[Payment]
    pieces: Mapping[int, int]
    """How many of each item go back with it, by the item's position."""
    has_delivery: bool = False


async def pay_back(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Pay a charge back once, whole or less; raises Conflict for what is not owed."""
    order, ticket = effect.arguments.get("order"), effect.arguments.get("ticket")
    values: dict[str, Any] = {
        "key": effect.key,
        "ref": effect.business_ref,
        "order": order,
        "ticket": None if order else ticket,
        "charge": FARE if ticket and not order else _charge(effect.arguments),
        "amount": effect.amount or 0,
    }
    if not (await connection.execute(_LOCK_ORDER if order else _LOCK_TICKET, values)).rowcount:
        what = "order" if order else "ticket"
        raise Conflict(f"This person has no such {what}.", code=f"refund.unknown_{what}")
    known = await (await connection.execute(_KNOWN, values)).fetchone()
    if known is not None and known[0] != effect.key:
        raise Conflict("This charge was paid back already.", code="refund.already_refunded")
    row = await _move(connection, effect, values) if known is None else known
    return _result(values, effect.unit or "", row)


def _charge(arguments: Mapping[str, Any]) -> str:
    kind = arguments.get("charge")
    if kind == "withdrawal":
        return f"{RETURN}:{','.join(_numbers_of(arguments['pieces']))}"
    return UNDELIVERED if kind == UNDELIVERED else str(arguments.get("payment") or DELIVERY)


def _numbers_of(pieces: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Write the numbers of pieces, such as ``1.2-3``: the second and third piece of the first item."""
    for piece in pieces:
        first, last = piece["first"], piece["first"] + piece["count"] - 1
        yield f"{piece['item']}.{first}" + (f"-{last}" if last > first else "")


async def _move(connection: Connection, effect: EffectOrder, values: dict[str, Any]) -> Sequence[Any]:
    """Take what is owed from where it was paid, and keep that it was."""
    if values["ticket"]:
        (fare,) = await read_fares(connection, effect.business_ref, values["ticket"]) or (None,)
        if fare is None or not await may_go_back(connection, fare.ticket):
            raise Conflict("This fare does not go back.", code="refund.not_due")
        due, currency = _due_of_fare(fare), fare.currency
    else:
        (order,) = await read_orders(connection, effect.business_ref, values["order"])
        due, currency = _due_of_order(order, effect.arguments, values["charge"]), order.currency
    parts = list(_taken(due.payments, values["amount"]))
    is_covered = sum(part["amount"] for part in parts) == values["amount"]
    if effect.unit != currency or not 0 < values["amount"] <= due.amount or not is_covered:
        raise Conflict("This is not what is owed.", code="refund.not_due")
    for part in parts:
        await connection.execute(_TAKE_FARE if values["ticket"] else _TAKE, part)
    for item, count in due.pieces.items():
        await connection.execute(_TAKE_PIECES, {"order": values["order"], "item": item, "count": count})
    if due.charge == UNDELIVERED:
        await connection.execute(_CANCEL, values)
    kept = values | {"parts": rows.json_text(parts), "has_delivery": due.has_delivery}
    row = await (await connection.execute(_KEEP, kept)).fetchone()
    assert row is not None
    return row


def _due_of_fare(fare: Fare) -> _Due:
    paid = Payment(id=fare.ticket, amount=fare.amount, method=fare.method)
    return _Due(charge=FARE, amount=fare.amount, payments=[paid], pieces={})


def _due_of_order(order: Order, arguments: Mapping[str, Any], charge: str) -> _Due:
    payments: Sequence[Payment] = order.payments
    if charge == DELIVERY:
        return _Due(charge=charge, amount=order.delivery_left, payments=payments, pieces={}, has_delivery=True)
    if charge == UNDELIVERED:
        return _due_of_undelivered(order)
    if charge.startswith(f"{RETURN}:"):
        return _due_of_return(order, arguments, charge)
    payments = [payment for payment in payments if payment.id == charge]
    return _Due(charge=charge, amount=order.paid - order.total, payments=payments, pieces={})


def _due_of_undelivered(order: Order) -> _Due:
    if order.delivered_on is not None:
        raise Conflict("This order was delivered.", code="refund.delivered")
    left = {item.position: item.left for item in order.lines if item.left}
    has_delivery = bool(order.delivery_left)
    return _Due(charge=UNDELIVERED, amount=order.left, payments=order.payments, pieces=left, has_delivery=has_delivery)


def _due_of_return(order: Order, arguments: Mapping[str, Any], charge: str) -> _Due:
    """Of so many pieces of each item; with the last of them, what bringing it cost."""
    items: Mapping[int, Item] = {item.position: item for item in order.lines}
    pieces: dict[int, int] = {}
    for piece in arguments["pieces"]:
        item = items.get(piece["item"])
        if item is None or piece["first"] != item.returned + 1 or not 0 < piece["count"] <= item.left:
            raise Conflict("These pieces went back already, or were never sold.", code="refund.already_refunded")
        pieces[item.position] = piece["count"]
    amount = sum(items[position].unit_price * count for position, count in pieces.items())
    is_all = all(pieces.get(item.position, 0) == item.left for item in order.lines)
    delivery = order.delivery_left if is_all else 0
    return _Due(
        charge=charge,
        amount=amount + delivery,
        payments=order.payments,
        pieces=pieces,
        has_delivery=bool(delivery),
    )


def _taken(payments: Iterable[Payment], amount: int) -> Iterable[dict[str, Any]]:
    for payment in payments:
        part = min(amount, payment.amount - payment.refunded)
        if part > 0:
            amount -= part
            yield {"payment": payment.id, "method": payment.method, "amount": part}


def _result(values: Mapping[str, Any], unit: str, row: Sequence[Any]) -> Mapping[str, Any]:
    _, amount, number, parts = row
    about = {"ticket": values["ticket"]} if values["ticket"] else {"order": values["order"]}
    return {
        **about,
        "charge": values["charge"],
        "amount": amount,
        "unit": unit,
        "reference": reference_of(number),
        "payments": parts,
    }
