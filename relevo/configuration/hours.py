"""Reads when people are there: shifts, holidays, and the time zone that they are in."""

from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from relevo.configuration.documents import Spot
from relevo.domain.calendar import DAYS, Shift


def read_shifts(spot: Spot) -> tuple[Shift, ...]:
    """Read opening hours by days; what is wrong is noted and left out."""
    shifts = [_shift(days, hours) for days, hours in spot.fields(is_open=True).items()]
    return tuple(shift for shift in shifts if shift)


def read_holidays(spot: Spot) -> frozenset[date]:
    """Read days on which nobody is there."""
    days = [_holiday(day) for day in spot.items()]
    return frozenset(day for day in days if day)


def read_zone(spot: Spot | None) -> str | None:
    """Read a time zone."""
    name = spot.text() if spot else None
    if spot is None or name is None:
        return None
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        spot.wrong(f"'{name}' is no known time zone; write it like Europe/Madrid.")
        return None
    return name


def _shift(days: str, hours: Spot) -> Shift | None:
    first, _, last = days.partition("-")
    text = hours.text() or ""
    opens, _, closes = text.partition("-")
    try:
        shift = Shift(first=first, last=last or first, opens=_clock(opens), closes=_clock(closes))
        if DAYS.index(shift.first) > DAYS.index(shift.last) or shift.opens >= shift.closes:
            raise ValueError
    except ValueError:
        hours.wrong(f"'{days}: {text}' must be written like mon-fri: \"08:00-22:00\", with days {', '.join(DAYS)}.")
        return None
    return shift


def _holiday(spot: Spot) -> date | None:
    text = spot.text() or ""
    try:
        return date.fromisoformat(text)
    except ValueError:
        spot.wrong(f"'{text}' must be a day in quotes, written like \"2026-12-25\".")
        return None


def _clock(text: str) -> time:
    return time.max if text.strip() == "24:00" else time.fromisoformat(text.strip())
