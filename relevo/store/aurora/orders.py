"""The demo company's shop: what was ordered, what was paid for it, and what went back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relevo.contracts.records import Item, Order, Payment, Refund
from relevo.store.aurora.demo import ZONE
from relevo.store.pool import Connection

# Where nothing was promised, thirty days: Directive 2011/83/EU, Art. 18(1).
_ORDERS = """
SELECT o.id, o.placed_on, o.delivered_on, o.seller, o.is_third_party, o.delivery, o.currency,
    coalesce(o.promised_on, o.placed_on + 30),
    (SELECT coalesce(json_agg(json_build_object('position', i.position, 'name', i.name, 'quantity', i.quantity,
        'unit_price', i.unit_price, 'returned', i.returned, 'names', coalesce(i.names, '{}'))
        ORDER BY i.position), '[]')
        FROM aurora_items i WHERE i.workspace_id = 1 AND i.order_id = o.id),
    (SELECT coalesce(json_agg(json_build_object('id', p.id, 'amount', p.amount, 'method', p.method,
        'refunded', p.refunded) ORDER BY p.position), '[]')
        FROM aurora_payments p WHERE p.workspace_id = 1 AND p.order_id = o.id),
    o.status
FROM aurora_orders o
WHERE o.workspace_id = 1 AND o.person_ref = %(ref)s AND (%(order)s::text IS NULL OR o.id = %(order)s)
ORDER BY o.placed_on DESC, o.id
"""
_REFUNDS = """
SELECT f.order_id, f.charge, f.amount, f.number, f.parts, f.done_at, f.has_delivery
FROM aurora_refunds f JOIN aurora_orders o ON o.workspace_id = 1 AND o.id = f.order_id
WHERE f.workspace_id = 1 AND o.person_ref = %(ref)s ORDER BY f.number
"""


async def read_orders(connection: Connection, ref: str, order_id: str | None = None) -> list[Order]:
    """Give a person's orders, newest first, or the one that is named."""
    values = {"ref": ref, "order": order_id}
    found = await (await connection.execute(_ORDERS, values)).fetchall()
    refunds = await (await connection.execute(_REFUNDS, values)).fetchall()
    return [_order(row, [refund_of(refund[1:]) for refund in refunds if refund[0] == row[0]]) for row in found]


def refund_of(row: Sequence[Any]) -> Refund:
    """Make a refund of charge, amount, number, parts, moment, and whether the delivery went with it."""
    charge, amount, number, parts, done_at, has_delivery = row
    return Refund(
        charge=charge,
        amount=amount,
        reference=reference_of(number),
        methods=methods_of(parts),
        refunded_at=done_at.astimezone(ZONE),
        has_delivery=has_delivery,
    )


def reference_of(number: int) -> str:
    """Write a refund's number as people see it."""
    return f"RF-{number}"


def methods_of(parts: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Give the means to which the parts of a refund went."""
    return tuple(part["method"] for part in parts)


def _order(row: Sequence[Any], refunds: Sequence[Refund]) -> Order:
    lines = tuple(Item(**item) for item in row[8])
    return Order(
        id=row[0],
        placed_on=row[1],
        delivered_on=row[2],
        seller=row[3],
        is_third_party=row[4],
        delivery=row[5],
        currency=row[6],
        promised_on=row[7],
        items=tuple(item.name for item in lines),
        goods=sum(item.quantity * item.unit_price for item in lines),
        lines=lines,
        payments=tuple(Payment(**payment) for payment in row[9]),
        refunds=tuple(refunds),
        status=row[10],
    )
