"""Says when people are there and when they are next, in the contact's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from relevo.domain.calendar import DAYS, Calendar, Shift
from relevo.flow.texts import say


def said_hours(calendar: Calendar, language: str | None, now: datetime | None = None) -> str:
    """Give the shifts as a phrase, such as "from Monday to Friday, 8:00 to 22:00".

    With the moment, and where nobody is there at it, the next opening is named.
    """
    days = dict(zip(DAYS, say(language, "days").split(" "), strict=True))
    hours = say(language, "hours_and").join(_shifts(calendar.shifts, days, language))
    opening = said_opening(calendar, language, now) if now else None
    return say(language, "hours_next", hours=hours, opening=opening) if opening else hours


def said_opening(calendar: Calendar, language: str | None, now: datetime) -> str | None:
    """Give when people are there next, such as "tomorrow at 8:00"; None while they should be there, or never are."""
    opens_at = calendar.opens_after(now)
    if opens_at is None or opens_at == now:
        return None
    zone = ZoneInfo(calendar.timezone)
    opens, today = opens_at.astimezone(zone), now.astimezone(zone).date()
    away = (opens.date() - today).days
    clock = _clock(opens.time())
    if away < 2:
        return say(language, "opens_tomorrow" if away else "opens_today", clock=clock)
    if away < 7:
        return say(language, "opens_on_day", day=say(language, "days").split(" ")[opens.weekday()], clock=clock)
    months = say(language, "months").split(" ")
    day = say(language, "date", day=str(opens.day), month=months[opens.month - 1], year=str(opens.year))
    return say(language, "opens_on_date", date=day, clock=clock)


def _shifts(shifts: Sequence[Shift], days: dict[str, str], language: str | None) -> list[str]:
    """Give each shift's phrase; a further stretch of the same days goes with the one before."""
    found: list[str] = []
    for before, shift in zip((None, *shifts), shifts, strict=False):
        if before is not None and (before.first, before.last) == (shift.first, shift.last):
            opens, closes = _clock(shift.opens), _clock(shift.closes)
            found[-1] = say(language, "hours_more", hours=found[-1], opens=opens, closes=closes)
        else:
            found.append(_shift(shift, days, language))
    return found


def _shift(shift: Shift, days: dict[str, str], language: str | None) -> str:
    key = "hours_every_day" if (shift.first, shift.last) == (DAYS[0], DAYS[-1]) else "hours"
    key = "hours_of_day" if shift.first == shift.last else key
    return say(
        language,
        key,
        first=days[shift.first],
        last=days[shift.last],
        opens=_clock(shift.opens),
        closes=_clock(shift.closes),
    )


def _clock(moment: time) -> str:
    return "24:00" if moment == time.max else f"{moment.hour}:{moment.minute:02}"
