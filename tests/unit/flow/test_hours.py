"""When people are there, as contacts read it."""

from __future__ import annotations

from datetime import date, datetime, time, timezone

import pytest
from msgspec.structs import replace

from relevo.domain.calendar import Calendar, Shift
from relevo.flow.hours import said_hours
from relevo.flow.reception import said_wait

HOURS = Calendar(
    shifts=(Shift(first="mon", last="fri", opens=time(8), closes=time(22)),),
    holidays=frozenset({date(2026, 12, 25)}),
    timezone="Europe/Madrid",
)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ((2026, 5, 4, 4), ", la próxima vez hoy a las 8:00"),
        ((2026, 5, 4, 12), ""),
        ((2026, 5, 4, 21), ", la próxima vez mañana a las 8:00"),
        ((2026, 5, 8, 22), ", la próxima vez el lunes a las 8:00"),
        ((2026, 12, 24, 23), ", la próxima vez el lunes a las 8:00"),
    ],
)
def test_the_next_opening_is_named_while_nobody_should_be_there(moment: tuple[int, int, int, int], said: str) -> None:
    """In the business's own time, holidays left out."""
    now = datetime(*moment, tzinfo=timezone.utc)
    assert said_hours(HOURS, "es", now) == f"de lunes a viernes de 8:00 a 22:00{said}"


def test_a_lunch_break_is_said_with_its_days_once() -> None:
    """Two stretches of the same days."""
    morning = Shift(first="mon", last="fri", opens=time(9), closes=time(14))
    shifts = (morning, replace(morning, opens=time(16), closes=time(19)), replace(morning, first="sat", last="sat"))
    said = "Monday to Friday from 9:00 to 14:00 and from 16:00 to 19:00 and Saturday from 9:00 to 14:00"
    assert said_hours(Calendar(shifts=shifts), "en") == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "I can't tell yet"),
        (40, "less than a minute"),
        (60, "about a minute"),
        (61, "about 2 minutes"),
        (3_601, "more than an hour"),
    ],
)
def test_the_wait_is_said_in_minutes_and_honest_where_nothing_is_known(seconds: int | None, said: str) -> None:
    """Never shorter than it was."""
    assert said in said_wait("en", 2, seconds)
