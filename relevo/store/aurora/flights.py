"""How the demo company's flights went for each ticket, and compensation for those that were late, cancelled or full.

compensate: ticket locked ─► paid already under this key? its result ─► paid under another? refused ─► kept
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.rows import dict_row

from relevo.contracts.records import Compensated, Flight, FlightTimes
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store.aurora.demo import ZONE
from relevo.store.pool import Connection

_READ = """
SELECT t.number AS ticket, t.booking_code, t.flight, f.origin, f.destination, f.status, t.flown_on,
    f.origin_country, f.destination_country, f.carrier_country, f.distance_km, t.was_flown,
    f.departure_delay_minutes, f.arrival_delay_minutes, f.cause, f.was_unavoidable, f.cancelled_by, f.notice_days,
    d.denied_boarding, d.rerouting, coalesce(d.earlier_minutes, 0) AS earlier_minutes,
    coalesce(d.later_minutes, 0) AS later_minutes, coalesce(d.is_overnight, false) AS is_overnight,
    c.amount, c.currency, c.number, c.done_at
FROM aurora_tickets t
JOIN aurora_flights f ON f.workspace_id = 1 AND f.number = t.flight AND f.flown_on = t.flown_on
LEFT JOIN aurora_disruptions d ON d.workspace_id = 1 AND d.ticket = t.number
LEFT JOIN aurora_compensations c ON c.workspace_id = 1 AND c.ticket = t.number
WHERE t.workspace_id = 1 AND t.person_ref = %s ORDER BY t.flown_on DESC, t.number
"""
_TIMES = ("flight", "flown_on", "origin", "destination", "status", "departure_delay_minutes", "arrival_delay_minutes")
_READ_TIMES = """
SELECT number, flown_on, origin, destination, status, departure_delay_minutes, arrival_delay_minutes
FROM aurora_flights WHERE workspace_id = 1 AND number = %s ORDER BY flown_on
"""
_LOCK = """
SELECT flight FROM aurora_tickets WHERE workspace_id = 1 AND number = %(ticket)s AND person_ref = %(ref)s FOR UPDATE
"""
_KNOWN = "SELECT key, amount, currency, number FROM aurora_compensations WHERE workspace_id = 1 AND ticket = %(ticket)s"
_KEEP = """
INSERT INTO aurora_compensations (key, ticket, amount, currency)
VALUES (%(key)s, %(ticket)s, %(amount)s, %(currency)s) RETURNING key, amount, currency, number
"""


async def read_flights(connection: Connection, ref: str) -> list[Flight]:
    """Give how the flights of a person's tickets went, newest first."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        return [_flight(row) for row in await (await cursor.execute(_READ, (ref,))).fetchall()]


async def read_flight_times(connection: Connection, number: str) -> list[FlightTimes]:
    """Give how a flight goes, for each day that it flies, oldest first."""
    found = await (await connection.execute(_READ_TIMES, (number,))).fetchall()
    return [FlightTimes(**dict(zip(_TIMES, row, strict=True))) for row in found]


async def compensate(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Pay compensation for a ticket once; raises Conflict for one that is not theirs, or that was paid for already.

    Its result has ticket, flight, amount, unit and reference.
    """
    values: dict[str, Any] = {
        "key": effect.key,
        "ref": effect.business_ref,
        "ticket": str(effect.arguments["ticket"]),
        "amount": effect.amount or 0,
        "currency": effect.unit,
    }
    ticket = await (await connection.execute(_LOCK, values)).fetchone()
    if ticket is None:
        raise Conflict("This person has no such ticket.", code="flight.unknown_ticket")
    known = await (await connection.execute(_KNOWN, values)).fetchone()
    if known is not None and known[0] != effect.key:
        raise Conflict("This flight was compensated already.", code="flight.already_compensated")
    if known is None and (values["amount"] <= 0 or not effect.unit):
        raise Conflict("A compensation is an amount of money.", code="flight.amount")
    known = known or await (await connection.execute(_KEEP, values)).fetchone()
    assert known is not None
    _, amount, currency, number = known
    return {
        "ticket": values["ticket"],
        "flight": ticket[0],
        "amount": amount,
        "unit": currency,
        "reference": _reference(number),
    }


def _flight(row: dict[str, Any]) -> Flight:
    amount, currency, number, paid_at = (row.pop(name) for name in ("amount", "currency", "number", "done_at"))
    if number is None:
        return Flight(**row)
    paid = Compensated(amount=amount, currency=currency, reference=_reference(number), paid_at=paid_at.astimezone(ZONE))
    return Flight(**row, compensated=paid)


def _reference(number: int) -> str:
    return f"CP-{number}"
