"""Days told by their distance from today: which count, and which day each is."""

from __future__ import annotations

from datetime import date

import pytest

from relevo.domain.periods import dated
from relevo.nlu.relative_days import relative_days
from relevo.nlu.words import fold

THURSDAY = date(2026, 11, 26)


def _days(text: str) -> list[str]:
    return [day for value, _, _ in relative_days(fold(text)) for day in dated(value, THURSDAY)]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mi vuelo de ayer", ["on:2026-11-25"]),
        ("ayer", ["on:2026-11-25"]),
        ("yesterday's flight", ["on:2026-11-25"]),
        ("we flew the day before yesterday", ["on:2026-11-24"]),
        ("hace cuatro días volé a Lima", ["on:2026-11-22"]),
        ("my flight was two weeks ago", ["on:2026-11-12"]),
        ("volé el martes pasado", ["on:2026-11-24"]),
        ("flew last thursday", ["on:2026-11-19"]),
        ("it was on Friday", ["on:2026-11-20", "on:2026-11-27"]),
        ("el vuelo sale mañana por la mañana", ["on:2026-11-27"]),
        ("pasado mañana vuelo", ["on:2026-11-28"]),
        ("ayer a media mañana volé", ["on:2026-11-25"]),
    ],
)
def test_days_of_trips_are_found(text: str, days: list[str]) -> None:
    """In both languages, in digits and words; a weekday that may be either is both."""
    assert _days(text) == days


@pytest.mark.parametrize(
    "text",
    [
        "os escribí ayer y nadie contesta",
        "llamé ayer: el vuelo no salió",
        "I called yesterday, my flight was late",
        "hasta mañana",
        "not today, thanks",
        "a las 10 de la mañana sale el vuelo",
        "volé el lunes 5 de octubre",
        "mi vuelo a Santo Domingo",
    ],
)
def test_other_days_do_not_count(text: str) -> None:
    """When somebody wrote or called, a greeting, a time of day, and a weekday beside its date."""
    assert _days(text) == []


@pytest.mark.parametrize("value", ["last_month", "on:10-05", "on:2026-10-05"])
def test_other_periods_stay_as_they_are(value: str) -> None:
    """They need no today, or have theirs later."""
    assert dated(value, THURSDAY) == [value]
