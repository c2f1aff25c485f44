"""What may be asked back: of an order its delivery, payments above the total, all of it, pieces of it; a ticket's fare.

What is above the total is taken from the newest payment on and everything else from the oldest, so that whatever goes
back sums to exactly what was paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from relevo.contracts.records import DELIVERY, RETURN, UNDELIVERED, Fare, Item, Order, Payment, Refund

PAYMENT = "payment"
WITHDRAWAL = "withdrawal"
"""Goods sent back because the contact no longer wants them."""
NOT_FLOWN, GIVEN_BACK = "not_flown", "given_back"
"""A fare whose holder the company did not fly, and one whose holder does not want to."""
NONE = "none"
"""Stands for an order as a whole, where nothing stands out in it."""
CHOSEN = frozenset({WITHDRAWAL, GIVEN_BACK})
"""What goes back only because the contact wants it so, and not because it is owed."""

_GOODS = (UNDELIVERED, f"{RETURN}:")

Facts = dict[str, Any]
"""What the policy is asked about one charge; also the effect's arguments, and so plain data."""


def charges(order: Order) -> list[Facts]:
    """Give every charge of an order that may be too much; what went back already stands first.

    The newest of several payments is asked about even where nothing is above the total: so the rule says no.
    """
    returned = {refund.charge: refund for refund in order.refunds}
    payments = {payment.id for payment in order.payments}
    found = [_returned(order, refund) for refund in order.refunds if refund.charge in {DELIVERY, *payments}]
    if order.delivery_left:
        found.append(_facts(order, DELIVERY, order.delivery_left, _oldest(order, order.delivery_left)))
    left = order.paid - order.total
    if left <= 0 and len(order.payments) > 1 and not returned:
        newest = order.payments[-1]
        found.append(_facts(order, PAYMENT, newest.amount, [newest]))
    for payment in reversed(order.payments):
        amount = min(payment.amount, left)
        if amount > 0 and payment.id not in returned:
            left -= amount
            found.append(_facts(order, PAYMENT, amount, [payment]))
    return found


def whole(order: Order) -> Facts:
    """Give an order as a whole, with nothing in it to go back."""
    return _facts(order, NONE, 0, ()) | {"pieces": _all_pieces(order.lines, left=False)}


def undelivered(order: Order) -> Facts:
    """Give all of an order that has not gone back, as owed where it does not come."""
    return _pieces_back(order, UNDELIVERED, UNDELIVERED, order.left, _all_pieces(order.lines))


def withdrawn(order: Order, counts: Mapping[int, int] | None = None) -> Facts:
    """Give so many pieces of each item, by its position, as sent back; all that are left without ``counts``.

    With the last of them goes back what bringing it cost.
    """
    pieces = _all_pieces(order.lines) if counts is None else [_piece(i, counts[i.position]) for i in _of(order, counts)]
    prices = {item.position: item.unit_price for item in order.lines}
    amount = sum(prices[piece["item"]] * piece["count"] for piece in pieces)
    is_all = sum(piece["count"] for piece in pieces) == sum(item.left for item in order.lines)
    delivery = order.delivery_left if is_all else 0
    name = f"{RETURN}:{','.join(map(_piece_name, pieces))}"
    is_divisible = counts is None and sum(piece["count"] for piece in pieces) > 1
    facts = _pieces_back(order, WITHDRAWAL, name, amount + delivery, pieces)
    return facts | {"is_with_delivery": delivery > 0, "is_divisible": is_divisible}


def fare(paid: Fare, charge: str | None = None) -> Facts:
    """Give what a ticket cost, as owed where it is, else as given back; ``charge`` says it otherwise."""
    back = paid.refund
    return {
        "reference": f"{paid.ticket}:fare",
        "order": None,
        "ticket": paid.ticket,
        "booking_code": paid.booking_code,
        "charge": charge or (NOT_FLOWN if paid.owed_for else GIVEN_BACK),
        "payment": None,
        "amount": back.amount if back else paid.amount,
        "currency": paid.currency,
        "payments": [{"id": paid.ticket, "amount": paid.amount, "method": paid.method}],
        "parts": [{"payment": paid.ticket, "amount": paid.amount, "method": paid.method}],
        "methods": [paid.method],
        "placed_on": paid.flown_on.isoformat(),
        "flight": paid.flight,
        "origin": paid.origin,
        "destination": paid.destination,
        "flown_on": paid.flown_on.isoformat(),
        "is_paid": True,
        "owed_for": paid.owed_for,
        "law": paid.law,
        "is_refundable": paid.is_refundable,
        "is_third_party": False,
        "refunded_on": None,
        **(_went_back(back) if back else {}),
    }


def thing_of(facts: Facts) -> str:
    """Give the number of the order or ticket that a charge belongs to."""
    return str(facts["order"] or facts["ticket"])


def asked(facts: Facts, today: date) -> Facts:
    """Say on which day a charge is asked back: windows are those of that day, also when a person approves later."""
    return facts | {"asked_on": today.isoformat()}


def _all_pieces(lines: Iterable[Item], *, left: bool = True) -> list[dict[str, Any]]:
    return [_piece(item, count) for item in lines if (count := item.left if left else item.quantity)]


def _of(order: Order, counts: Mapping[int, int]) -> Iterator[Item]:
    return (item for item in order.lines if counts.get(item.position))


def _piece(item: Item, count: int) -> dict[str, Any]:
    first = item.returned + 1
    return {"item": item.position, "first": first, "count": count, "name": item.name, "names": dict(item.names)}


def _piece_name(piece: Mapping[str, Any]) -> str:
    first, last = piece["first"], piece["first"] + piece["count"] - 1
    return f"{piece['item']}.{first}" + (f"-{last}" if last > first else "")


def _pieces_back(order: Order, charge: str, name: str, amount: int, pieces: list[dict[str, Any]]) -> Facts:
    """Give a charge for pieces; where none is left, it is the last that went back."""
    facts = _facts(order, charge, amount, _oldest(order, amount)) | {"reference": f"{order.id}:{name}"}
    last = next((refund for refund in reversed(order.refunds) if refund.charge.startswith(_GOODS)), None)
    gone = _went_back(last) | {"amount": last.amount} if last and not amount else {}
    return {**facts, "pieces": pieces, **gone}


def _returned(order: Order, refund: Refund) -> Facts:
    payments = [payment for payment in order.payments if payment.id == refund.charge]
    return _facts(order, PAYMENT if payments else DELIVERY, refund.amount, payments) | _went_back(refund)


def _went_back(refund: Refund) -> Facts:
    return {
        "refunded_on": refund.refunded_at.date().isoformat(),
        "refund_reference": refund.reference,
        "methods": list(refund.methods),
    }


def _oldest(order: Order, amount: int) -> Iterator[Payment]:
    for payment in order.payments:
        if amount > 0 and payment.amount > payment.refunded:
            yield payment
        amount -= payment.amount - payment.refunded


def _facts(order: Order, charge: str, amount: int, payments: Iterable[Payment]) -> Facts:
    back_to = list(payments)
    payment = back_to[0].id if charge == PAYMENT else None
    return {
        "reference": f"{order.id}:{payment or charge}",
        "order": order.id,
        "ticket": None,
        "charge": charge,
        "payment": payment,
        "amount": amount,
        "currency": order.currency,
        "goods": order.goods,
        "delivery": order.delivery,
        "times": order.delivery // order.goods if order.goods and charge == DELIVERY else None,
        "total": order.total,
        "paid": order.paid,
        "is_paid": order.paid >= order.total,
        "payments": [{"id": one.id, "amount": one.amount, "method": one.method} for one in order.payments],
        "parts": list(_parts(back_to, amount)),
        "methods": [one.method for one in back_to],
        "placed_on": order.placed_on.isoformat(),
        "promised_on": order.promised_on.isoformat(),
        "delivered_on": order.delivered_on.isoformat() if order.delivered_on else None,
        "flight": None,
        "refunded_on": None,
        "seller": order.seller,
        "is_third_party": order.is_third_party,
    }


def _parts(payments: Iterable[Payment], amount: int) -> Iterator[dict[str, Any]]:
    for payment in payments:
        part = min(amount, payment.amount - payment.refunded)
        if part > 0:
            amount -= part
            yield {"payment": payment.id, "amount": part, "method": payment.method}
