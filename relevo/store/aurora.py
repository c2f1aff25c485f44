"""The demo company as a business: its people, tickets and points, in our own database; its orders in aurora_orders.py,
its subscriptions in aurora_subscriptions.py.

    carry_out: ledger row for the key ─► ticket marked ─► points added ─► result kept     (one transaction)
                    └─ the key is there already: its result, nothing done

A database that is gone raises Unavailable here too: it is the one that everything else needs, and the whole turn is
tried again.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from relevo.contracts.business import Order, Person, Subscription, Trip
from relevo.domain.effects import EffectOrder
from relevo.domain.names import explains
from relevo.errors import Conflict, NotFound
from relevo.store.aurora_demo import (
    ZONE,
    demo_items,
    demo_orders,
    demo_payments,
    demo_people,
    demo_subscriptions,
    demo_tickets,
)
from relevo.store.aurora_orders import pay_back, read_orders
from relevo.store.aurora_subscriptions import cancel, read_subscriptions
from relevo.store.pool import Connection, Database

_LOCK = 0x4155524F5241
_PEOPLE = "ref, given_names, surnames, email, language, loyalty_number, points"
_TRIPS = "number, booking_code, name, flight, flown_on, origin, destination, was_flown, points_due, credited_at"
_FIND = """
SELECT ref, given_names, surnames, phone FROM aurora_people p
WHERE workspace_id = 1
AND (%(loyalty_number)s::text IS NULL OR loyalty_number = %(loyalty_number)s)
AND (%(email)s::text IS NULL OR lower(email) = %(email)s)
AND (%(booking_code)s::text IS NULL OR EXISTS (SELECT FROM aurora_tickets t
    WHERE t.workspace_id = 1 AND t.person_ref = p.ref AND t.booking_code = %(booking_code)s))
AND (%(ticket)s::text IS NULL OR EXISTS (SELECT FROM aurora_tickets t
    WHERE t.workspace_id = 1 AND t.person_ref = p.ref AND t.number = %(ticket)s))
AND (%(order)s::text IS NULL OR EXISTS (SELECT FROM aurora_orders o
    WHERE o.workspace_id = 1 AND o.person_ref = p.ref AND o.id = %(order)s))
"""
_IN_SQL = ("loyalty_number", "email", "booking_code", "ticket", "order")
# A key that is still recorded as done would answer "done" from memory, and nothing would be credited.
_FORGET_EFFECTS = """
DELETE FROM effects
WHERE workspace_id = 1 AND business_ref IN (SELECT ref FROM aurora_people WHERE workspace_id = 1)
"""


class Aurora:
    """The demo company's systems; see contracts.business.Business."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, anchor: datetime) -> bool:
        """Fill the demo with dates counted from a moment, unless something was done in it; tell whether it was."""
        return await self._fill(anchor, even_if_touched=False)

    async def reset(self, anchor: datetime) -> None:
        """Fill the demo afresh and forget what was done in it."""
        await self._fill(anchor, even_if_touched=True)

    async def identify(self, facts: Mapping[str, str]) -> str | None:
        """Give the one person whom all these facts describe, or None."""
        given = {kind: value for kind, value in facts.items() if value}
        if not given or given.keys() - {*_IN_SQL, "name", "phone"}:
            return None
        values = {kind: given.get(kind) for kind in _IN_SQL} | {"email": given.get("email", "").lower() or None}
        found = [row for row in await self._database.rows(_FIND, values) if _is_described(row, given)]
        return str(found[0][0]) if len(found) == 1 else None

    async def person(self, ref: str) -> Person:
        """Give a person by reference; raises NotFound."""
        found = await self._database.rows(
            f"SELECT {_PEOPLE} FROM aurora_people WHERE workspace_id = 1 AND ref = %s", (ref,)
        )
        if not found:
            raise NotFound("Nobody has this reference.")
        names = ("ref", "given_names", "surnames", "email", "language", "loyalty_number", "points")
        return Person(**dict(zip(names, found[0], strict=True)))

    async def trips(self, ref: str) -> Sequence[Trip]:
        """Give a person's tickets, newest flight first; when they were credited is in the company's time zone."""
        found = await self._database.rows(
            f"SELECT {_TRIPS} FROM aurora_tickets WHERE workspace_id = 1 AND person_ref = %s"
            " ORDER BY flown_on DESC, number",
            (ref,),
        )
        return [_trip(row) for row in found]

    async def orders(self, ref: str) -> Sequence[Order]:
        """Give a person's orders, newest first."""
        async with self._database.connection() as connection:
            return await read_orders(connection, ref)

    async def subscriptions(self, ref: str) -> Sequence[Subscription]:
        """Give a person's subscriptions, by number."""
        async with self._database.connection() as connection:
            return await read_subscriptions(connection, ref)

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        """Credit a ticket's points, pay a charge back or cancel a subscription, once for each key.

        Raises Conflict when the ticket, order or subscription is not theirs, or when it is not worth, does not owe or
        does not end as asked.
        """
        if order.kind not in _DEEDS:
            raise Conflict(f"Aurora does not know how to do '{order.kind}'.", code="unknown_effect")
        async with self._database.connection() as connection, connection.transaction():
            done = await _DEEDS[order.kind](connection, order)
            await connection.execute(_TOUCH)
            return done

    async def _fill(self, anchor: datetime, *, even_if_touched: bool) -> bool:
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            cursor = await connection.execute("SELECT is_touched, anchored_at FROM aurora_state WHERE workspace_id = 1")
            state = await cursor.fetchone()
            if state and state[0] and not even_if_touched:
                await _add_missing(connection, state[1])
                return False
            if even_if_touched:
                await connection.execute(_FORGET_EFFECTS)
            await _replace(connection, anchor)
            return True


async def _replace(connection: Connection, anchor: datetime) -> None:
    for table in ("ledger", "subscriptions", "refunds", "payments", "items", "orders", "tickets", "people", "state"):
        await connection.execute(f"DELETE FROM aurora_{table} WHERE workspace_id = 1")
    await connection.execute("INSERT INTO aurora_state (anchored_at) VALUES (%s)", (anchor,))
    await _insert(connection, "people", demo_people())
    await _insert(connection, "tickets", demo_tickets(anchor))
    await _insert_orders(connection, anchor)
    await _insert(connection, "subscriptions", demo_subscriptions(anchor))


async def _add_missing(connection: Connection, anchor: datetime) -> None:
    """Give orders and subscriptions to a demo that was changed before the demo had any."""
    if not (await connection.execute("SELECT FROM aurora_orders WHERE workspace_id = 1 LIMIT 1")).rowcount:
        await _insert_orders(connection, anchor)
    if not (await connection.execute("SELECT FROM aurora_subscriptions WHERE workspace_id = 1 LIMIT 1")).rowcount:
        await _insert(connection, "subscriptions", demo_subscriptions(anchor))


async def _insert_orders(connection: Connection, anchor: datetime) -> None:
    await _insert(connection, "orders", demo_orders(anchor))
    await _insert(connection, "items", demo_items())
    await _insert(connection, "payments", demo_payments())


async def _insert(connection: Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(rows[0])
    marks = ", ".join(f"%({column})s" for column in columns)
    statement = f"INSERT INTO aurora_{table} ({', '.join(columns)}) VALUES ({marks})"
    async with connection.cursor() as cursor:
        await cursor.executemany(statement, rows)


async def _credit(connection: Connection, order: EffectOrder) -> Mapping[str, Any]:
    ticket, points = str(order.arguments["ticket"]), int(order.arguments["points"])
    values = {"key": order.key, "ref": order.business_ref, "ticket": ticket, "points": points}
    if not await _is_first(connection, values):
        return await _result_of(connection, values)
    marked = await connection.execute(
        "UPDATE aurora_tickets SET credited_at = now() WHERE workspace_id = 1 AND number = %(ticket)s"
        " AND person_ref = %(ref)s AND was_flown AND credited_at IS NULL AND points_due = %(points)s",
        values,
    )
    if not marked.rowcount:
        raise await _refusal(connection, values)
    await connection.execute(_ADD_POINTS, values)
    return await _result_of(connection, values)


_DEEDS: Mapping[str, Callable[[Connection, EffectOrder], Awaitable[Mapping[str, Any]]]] = {
    "credit_points": _credit,
    "refund": pay_back,
    "cancel_subscription": cancel,
}
_TOUCH = "UPDATE aurora_state SET is_touched = true WHERE workspace_id = 1 AND NOT is_touched"
_ADD_POINTS = """
WITH richer AS (
    UPDATE aurora_people SET points = points + %(points)s WHERE workspace_id = 1 AND ref = %(ref)s RETURNING points
)
UPDATE aurora_ledger SET balance = (SELECT points FROM richer) WHERE workspace_id = 1 AND key = %(key)s
"""


async def _is_first(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Claim the key; waits while another transaction has it, and is not the first once that one has committed."""
    cursor = await connection.execute(
        "INSERT INTO aurora_ledger (key, person_ref, ticket, points)"
        " SELECT %(key)s, %(ref)s, number, %(points)s FROM aurora_tickets"
        " WHERE workspace_id = 1 AND number = %(ticket)s ON CONFLICT DO NOTHING",
        values,
    )
    if cursor.rowcount:
        return True
    known = await connection.execute("SELECT FROM aurora_ledger WHERE workspace_id = 1 AND key = %(key)s", values)
    if not known.rowcount:
        raise await _refusal(connection, values)
    return False


async def _result_of(connection: Connection, values: Mapping[str, Any]) -> Mapping[str, Any]:
    cursor = await connection.execute(
        "SELECT ticket, points, balance FROM aurora_ledger"
        " WHERE workspace_id = 1 AND key = %(key)s AND person_ref = %(ref)s",
        values,
    )
    row = await cursor.fetchone()
    if row is None:
        raise await _refusal(connection, values)
    return {"ticket": row[0], "points": row[1], "balance": row[2]}


async def _refusal(connection: Connection, values: Mapping[str, Any]) -> Conflict:
    cursor = await connection.execute(
        "SELECT credited_at FROM aurora_tickets"
        " WHERE workspace_id = 1 AND number = %(ticket)s AND person_ref = %(ref)s",
        values,
    )
    row = await cursor.fetchone()
    if row is None:
        return Conflict("This person has no such ticket.", code="points.unknown_ticket")
    if row[0] is not None:
        return Conflict("The ticket's points were credited already.", code="points.already_credited")
    return Conflict("The ticket is not worth these points.", code="points.not_due")


def _is_described(row: tuple[Any, ...], facts: Mapping[str, str]) -> bool:
    _, given_names, surnames, phone = row
    if "name" in facts and not explains(facts["name"], given_names, surnames):
        return False
    return "phone" not in facts or _is_same_phone(facts["phone"], phone)


def _is_same_phone(said: str, on_file: str) -> bool:
    """Compare digits; a number without its country's prefix is the same."""
    digits, filed = re.sub(r"\D", "", said), re.sub(r"\D", "", on_file)
    return digits == filed or (len(digits) >= 9 and not said.startswith("+") and filed.endswith(digits.lstrip("0")))


def _trip(row: tuple[Any, ...]) -> Trip:
    names = ("ticket", "booking_code", "name", "flight", "flown_on", "origin", "destination", "was_flown", "points_due")
    credited_at = row[-1].astimezone(ZONE) if row[-1] else None
    return Trip(**dict(zip(names, row[:-1], strict=True)), credited_at=credited_at)
