"""Reads when people are there: shifts, holidays, and the time zone that they are in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec.structs import replace
from yaml.nodes import MappingNode

from relevo.configuration.documents import Spot
from relevo.domain.calendar import DAYS, Calendar, Shift


def read_calendar(parts: Mapping[str, Spot], usual: Calendar) -> Calendar | None:
    """Read hours of one's own, with what they do not say as everybody has it; None where nothing is said."""
    calendar = usual
    if "hours" in parts:
        calendar = replace(calendar, shifts=read_shifts(parts["hours"]))
    if "holidays" in parts:
        calendar = replace(calendar, holidays=read_holidays(parts["holidays"]))
    if zone := read_zone(parts.get("timezone")):
        calendar = replace(calendar, timezone=zone)
    return None if calendar is usual else calendar


def read_shifts(spot: Spot) -> tuple[Shift, ...]:
    """Read opening hours by days, several a day between commas; what is wrong is noted and left out."""
    found = spot.fields(is_open=True)
    if not found and isinstance(spot.node, MappingNode):
        spot.wrong('{name} must hold one line at least, such as mon-fri: "08:00-22:00".', name=spot.name)
    return tuple(shift for days, hours in found.items() for shift in _shifts(days, hours))


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
        spot.wrong("'{name}' is no known time zone; write it like Europe/Madrid.", name=name)
        return None
    return name


def _shifts(days: str, hours: Spot) -> list[Shift]:
    text = hours.text() or ""
    try:
        return [_shift(days, times) for times in text.split(",")]
    except ValueError:
        pattern = "'{days}: {text}' must be written like mon-fri: \"08:00-22:00\", with days {known}."
        hours.wrong(pattern, days=days, text=text, known=", ".join(DAYS))
        return []


def _shift(days: str, times: str) -> Shift:
    first, _, last = days.partition("-")
    opens, _, closes = times.partition("-")
    shift = Shift(first=first, last=last or first, opens=_clock(opens), closes=_clock(closes))
    if DAYS.index(shift.first) > DAYS.index(shift.last) or shift.opens >= shift.closes:
        raise ValueError
    return shift


def _holiday(spot: Spot) -> date | None:
    text = spot.text() or ""
    try:
        return date.fromisoformat(text)
    except ValueError:
        spot.wrong("'{text}' must be a day in quotes, written like \"2026-12-25\".", text=text)
        return None


def _clock(text: str) -> time:
    return time.max if text.strip() == "24:00" else time.fromisoformat(text.strip())
