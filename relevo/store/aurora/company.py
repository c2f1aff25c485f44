"""The demo company's own systems, in our own database: who people are, what they have, and what is done for them.

Each kind of record, and each kind of effect, is a module beside this one; an effect is one transaction.

A database that is gone raises Unavailable here too: it is the one that everything else needs, and the whole turn is
tried again.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from relevo.contracts.business import Person, Record
from relevo.contracts.personal import ERASED
from relevo.contracts.records import (
    Bag,
    BagPayment,
    Fare,
    Flight,
    FlightTimes,
    Membership,
    Order,
    Subscription,
    Trip,
    Voucher,
)
from relevo.domain.effects import EffectOrder
from relevo.domain.names import explains
from relevo.errors import Conflict, NotFound
from relevo.store.aurora.bag_payments import pay, read_payments
from relevo.store.aurora.baggage import bring_to, read_bags, report
from relevo.store.aurora.demo import demo_tables
from relevo.store.aurora.fares import read_fares
from relevo.store.aurora.flights import compensate, read_flight_times, read_flights
from relevo.store.aurora.memberships import read_memberships
from relevo.store.aurora.orders import read_orders
from relevo.store.aurora.people import change_email, change_language, change_name
from relevo.store.aurora.points import credit, credit_first, read_trips
from relevo.store.aurora.refunds import pay_back
from relevo.store.aurora.subscriptions import cancel, read_subscriptions
from relevo.store.aurora.vouchers import issue, read_vouchers
from relevo.store.pool import Connection, Database

_LOCK = 0x4155524F5241
_PEOPLE = "ref, given_names, surnames, email, language, loyalty_number, points"
_PERSON = f"SELECT {_PEOPLE} FROM aurora_people WHERE workspace_id = 1 AND ref = %s"
_FIND = "SELECT ref, given_names, surnames, phone FROM aurora_people p WHERE workspace_id = 1"
_FACTS = {
    "loyalty_number": "loyalty_number = %(loyalty_number)s",
    "email": "lower(email) = lower(%(email)s)",
    "booking_code": """EXISTS (SELECT FROM aurora_tickets t
        WHERE t.workspace_id = 1 AND t.person_ref = p.ref AND t.booking_code = %(booking_code)s)""",
    "ticket": """EXISTS (SELECT FROM aurora_tickets t
        WHERE t.workspace_id = 1 AND t.person_ref = p.ref AND t.number = %(ticket)s)""",
    "order": """EXISTS (SELECT FROM aurora_orders o
        WHERE o.workspace_id = 1 AND o.person_ref = p.ref AND o.id = %(order)s)""",
}
"""How a fact is looked up; names and telephones are compared here."""
# A key that is still recorded as done would answer "done" from memory, and nothing would be credited.
_FORGET_EFFECTS = f"""
DELETE FROM effects WHERE workspace_id = 1
AND (business_ref = '{ERASED}' OR business_ref IN (SELECT ref FROM aurora_people WHERE workspace_id = 1))
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
        if not given or given.keys() - {*_FACTS, "name", "phone"}:
            return None
        looked_up = " AND ".join([_FIND, *(_FACTS[kind] for kind in _FACTS if kind in given)])
        found = [row for row in (await self._database.quick(looked_up, given)).rows if _is_described(row, given)]
        return str(found[0][0]) if len(found) == 1 else None

    async def person(self, ref: str) -> Person:
        """Give a person by reference; raises NotFound."""
        found = (await self._database.quick(_PERSON, (ref,))).rows
        if not found:
            raise NotFound("Nobody has this reference.")
        names = ("ref", "given_names", "surnames", "email", "language", "loyalty_number", "points")
        return Person(**dict(zip(names, found[0], strict=True)))

    async def records(self, kind: type[Record], ref: str) -> Sequence[Record]:
        """Give all that a person has of a kind."""
        return await _READERS[kind](self._database, ref) if kind in _READERS else ()

    async def public(self, kind: type[Record], number: str) -> Sequence[Record]:
        """Give what anybody may know of a kind by its number."""
        return await _PUBLIC[kind](self._database, number) if kind in _PUBLIC else ()

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        """Do an effect once for each key; raises Conflict where it is not theirs, or not owed as asked."""
        if order.kind not in _DEEDS:
            raise Conflict(f"Aurora does not know how to do '{order.kind}'.", code="unknown_effect")
        return await _DEEDS[order.kind](self._database, order)

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
    done = ("changes", "ledger", "refunds", "compensations", "vouchers", "bag_payments", "bag_addresses")
    for table in (*done, *reversed(demo_tables(anchor)), "state"):
        await connection.execute(f"DELETE FROM aurora_{table} WHERE workspace_id = 1")
    await connection.execute("INSERT INTO aurora_state (anchored_at) VALUES (%s)", (anchor,))
    for table, rows in demo_tables(anchor).items():
        await _insert(connection, table, rows)


async def _add_missing(connection: Connection, anchor: datetime) -> None:
    """Fill what a demo that was changed before had no table or column for yet; a part begins empty, or not at all."""
    for table, rows in demo_tables(anchor).items():
        if not (await connection.execute(f"SELECT FROM aurora_{table} WHERE workspace_id = 1 LIMIT 1")).rowcount:
            await _insert(connection, table, rows)
        elif table in _GROWN:
            await _fill_columns(connection, table, rows)


async def _fill_columns(connection: Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Fill the columns that a table got later; where the newest of them is filled, nothing is touched."""
    keys, columns = _GROWN[table]
    values = ", ".join(f"{column} = %({column})s" for column in columns)
    same = " AND ".join(f"{key} = %({key})s" for key in keys)
    statement = f"UPDATE aurora_{table} SET {values} WHERE workspace_id = 1 AND {same} AND {columns[0]} IS NULL"
    async with connection.cursor() as cursor:
        await cursor.executemany(statement, rows)


async def _insert(connection: Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(rows[0])
    marks = ", ".join(f"%({column})s" for column in columns)
    statement = f"INSERT INTO aurora_{table} ({', '.join(columns)}) VALUES ({marks})"
    async with connection.cursor() as cursor:
        await cursor.executemany(statement, rows)


_Done = Mapping[str, Any]
_TOUCH = "UPDATE aurora_state SET is_touched = true WHERE workspace_id = 1 AND NOT is_touched"


def _in_one(
    deed: Callable[[Connection, EffectOrder], Awaitable[_Done]],
) -> Callable[[Database, EffectOrder], Awaitable[_Done]]:
    """Have a deed be one transaction, in which the demo counts as touched."""

    async def carry_out(database: Database, order: EffectOrder) -> _Done:
        async with database.connection() as connection, connection.transaction():
            done = await deed(connection, order)
            await connection.execute(_TOUCH)
            return done

    return carry_out


async def _credit(database: Database, order: EffectOrder) -> _Done:
    return await credit_first(database, order) or await _in_one(credit)(database, order)


def _lent(
    read: Callable[[Connection, str], Awaitable[Sequence[Any]]],
) -> Callable[[Database, str], Awaitable[Sequence[Any]]]:
    """Have a reader be lent a connection."""

    async def lent(database: Database, key: str) -> Sequence[Any]:
        async with database.connection() as connection:
            return await read(connection, key)

    return lent


_DEEDS: Mapping[str, Callable[[Database, EffectOrder], Awaitable[_Done]]] = {
    "credit_points": _credit,
    "refund": _in_one(pay_back),
    "cancel_subscription": _in_one(cancel),
    "compensate_flight": _in_one(compensate),
    "issue_voucher": _in_one(issue),
    "change_email": _in_one(change_email),
    "change_name": _in_one(change_name),
    "change_language": _in_one(change_language),
    "report_baggage": _in_one(report),
    "change_delivery_address": _in_one(bring_to),
    "pay_essentials": _in_one(pay),
    "pay_damage": _in_one(pay),
}
_READERS: Mapping[type, Callable[[Database, str], Awaitable[Sequence[Any]]]] = {
    Trip: read_trips,
    Order: _lent(read_orders),
    Membership: _lent(read_memberships),
    Voucher: _lent(read_vouchers),
    Fare: _lent(read_fares),
    Subscription: _lent(read_subscriptions),
    Flight: _lent(read_flights),
    Bag: _lent(read_bags),
    BagPayment: _lent(read_payments),
}
_PUBLIC: Mapping[type, Callable[[Database, str], Awaitable[Sequence[Any]]]] = {FlightTimes: _lent(read_flight_times)}
_GROWN: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "tickets": (("number",), ("fare", "fare_currency", "paid_with", "is_refundable")),
    "orders": (("id",), ("promised_on",)),
    "items": (("order_id", "position"), ("names",)),
}
"""Columns that came after their table, with the key by which a row is found; the first one is never empty."""


def _is_described(row: tuple[Any, ...], facts: Mapping[str, str]) -> bool:
    _, given_names, surnames, phone = row
    if "name" in facts and not explains(facts["name"], given_names, surnames):
        return False
    return "phone" not in facts or _is_same_phone(facts["phone"], phone)


def _is_same_phone(said: str, on_file: str) -> bool:
    """Compare digits; a number without its country's prefix is the same."""
    digits, filed = re.sub(r"\D", "", said), re.sub(r"\D", "", on_file)
    return digits == filed or (len(digits) >= 9 and not said.startswith("+") and filed.endswith(digits.lstrip("0")))
