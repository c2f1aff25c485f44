"""Which days somebody means by "last month" or "in October".

People are generous with such words, so the days are too: what is then shown has its dates, and nothing is done
without a yes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

Days = tuple[date, date]
"""First and last day, both included."""


def ranges_of(periods: Iterable[str], today: date) -> list[Days]:
    """Give the days of each of some periods."""
    return [days for period in periods if (days := days_of(period, today))]


def days_of(period: str, today: date) -> Days | None:
    """Give the days of a period as the reference extractor writes it, or None where there is no such day."""
    if period == "last_month":
        before = today.replace(day=1) - timedelta(days=1)
        return min(before.replace(day=1), today - timedelta(days=45)), today
    if period == "this_month":
        return today.replace(day=1), today
    if period in ("last_week", "this_week"):
        return today - timedelta(days=14 if period == "last_week" else 7), today
    match = re.fullmatch(r"on:(?:(\d{4})-)?(\d\d)(?:-(\d\d))?", period)
    return _named_days(match, today) if match else None


def _named_days(match: re.Match[str], today: date) -> Days | None:
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year or today.year, month or 1, day or 1)
        if year is None and first > today + timedelta(days=1):
            first = first.replace(year=today.year - 1)
    except ValueError:
        return None
    if day:
        return first - timedelta(days=1), first + timedelta(days=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
