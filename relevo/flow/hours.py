"""Says when people are there, in the contact's language."""

from __future__ import annotations

from datetime import time

from relevo.domain.calendar import DAYS, Shift
from relevo.domain.service import Service
from relevo.flow.texts import say


def said_hours(service: Service, language: str | None) -> str:
    """Give the shifts as a phrase, such as "from Monday to Friday, 8:00 to 22:00"."""
    days = dict(zip(DAYS, say(language, "days").split(" "), strict=True))
    return say(language, "hours_and").join(_shift(shift, days, language) for shift in service.shifts)


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
