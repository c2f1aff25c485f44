"""The demo company's accounts of points, and until when they are kept: so many months after the last flight."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

from relevo.contracts.records import Membership
from relevo.store.aurora.demo import demo_data
from relevo.store.pool import Connection

_READ = """
SELECT p.points, (SELECT max(t.flown_on) FROM aurora_tickets t
    WHERE t.workspace_id = 1 AND t.person_ref = p.ref AND t.was_flown)
FROM aurora_people p WHERE p.workspace_id = 1 AND p.ref = %s AND p.points IS NOT NULL
"""


async def read_memberships(connection: Connection, ref: str) -> list[Membership]:
    """Give a person's account, or none."""
    return [_membership(*row) for row in await (await connection.execute(_READ, (ref,))).fetchall()]


def _membership(points: int, last_flown_on: date | None) -> Membership:
    club: dict[str, Any] = demo_data()["club"]
    months = int(club["expiry_months"])
    return Membership(
        points=points,
        last_flown_on=last_flown_on,
        expires_on=_after(last_flown_on, months) if last_flown_on else None,
        months=months,
        terms=str(club["terms"]),
    )


def _after(day: date, months: int) -> date:
    """Give the same day so many months later, or the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
