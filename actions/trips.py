"""Which of a contact's trips are meant by what they named: ticket, flight, booking code, places, period."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from actions.periods import ranges_of
from relevo.contracts.records import Trip

NAMING = ("ticket", "flight", "booking_code", "place", "period")
"""Slots and entities with which trips are named."""

Test = Callable[[Trip], bool]

# What is left out, in turn, while nothing is found: a booking code may have been given only to identify, and a month
# is often misremembered. A ticket or flight that was named is never left out.
_LEFT_OUT: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset({"period"}),
    frozenset({"booking_code"}),
    frozenset({"booking_code", "period"}),
    frozenset({"place"}),
    frozenset({"place", "period"}),
)


class Named(msgspec.Struct, frozen=True):
    """What a contact named, by kind; an empty one names nothing."""

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, source: Mapping[str, Any]) -> Named:
        """Read from entities or slots; a slot holds one value or a list."""
        values = {kind: _as_tuple(source.get(kind)) for kind in NAMING}
        return cls({kind: given for kind, given in values.items() if given})

    def __bool__(self) -> bool:
        return bool(self.values)

    @property
    def is_exact(self) -> bool:
        """Whether single trips were named, not a place or a time."""
        return bool(self.values.keys() & {"ticket", "flight", "booking_code"})


class Found(msgspec.Struct, frozen=True):
    """Trips, oldest first, and whether they are where the contact said."""

    trips: tuple[Trip, ...] = ()
    is_elsewhere: bool = False


def meant(trips: Sequence[Trip], named: Named, today: date) -> Found:
    """Find the trips that were named; with nothing named, those flown without points."""
    if not named:
        return Found(tuple(sorted((trip for trip in trips if trip.was_flown and not trip.credited_at), key=_order)))
    tests = {kind: _test(kind, given, trips, today) for kind, given in named.values.items()}
    for left_out in _LEFT_OUT:
        kept = [test for kind, test in tests.items() if kind not in left_out]
        found = [trip for trip in trips if all(test(trip) for test in kept)] if kept else []
        if found:
            return Found(tuple(sorted(found, key=_order)), is_elsewhere="place" in left_out & tests.keys())
    return Found()


def _order(trip: Trip) -> tuple[date, str]:
    return trip.flown_on, trip.ticket


def _test(kind: str, given: tuple[str, ...], trips: Sequence[Trip], today: date) -> Test:
    if kind == "ticket":
        return lambda trip: trip.ticket in given
    if kind == "flight":
        return lambda trip: trip.flight in given
    if kind == "booking_code":
        return lambda trip: trip.booking_code in given
    if kind == "place":
        return _touches(frozenset(given), trips)
    ranges = ranges_of(given, today)
    return lambda trip: any(first <= trip.flown_on <= last for first, last in ranges)


def _touches(places: frozenset[str], trips: Sequence[Trip]) -> Test:
    """A route named by both its ends means that route, both ways; else any trip that touches a place."""
    on_route = {trip.ticket for trip in trips if {trip.origin, trip.destination} <= places}
    if on_route:
        return lambda trip: trip.ticket in on_route
    return lambda trip: bool(places & {trip.origin, trip.destination})


def _as_tuple(value: Any) -> tuple[str, ...]:
    if not value:
        return ()
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else (str(value),)
