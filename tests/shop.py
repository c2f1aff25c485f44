"""Sells things in the demo company's shop, so that a test has the orders that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from relevo.store.aurora.demo import ZONE
from relevo.store.pool import Database

CARD = "card ending 0001"


async def sell(
    database: Database,
    ref: str,
    order: str,
    *,
    goods: int,
    delivery: int = 0,
    payments: Sequence[int] | None = None,
) -> None:
    """Put an order into a person's file; paid in one go unless payments are given, oldest first."""
    paid = [goods + delivery] if payments is None else payments
    await database.run(
        "INSERT INTO aurora_orders (id, person_ref, placed_on, seller, is_third_party, delivery, currency, status)"
        " VALUES (%s, %s, %s, 'Aurora Shop', false, %s, 'EUR', 'delivered')",
        (order, ref, datetime.now(ZONE).date() - timedelta(days=3), delivery),
    )
    await database.run(
        "INSERT INTO aurora_items (order_id, position, name, quantity, unit_price) VALUES (%s, 1, 'Thing', 1, %s)",
        (order, goods),
    )
    for place, amount in enumerate(paid, 1):
        await database.run(
            "INSERT INTO aurora_payments (id, order_id, position, amount, method) VALUES (%s, %s, %s, %s, %s)",
            (f"{order}/{place}", order, place, amount, CARD),
        )
