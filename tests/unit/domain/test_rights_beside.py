"""Scope, dates, care and the fare back, case by case against Regulation (EC) No 261/2004.

Articles and rulings were read on 25 November 2026; each case names the place that decides it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from relevo.domain.rights import Answer, Care, Disruption
from tests.flights import (
    CANCELLED,
    DENIED,
    FAR_INSIDE,
    INSIDE,
    LONG,
    MEDIUM,
    PUNCTUAL,
    late,
    other_flight,
    owed,
)

WAITING = (Care.MEALS, Care.CALLS)
OVERNIGHT = (*WAITING, Care.HOTEL)


@pytest.mark.parametrize(
    ("place", "origin", "destination", "carrier", "is_in_scope"),
    [
        ("3(1)(a): departing from a Member State", "ES", "US", "ES", True),
        ("3(1)(a): with any carrier", "ES", "US", "US", True),
        ("3(1)(b): arriving with a Community carrier", "US", "ES", "ES", True),
        ("3(1)(b): of any Member State", "US", "ES", "DE", True),
        ("3(1)(b): not with another carrier", "US", "ES", "US", False),
        ("3(1): neither from nor to the Union, whoever flies", "US", "MX", "ES", False),
        ("EEA Agreement: departing from Iceland", "IS", "US", "US", True),
        ("EEA Agreement: a Norwegian carrier into the Union", "US", "ES", "NO", True),
        ("Art. 355(1) TFEU: departing from Martinique", "MQ", "US", "US", True),
        ("Withdrawal Agreement, 126: the United Kingdom is outside since 2021", "GB", "US", "GB", False),
        ("3(1)(b): from there with a Community carrier", "GB", "ES", "ES", True),
        ("3(1)(b): from there with a British carrier", "GB", "ES", "GB", False),
    ],
)
def test_the_scope_is_departure_or_arrival_with_its_own_carriers(
    place: str, origin: str, destination: str, carrier: str, is_in_scope: bool
) -> None:
    """Article 3(1)."""
    countries = {"origin_country": origin, "destination_country": destination, "carrier_country": carrier}
    for event in (late(300), CANCELLED, DENIED):
        found = owed(event | countries)
        assert (found.answer is not Answer.OUT_OF_SCOPE) is is_in_scope, place
        assert bool(found.amount) is is_in_scope


@pytest.mark.parametrize(
    ("flown_on", "answer"),
    [
        (date(2013, 6, 30), Answer.NO_RULE),
        (date(2020, 12, 31), Answer.OWED),
        (date(2021, 1, 1), Answer.OUT_OF_SCOPE),
        (date(2027, 10, 22), Answer.OUT_OF_SCOPE),
        (date(2027, 10, 23), Answer.NO_RULE),
    ],
)
def test_a_flight_is_judged_by_the_rules_of_its_own_day(flown_on: date, answer: Answer) -> None:
    """London to New York with a British carrier, before and after the United Kingdom left the territory."""
    british = {"origin_country": "GB", "destination_country": "US", "carrier_country": "GB", "distance_km": 5540}
    assert owed(late(300, **british) | {"flown_on": flown_on}).answer is answer


@pytest.mark.parametrize(
    ("place", "flight", "care"),
    [
        ("6(1)(a): two hours up to 1 500 km", late(120), WAITING),
        ("6(1)(a): not before", late(119), ()),
        ("6(1)(b): three hours above that within the Union", late(180, **INSIDE), WAITING),
        ("6(1)(b): not before", late(179, **INSIDE), ()),
        ("6(1)(b): however far within the Union", late(180, **FAR_INSIDE), WAITING),
        ("6(1)(b): and up to 3 500 km", late(180, **MEDIUM), WAITING),
        ("6(1)(b): not before there", late(179, **MEDIUM), ()),
        ("6(1)(c): four hours otherwise", late(240, **LONG), WAITING),
        ("6(1)(c): not before", late(239, **LONG), ()),
        ("6(1): at departure, not at arrival", late(119, arrival_delay_minutes=200), ()),
        ("6(1)(ii): a hotel when it leaves on another day", late(600, is_overnight=True), OVERNIGHT),
        ("5(1)(b): at every cancellation", CANCELLED, WAITING),
        ("5(1)(b): a hotel when the other flight leaves the day after", CANCELLED | {"is_overnight": True}, OVERNIGHT),
        ("4(3): denied boarding", DENIED, WAITING),
        ("4(3): denied boarding overnight", DENIED | {"is_overnight": True}, OVERNIGHT),
        ("4(1): volunteers have Article 8, not 9", DENIED | {"denied_boarding": "voluntary"}, ()),
    ],
)
def test_care_is_owed_while_waiting(place: str, flight: dict[str, Any], care: tuple[Care, ...]) -> None:
    """Article 9, as 4, 5 and 6 lead there."""
    assert owed(flight).care == care, place


@pytest.mark.parametrize(
    ("place", "flight", "is_refundable", "is_reroutable"),
    [
        ("5(1)(a): cancelled", CANCELLED, True, True),
        ("5(1)(a): whatever the notice", CANCELLED | {"notice_days": 30}, True, True),
        ("8(1): a choice while the other flight is only offered", CANCELLED | other_flight(later=90), True, True),
        ("8(1): a choice that was made", CANCELLED | other_flight(later=90) | {"rerouting": "taken"}, False, False),
        ("5(1)(a): the passenger's own cancellation is none", CANCELLED | {"cancelled_by": "passenger"}, False, False),
        ("4(3): denied boarding", DENIED, True, True),
        ("6(1)(iii): five hours late, and not flown", late(300, was_flown=False), True, False),
        ("6(1)(iii): not before", late(299, was_flown=False), False, False),
        ("6(1)(iii): not for whoever flew", late(300), False, False),
    ],
)
def test_the_fare_or_another_flight_is_a_choice(
    place: str, flight: dict[str, Any], is_refundable: bool, is_reroutable: bool
) -> None:
    """Article 8(1); a long delay leads to (a) alone."""
    found = owed(flight)
    assert (found.may_be_refunded, found.may_be_rerouted) == (is_refundable, is_reroutable), place


def test_what_is_owed_says_by_which_law() -> None:
    """The number is told to the passenger."""
    assert owed(late(215)).law == "261/2004"


def test_a_missing_fact_is_named_instead_of_guessed() -> None:
    """Nothing is worked out of half a record."""
    with pytest.raises(ValueError, match="cause"):
        Disruption.of({name: value for name, value in PUNCTUAL.items() if name != "cause"})
