"""Puts customers for a bench into the demo company's tables, each with a loyalty account and one uncredited ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from bench.kit.conversations import Customer

POINTS_BEFORE = 1000
POINTS_DUE = 5640

_PERSON = """
INSERT INTO aurora_people (ref, given_names, surnames, email, phone, language, loyalty_number, points)
VALUES (%s, 'Amina Sol', 'Vega Ruiz', %s, '+34600999999', 'es', %s, %s)
"""
_TICKET = """
INSERT INTO aurora_tickets (number, booking_code, person_ref, name, flight, flown_on, origin, destination, was_flown,
    points_due) VALUES (%s, %s, %s, 'VEGA/AMINA', 'AU0702', current_date - 41, 'MAD', 'DXB', true, %s)
"""
# Otherwise the next start would load the demo anew, and these customers would be gone.
_TOUCH = "UPDATE aurora_state SET is_touched = true"
_CREDITS = """
SELECT p.ref, p.points, (SELECT count(*) FROM aurora_ledger l WHERE l.workspace_id = 1 AND l.person_ref = p.ref),
    (SELECT count(*) FROM aurora_tickets t
        WHERE t.workspace_id = 1 AND t.person_ref = p.ref AND t.credited_at IS NOT NULL),
    (SELECT count(*) FROM effects e WHERE e.workspace_id = 1 AND e.business_ref = p.ref AND e.state = 'done')
FROM aurora_people p WHERE p.workspace_id = 1 AND p.ref = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Credits:
    """What the demo company did for one customer, by three records that must agree."""

    points_added: int
    ledger_rows: int
    tickets_credited: int
    effects_done: int

    @property
    def times(self) -> int:
        """How often the customer got the points, by whichever record says most."""
        return max(-(-self.points_added // POINTS_DUE), self.ledger_rows, self.tickets_credited, self.effects_done)

    @property
    def is_missing(self) -> bool:
        """Whether any record lacks it."""
        return min(self.points_added, self.ledger_rows, self.tickets_credited, self.effects_done) < 1


def add_customers(dsn: str, customers: Sequence[Customer]) -> None:
    """Put customers into the demo."""
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(_PERSON, [(c.ref, c.email, c.loyalty_number, POINTS_BEFORE) for c in customers])
        cursor.executemany(_TICKET, [(c.ticket, c.booking_code, c.ref, POINTS_DUE) for c in customers])
        cursor.execute(_TOUCH)


def credits_of(connection: psycopg.Connection[Any], customers: Sequence[Customer]) -> dict[str, Credits]:
    """Give what was credited to each customer, by their reference."""
    rows = connection.execute(_CREDITS, ([c.ref for c in customers],)).fetchall()
    return {ref: Credits(points - POINTS_BEFORE, ledger, tickets, done) for ref, points, ledger, tickets, done in rows}
