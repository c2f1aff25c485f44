"""What an order was charged with that could go back: its delivery, payments above the total, what went back already.

What is above the total is taken from the newest payment on, so that what goes back sums to it exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from relevo.contracts.records import DELIVERY, Order, Payment, Refund

PAYMENT = "payment"
NONE = "none"
"""Stands for an order as a whole, where nothing stands out in it."""

Facts = dict[str, Any]
"""What the policy is asked about one charge; also the effect's arguments, and so plain data."""


def charges(order: Order) -> list[Facts]:
    """Give every charge of an order that the rules may be asked about; what went back already stands first.

    The newest of several payments is asked about even where nothing is above the total: so the rule says no.
    """
    returned = {refund.charge: refund for refund in order.refunds}
    found = [_returned(order, refund) for refund in order.refunds]
    if order.delivery and DELIVERY not in returned:
        found.append(_facts(order, DELIVERY, order.delivery, _oldest(order, order.delivery)))
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
    return _facts(order, NONE, 0, ())


def _returned(order: Order, refund: Refund) -> Facts:
    payments = [payment for payment in order.payments if payment.id == refund.charge]
    return _facts(order, PAYMENT if payments else DELIVERY, refund.amount, payments) | {
        "refunded_on": refund.refunded_at.date().isoformat(),
        "refund_reference": refund.reference,
        "methods": list(refund.methods),
    }


def _oldest(order: Order, amount: int) -> Iterable[Payment]:
    for payment in order.payments:
        if amount > 0:
            yield payment
        amount -= payment.amount


def _facts(order: Order, charge: str, amount: int, payments: Iterable[Payment]) -> Facts:
    back_to = list(payments)
    payment = back_to[0].id if charge == PAYMENT else None
    return {
        "reference": f"{order.id}:{payment or charge}",
        "order": order.id,
        "charge": charge,
        "payment": payment,
        "amount": amount,
        "currency": order.currency,
        "goods": order.goods,
        "delivery": order.delivery,
        "times": order.delivery // order.goods if order.goods else None,
        "total": order.total,
        "paid": order.paid,
        "is_paid": order.paid >= order.total,
        "payments": [{"id": one.id, "amount": one.amount, "method": one.method} for one in order.payments],
        "methods": [one.method for one in back_to],
        "placed_on": order.placed_on.isoformat(),
        "refunded_on": None,
        "seller": order.seller,
        "is_third_party": order.is_third_party,
    }
