"""The demo company's shop: what was ordered and paid, and paying back what was charged too much.

    pay_back: order locked ─► paid back already under this key? its result ─► owed and paid in? ─► payments, refund
                                   └─ under another key: refused

The delivery goes back to the oldest payments and what was paid twice is taken from the newest, so that neither stands
in the other's way. No payment ever gives back more than it brought: the table itself refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from relevo.contracts.records import DELIVERY, Order, Payment, Refund
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store import rows
from relevo.store.aurora.demo import ZONE
from relevo.store.pool import Connection

_ORDERS = """
SELECT o.id, o.placed_on, o.delivered_on, o.seller, o.is_third_party, o.delivery, o.currency,
    ARRAY(SELECT i.name FROM aurora_items i WHERE i.workspace_id = 1 AND i.order_id = o.id ORDER BY i.position),
    (SELECT coalesce(sum(i.quantity * i.unit_price), 0)::bigint FROM aurora_items i
        WHERE i.workspace_id = 1 AND i.order_id = o.id),
    (SELECT coalesce(json_agg(json_build_array(p.id, p.amount, p.method, p.refunded) ORDER BY p.position), '[]')
        FROM aurora_payments p WHERE p.workspace_id = 1 AND p.order_id = o.id),
    o.status, o.promised_on
FROM aurora_orders o
WHERE o.workspace_id = 1 AND o.person_ref = %(ref)s AND (%(order)s::text IS NULL OR o.id = %(order)s)
ORDER BY o.placed_on DESC, o.id
"""
_REFUNDS = """
SELECT f.order_id, f.charge, f.amount, f.number, f.parts, f.done_at
FROM aurora_refunds f JOIN aurora_orders o ON o.workspace_id = 1 AND o.id = f.order_id
WHERE f.workspace_id = 1 AND o.person_ref = %(ref)s ORDER BY f.number
"""
_LOCK = "SELECT FROM aurora_orders WHERE workspace_id = 1 AND id = %(order)s AND person_ref = %(ref)s FOR UPDATE"
_KNOWN = """
SELECT key, amount, number, parts FROM aurora_refunds
WHERE workspace_id = 1 AND (key = %(key)s OR (order_id = %(order)s AND charge = %(charge)s))
"""
_KEEP = """
INSERT INTO aurora_refunds (key, order_id, charge, amount, parts)
VALUES (%(key)s, %(order)s, %(charge)s, %(amount)s, %(parts)s::jsonb) RETURNING key, amount, number, parts
"""
_TAKE = "UPDATE aurora_payments SET refunded = refunded + %(amount)s WHERE workspace_id = 1 AND id = %(payment)s"


async def read_orders(connection: Connection, ref: str, order_id: str | None = None) -> list[Order]:
    """Give a person's orders, newest first, or the one that is named."""
    values = {"ref": ref, "order": order_id}
    found = await (await connection.execute(_ORDERS, values)).fetchall()
    refunds = await (await connection.execute(_REFUNDS, values)).fetchall()
    return [_order(row, [_refund(refund) for refund in refunds if refund[0] == row[0]]) for row in found]


async def pay_back(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Pay a charge back once, whole or less; raises Conflict for what is not owed."""
    charge = str(effect.arguments.get("payment") or DELIVERY)
    values: dict[str, Any] = {
        "key": effect.key,
        "ref": effect.business_ref,
        "order": str(effect.arguments["order"]),
        "charge": charge,
        "amount": effect.amount or 0,
    }
    if not (await connection.execute(_LOCK, values)).rowcount:
        raise Conflict("This person has no such order.", code="refund.unknown_order")
    known = await (await connection.execute(_KNOWN, values)).fetchone()
    if known is not None and known[0] != effect.key:
        raise Conflict("This charge was paid back already.", code="refund.already_refunded")
    (order,) = await read_orders(connection, effect.business_ref, values["order"])
    if known is None:
        parts = _parts(order, charge, effect.amount or 0, effect.unit)
        for part in parts:
            await connection.execute(_TAKE, part)
        known = await (await connection.execute(_KEEP, values | {"parts": rows.json_text(parts)})).fetchone()
        assert known is not None
    return _result(order, charge, known)


def _parts(order: Order, charge: str, amount: int, unit: str | None) -> list[dict[str, Any]]:
    """Give the payments that an amount goes back to, and how much to each."""
    is_delivery = charge == DELIVERY
    owed = order.delivery if is_delivery else order.paid - order.total
    payments = order.payments if is_delivery else [one for one in order.payments if one.id == charge]
    parts = list(_taken(payments, amount))
    if unit != order.currency or not 0 < amount <= owed or sum(part["amount"] for part in parts) != amount:
        raise Conflict("This is not what the order owes.", code="refund.not_due")
    return parts


def _taken(payments: Iterable[Payment], amount: int) -> Iterable[dict[str, Any]]:
    for payment in payments:
        part = min(amount, payment.amount - payment.refunded)
        if part > 0:
            amount -= part
            yield {"payment": payment.id, "method": payment.method, "amount": part}


def _result(order: Order, charge: str, row: Sequence[Any]) -> Mapping[str, Any]:
    _, amount, number, parts = row
    return {
        "order": order.id,
        "charge": charge,
        "amount": amount,
        "unit": order.currency,
        "reference": f"RF-{number}",
        "payments": parts,
    }


def _order(row: Sequence[Any], refunds: Sequence[Refund]) -> Order:
    return Order(
        id=row[0],
        placed_on=row[1],
        delivered_on=row[2],
        seller=row[3],
        is_third_party=row[4],
        delivery=row[5],
        currency=row[6],
        items=tuple(row[7]),
        goods=row[8],
        payments=tuple(Payment(id=p[0], amount=p[1], method=p[2], refunded=p[3]) for p in row[9]),
        refunds=tuple(refunds),
        status=row[10],
        promised_on=row[11],
    )


def _refund(row: Sequence[Any]) -> Refund:
    _, charge, amount, number, parts, done_at = row
    return Refund(
        charge=charge,
        amount=amount,
        reference=f"RF-{number}",
        methods=tuple(part["method"] for part in parts),
        refunded_at=done_at.astimezone(ZONE),
    )
