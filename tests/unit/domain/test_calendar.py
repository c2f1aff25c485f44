"""Open hours: shifts, holidays, and the two days a year on which the clock is changed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from relevo.domain.calendar import Calendar, Shift

MADRID = ZoneInfo("Europe/Madrid")
WEEK = Shift(first="mon", last="fri", opens=time(9), closes=time(18))
SATURDAY = Shift(first="sat", last="sat", opens=time(10), closes=time(14))
CALENDAR = Calendar(
    shifts=(WEEK, SATURDAY), holidays=frozenset([date(2026, 12, 25), date(2026, 12, 8)]), timezone="Europe/Madrid"
)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-26T09:00", True),
        ("2026-11-26T08:59", False),
        ("2026-11-26T18:00", False),
        ("2026-11-28T11:00", True),  # a Saturday
        ("2026-11-29T11:00", False),
        ("2026-12-25T11:00", False),  # a Friday, but a holiday
    ],
)
def test_people_are_there_in_their_shifts_and_not_on_holidays(moment: str, is_open: bool) -> None:
    """From the first second to before the last."""
    assert CALENDAR.is_open_at(_at(moment)) is is_open


@pytest.mark.parametrize(
    ("moment", "hours", "due"),
    [
        ("2026-11-26T10:00", 1, "2026-11-26T11:00"),
        ("2026-11-26T17:00", 4, "2026-11-27T12:00"),
        ("2026-11-26T20:00", 1, "2026-11-27T10:00"),
        ("2026-11-27T17:00", 2, "2026-11-28T11:00"),  # into Saturday
        ("2026-11-28T13:00", 2, "2026-11-30T10:00"),  # over Sunday
        ("2026-12-24T17:00", 2, "2026-12-26T11:00"),  # over Christmas
        ("2026-11-26T17:00", 1, "2026-11-26T18:00"),  # to the last second
    ],
)
def test_time_runs_only_while_people_are_there(moment: str, hours: int, due: str) -> None:
    """Adding and counting agree."""
    assert CALENDAR.after(_at(moment), hours * 3600) == _at(due)
    assert CALENDAR.open_seconds(_at(moment), _at(due)) == hours * 3600


def test_a_day_on_which_the_clock_is_changed_has_the_hours_that_pass() -> None:
    """On 2026-10-25 Madrid has the hour after two twice, on 2027-03-28 not at all."""
    always = Calendar(
        shifts=(Shift(first="mon", last="sun", opens=time(0), closes=time.max),), timezone="Europe/Madrid"
    )
    for day, hours in (("2026-10-25", 25), ("2027-03-28", 23), ("2026-11-26", 24)):
        start = _at(f"{day}T00:00")
        end = _at((start.date() + timedelta(days=1)).isoformat() + "T00:00")
        assert always.open_seconds(start, end) == hours * 3600
        assert always.after(start, hours * 3600).astimezone(timezone.utc) == end.astimezone(timezone.utc)


def test_shifts_that_overlap_count_once() -> None:
    """Whoever writes hours twice does not make the day longer."""
    double = Calendar(
        shifts=(WEEK, Shift(first="mon", last="wed", opens=time(17), closes=time(20))), timezone="Europe/Madrid"
    )
    assert double.open_seconds(_at("2026-11-25T00:00"), _at("2026-11-26T00:00")) == 11 * 3600


def test_when_people_are_there_next_is_now_while_they_are() -> None:
    """Else the next morning with a shift."""
    assert CALENDAR.opens_after(_at("2026-11-26T10:00")) == _at("2026-11-26T10:00")
    assert CALENDAR.opens_after(_at("2026-11-28T15:00")) == _at("2026-11-30T09:00")


def test_who_never_opens_keeps_to_the_clock() -> None:
    """Nothing is due never."""
    never = Calendar(shifts=())
    assert never.opens_after(_at("2026-11-26T10:00")) is None
    assert never.after(_at("2026-11-26T10:00"), 60) == _at("2026-11-26T10:01")
    assert never.open_seconds(_at("2026-11-26T10:00"), _at("2026-11-27T10:00")) == 0
