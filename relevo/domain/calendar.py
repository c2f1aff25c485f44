"""When people are there: shifts and holidays in the business's time zone, and counting in open hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST_DAYS = 400
"""Whoever does not open within a year does not open at all."""

Stretch = tuple[datetime, datetime]
"""From when until when people are there, in UTC."""


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """Neighbouring days with the same hours, first and last day included."""

    first: str
    last: str
    opens: time
    closes: time

    def holds_on(self, day: date) -> bool:
        """Tell whether a day is one of its days."""
        return DAYS.index(self.first) <= day.weekday() <= DAYS.index(self.last)


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Open hours; holidays are whole days off."""

    shifts: tuple[Shift, ...]
    holidays: frozenset[date] = frozenset()
    timezone: str = "UTC"

    def is_open_at(self, moment: datetime) -> bool:
        """Tell whether people should be there at a moment."""
        return any(start <= moment < end for start, end in self._stretches_of(self._day(moment)))

    def opens_after(self, moment: datetime) -> datetime | None:
        """Give when people are there next, which is the moment itself while they are; None if never within a year."""
        return next((max(start, moment) for start, end in self._stretches(moment) if end > moment), None)

    def after(self, moment: datetime, open_seconds: float) -> datetime:
        """Give when so many open seconds have passed; by the clock alone where it never opens."""
        left = timedelta(seconds=open_seconds)
        for start, end in self._stretches(moment):
            begin = max(start, moment)
            if end <= begin:
                continue
            if begin + left <= end:
                return begin + left
            left -= end - begin
        return moment + timedelta(seconds=open_seconds)

    def open_seconds(self, start: datetime, end: datetime) -> float:
        """Count the open seconds between two moments; none where the second is not later."""
        total = 0.0
        for opens, closes in self._stretches(start):
            if opens >= end:
                break
            total += max(0.0, (min(closes, end) - max(opens, start)).total_seconds())
        return total

    def _stretches(self, moment: datetime) -> Iterator[Stretch]:
        """Give what is open from the day of a moment on, in order."""
        first = self._day(moment)
        for number in range(_LONGEST_DAYS):
            yield from self._stretches_of(first + timedelta(days=number))

    def _stretches_of(self, day: date) -> list[Stretch]:
        """Give a day's open hours in order; shifts that touch or overlap are one."""
        if day in self.holidays:
            return []
        joined: list[Stretch] = []
        for start, end in sorted(self._hours(shift, day) for shift in self.shifts if shift.holds_on(day)):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], end))
            else:
                joined.append((start, end))
        return joined

    def _hours(self, shift: Shift, day: date) -> Stretch:
        return self._moment(day, shift.opens), self._moment(day, shift.closes)

    def _moment(self, day: date, clock: time) -> datetime:
        if clock == time.max:  # "24:00"
            day, clock = day + timedelta(days=1), time.min
        return datetime.combine(day, clock, ZoneInfo(self.timezone)).astimezone(timezone.utc)

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.timezone)).date()


def said_clock(moment: time) -> str:
    """Give a time of day as relevo.yml writes it; a day's end is 24:00."""
    return "24:00" if moment == time.max else f"{moment:%H:%M}"
