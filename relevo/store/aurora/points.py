"""The demo company's tickets and the points that they bring.

credit_first: ticket marked ─► points added ─► ledger row for the key, with the result, in one statement
credit:       ledger row for the key ─► ticket marked ─► points added ─► result kept
                  └─ the key is there already: its result, nothing done
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relevo.contracts.records import Trip
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store.aurora.demo import ZONE
from relevo.store.pool import Connection, Database

_TRIPS = """
SELECT number, booking_code, name, flight, flown_on, origin, destination, was_flown, points_due, paid_with,
    credited_at
FROM aurora_tickets WHERE workspace_id = 1 AND person_ref = %s ORDER BY flown_on DESC, number
"""
_ADD_POINTS = """
WITH richer AS (
    UPDATE aurora_people SET points = points + %(points)s WHERE workspace_id = 1 AND ref = %(ref)s RETURNING points
)
UPDATE aurora_ledger SET balance = (SELECT points FROM richer) WHERE workspace_id = 1 AND key = %(key)s
"""
_CREDIT_FIRST = """
WITH marked AS (
    UPDATE aurora_tickets SET credited_at = now() WHERE workspace_id = 1 AND number = %(ticket)s
        AND person_ref = %(ref)s AND was_flown AND credited_at IS NULL AND points_due = %(points)s
        AND NOT EXISTS (SELECT FROM aurora_ledger WHERE workspace_id = 1 AND key = %(key)s)
    RETURNING number
), richer AS (
    UPDATE aurora_people p SET points = points + %(points)s FROM marked
    WHERE p.workspace_id = 1 AND p.ref = %(ref)s RETURNING marked.number, p.points
), touched AS (
    UPDATE aurora_state SET is_touched = true FROM richer WHERE workspace_id = 1 AND NOT is_touched
)
INSERT INTO aurora_ledger (key, person_ref, ticket, points, balance)
SELECT %(key)s, %(ref)s, number, %(points)s, points FROM richer RETURNING ticket, points, balance
"""


async def read_trips(database: Database, ref: str) -> list[Trip]:
    """Give a person's tickets, newest flight first; when they were credited is in the company's time zone."""
    return [_trip(row) for row in (await database.quick(_TRIPS, (ref,))).rows]


async def credit_first(database: Database, order: EffectOrder) -> Mapping[str, Any] | None:
    """Credit points that nothing speaks against, which is nearly always; else do nothing and give None."""
    found = (await database.quick(_CREDIT_FIRST, _values(order))).rows
    return _result(found[0]) if found else None


async def credit(connection: Connection, order: EffectOrder) -> Mapping[str, Any]:
    """Credit a ticket's points once; raises Conflict for one that is not theirs, or is not worth them."""
    values = _values(order)
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
    return _result(row)


def _values(order: EffectOrder) -> Mapping[str, Any]:
    ticket, points = str(order.arguments["ticket"]), int(order.arguments["points"])
    return {"key": order.key, "ref": order.business_ref, "ticket": ticket, "points": points}


def _result(row: Sequence[Any]) -> Mapping[str, Any]:
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


def _trip(row: tuple[Any, ...]) -> Trip:
    names = (
        "ticket", "booking_code", "name", "flight", "flown_on", "origin", "destination", "was_flown", "points_due",
        "paid_with",
    )  # fmt: skip
    credited_at = row[-1].astimezone(ZONE) if row[-1] else None
    return Trip(**dict(zip(names, row[:-1], strict=True)), credited_at=credited_at)
