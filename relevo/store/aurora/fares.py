"""The demo company's fares: what was paid for each ticket, and whether it went back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relevo.contracts.records import Fare
from relevo.store.aurora.orders import refund_of
from relevo.store.pool import Connection

_COLUMNS = (
    "ticket", "booking_code", "flight", "flown_on", "origin", "destination", "was_flown", "is_refundable", "amount",
    "currency", "method"
)  # fmt: skip
_FARES = """
SELECT t.number, t.booking_code, t.flight, t.flown_on, t.origin, t.destination, t.was_flown,
    t.is_refundable, t.fare, t.fare_currency, t.paid_with,
    f.charge, f.amount, f.number, f.parts, f.done_at, f.has_delivery
FROM aurora_tickets t LEFT JOIN aurora_refunds f ON f.workspace_id = 1 AND f.ticket = t.number
WHERE t.workspace_id = 1 AND t.person_ref = %(ref)s AND t.fare IS NOT NULL
    AND (%(ticket)s::text IS NULL OR t.number = %(ticket)s)
ORDER BY t.flown_on, t.number
"""


_GOES_BACK = """
SELECT NOT t.was_flown AND coalesce(d.rerouting, '') <> 'taken' AND (
    t.is_refundable OR f.cancelled_by = 'carrier' OR d.denied_boarding IN ('involuntary', 'voluntary')
    OR f.departure_delay_minutes > 0)
FROM aurora_tickets t
LEFT JOIN aurora_flights f ON f.workspace_id = 1 AND f.number = t.flight AND f.flown_on = t.flown_on
LEFT JOIN aurora_disruptions d ON d.workspace_id = 1 AND d.ticket = t.number
WHERE t.workspace_id = 1 AND t.number = %(ticket)s
"""


async def may_go_back(connection: Connection, ticket: str) -> bool:
    """Tell whether there is any reason for which a ticket's fare goes back: its own terms, or how its flight went."""
    found = await (await connection.execute(_GOES_BACK, {"ticket": ticket})).fetchone()
    return bool(found and found[0])


async def read_fares(connection: Connection, ref: str, ticket: str | None = None) -> list[Fare]:
    """Give what a person paid for tickets, earliest flight first, or for the one that is named."""
    found = await (await connection.execute(_FARES, {"ref": ref, "ticket": ticket})).fetchall()
    return [_fare(row) for row in found]


def _fare(row: Sequence[Any]) -> Fare:
    values, refund = row[: len(_COLUMNS)], row[len(_COLUMNS) :]
    return Fare(**dict(zip(_COLUMNS, values, strict=True)), refund=refund_of(refund) if refund[0] else None)
