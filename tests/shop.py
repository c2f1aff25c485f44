"""Sells things in the demo company's shop, so that a test has the orders that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from relevo.store.aurora.demo import ZONE
from relevo.store.pool import Database

CARD = "card ending 0001"
THINGS = ("Thing", "Gadget", "Widget")
"""What the items of an order are called, in their order."""


@dataclass(kw_only=True)
class Bought:
    """An order of so many pieces at a price each, with what was paid for it, oldest first; days from today."""

    id: str
    items: tuple[tuple[int, int], ...]
    delivery: int
    payments: tuple[int, ...]
    delivered: int | None = None
    """None: on its way."""
    promised: int = 4


@dataclass(kw_only=True)
class Issued:
    """A ticket and what was paid for it; its flight is so many days from today."""

    id: str
    fare: int
    flown: int
    is_cancelled: bool = False
    is_refundable: bool = False


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
    bought = Bought(id=order, items=((goods, 1),), delivery=delivery, payments=tuple(paid))
    await sell_pieces(database, ref, bought, datetime.now(ZONE).date())


async def sell_pieces(database: Database, ref: str, order: Bought, today: date) -> None:
    """Put an order into a person's file, with its days counted from today."""
    placed = min(-3, order.promised - 5, (order.delivered or 0) - 5)
    days = [
        None if after is None else today + timedelta(days=after) for after in (placed, order.promised, order.delivered)
    ]
    await database.run(
        "INSERT INTO aurora_orders (id, person_ref, placed_on, promised_on, delivered_on, seller, is_third_party,"
        " delivery, currency, status) VALUES (%s, %s, %s, %s, %s, 'Aurora Shop', false, %s, 'EUR', 'shipped')",
        (order.id, ref, *days, order.delivery),
    )
    for place, (price, quantity) in enumerate(order.items, 1):
        await database.run(
            "INSERT INTO aurora_items (order_id, position, name, quantity, unit_price) VALUES (%s, %s, %s, %s, %s)",
            (order.id, place, THINGS[place - 1], quantity, price),
        )
    for place, amount in enumerate(order.payments, 1):
        await database.run(
            "INSERT INTO aurora_payments (id, order_id, position, amount, method) VALUES (%s, %s, %s, %s, %s)",
            (f"{order.id}/{place}", order.id, place, amount, CARD),
        )


async def issue(database: Database, ref: str, ticket: Issued, today: date) -> None:
    """Put a ticket into a person's file, with its flight so many days from today."""
    day, flight = today + timedelta(days=ticket.flown), f"AU{ticket.id[-4:]}"
    await database.run(
        "INSERT INTO aurora_tickets (number, booking_code, person_ref, name, flight, flown_on, origin, destination,"
        " was_flown, points_due, fare, fare_currency, paid_with, is_refundable)"
        " VALUES (%s, 'QQQ111', %s, 'DIALLO/AMINA', %s, %s, 'MAD', 'BOG', %s, 0, %s, 'EUR', %s, %s)",
        (
            ticket.id,
            ref,
            flight,
            day,
            ticket.flown < 0 and not ticket.is_cancelled,
            ticket.fare,
            CARD,
            ticket.is_refundable,
        ),
    )
    status = "cancelled" if ticket.is_cancelled else "flown" if ticket.flown < 0 else "scheduled"
    await database.run(
        "INSERT INTO aurora_flights (number, flown_on, origin, destination, origin_country, destination_country,"
        " carrier_country, distance_km, status, departure_delay_minutes, arrival_delay_minutes, cancelled_by)"
        " VALUES (%s, %s, 'MAD', 'BOG', 'ES', 'CO', 'ES', 8030, %s, 0, 0, %s)",
        (flight, day, status, "carrier" if ticket.is_cancelled else None),
    )
