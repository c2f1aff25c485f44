"""Which trips are meant by what a contact names."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.periods import days_of
from actions.trips import Named, meant
from relevo.contracts.records import Trip

TODAY = date(2026, 11, 3)
NOON = datetime(2026, 11, 2, 12, tzinfo=timezone.utc)


def _trip(ticket: str, booking_code: str, flight: str, days_ago: int, route: str, *, credited: bool = False) -> Trip:
    origin, destination = route.split("-")
    return Trip(
        ticket=ticket,
        booking_code=booking_code,
        name="ROBLES/LUCIA",
        flight=flight,
        flown_on=TODAY - timedelta(days=days_ago),
        origin=origin,
        destination=destination,
        was_flown=days_ago > 0,
        points_due=100,
        credited_at=NOON if credited else None,
    )


TRIPS = (
    _trip("T1", "RBL7Q2", "AU0702", 41, "MAD-DXB"),
    _trip("T2", "RBL7Q2", "AU0703", 33, "DXB-MAD"),
    _trip("T3", "RBL9K1", "AU1188", 1, "LHR-MAD", credited=True),
    _trip("T4", "RBL1A1", "AU0120", 200, "MAD-JFK"),
    _trip("T5", "RBL2B2", "AU0900", -12, "MAD-BOG"),
)


def _tickets(**named: Any) -> str:
    return " ".join(trip.ticket for trip in meant(TRIPS, Named.of(named), TODAY).trips)


@pytest.mark.parametrize(
    ("named", "tickets"),
    [
        ({}, "T4 T1 T2"),
        ({"ticket": ["T2"]}, "T2"),
        ({"ticket": ["T1", "T2"]}, "T1 T2"),
        ({"flight": ["AU0702"]}, "T1"),
        ({"booking_code": ["RBL7Q2"]}, "T1 T2"),
        ({"place": ["DXB"]}, "T1 T2"),
        ({"place": ["MAD", "DXB"]}, "T1 T2"),
        ({"place": ["LHR", "JFK"]}, "T4 T3"),
        ({"place": ["DXB"], "period": ["last_month"]}, "T1 T2"),
        ({"period": ["on:10"]}, "T2"),
        ({"period": ["on:09-23"]}, "T1"),
        ({"booking_code": ["RBL9K1"], "place": ["DXB"]}, "T1 T2"),
        ({"place": ["DXB"], "period": ["on:03"]}, "T1 T2"),
        ({"place": ["FCO"], "booking_code": ["RBL7Q2"]}, "T1 T2"),
        ({"place": ["FCO"]}, ""),
        ({"ticket": ["T9"]}, ""),
        ({"ticket": ["T9"], "place": ["DXB"]}, ""),
        ({"flight": ["AU9999"], "booking_code": ["RBL7Q2"]}, ""),
        ({"booking_code": ["XXXXX1"]}, ""),
        ({"period": ["on:02-30"]}, ""),
    ],
)
def test_the_trips_that_are_meant_are_found(named: dict[str, Any], tickets: str) -> None:
    """Both directions of a route, generous months; what was named exactly is never replaced by something else."""
    assert _tickets(**named) == tickets


def test_elsewhere_is_noticed() -> None:
    """Trips found only by leaving the place out are not where the contact said."""
    assert meant(TRIPS, Named.of({"place": ["FCO"], "booking_code": ["RBL7Q2"]}), TODAY).is_elsewhere
    assert not meant(TRIPS, Named.of({"place": ["DXB"], "booking_code": ["RBL9K1"]}), TODAY).is_elsewhere


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2026, 11, 3), date(2026, 9, 19)),
        (date(2026, 11, 30), date(2026, 10, 1)),
        (date(2026, 3, 1), date(2026, 1, 15)),
    ],
)
def test_last_month_reaches_back_far_enough(today: date, first: date) -> None:
    """At the beginning of a month people still mean the trip of six weeks ago."""
    assert days_of("last_month", today) == (first, today)


def test_a_month_without_a_year_is_the_latest_one() -> None:
    """December said in November was last year's."""
    assert days_of("on:12", TODAY) == (date(2025, 12, 1), date(2025, 12, 31))
    assert days_of("on:10", TODAY) == (date(2026, 10, 1), date(2026, 10, 31))


@given(
    st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)),
    st.sampled_from(["last_month", "this_month", "last_week", "this_week", "on:02-29", "on:12-31", "on:2024-02"]),
)
def test_every_day_has_its_periods(today: date, period: str) -> None:
    """No day of any year makes a period impossible, and none ends before it begins."""
    days = days_of(period, today)
    assert days is None or days[0] <= days[1]
