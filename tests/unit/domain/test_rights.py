"""Compensation case by case against the text of Regulation (EC) No 261/2004 (OJ L 46, 17.2.2004, p. 1).

Articles and rulings of the Court of Justice were read on 25 November 2026; each case names the place that decides it.
"""

from __future__ import annotations

from typing import Any

import pytest

from relevo.domain.rights import Answer
from tests.flights import (
    CANCELLED,
    DENIED,
    FAR_INSIDE,
    INSIDE,
    LONG,
    MEDIUM,
    PUNCTUAL,
    SHORT,
    late,
    other_flight,
    owed,
)

Case = tuple[str, dict[str, Any], int]

DISTANCES: list[Case] = [
    ("7(1)(a): EUR 250 for all flights of 1 500 km or less", SHORT, 25000),
    ("7(1)(a): however short", {"distance_km": 1}, 25000),
    ("7(1)(a): also out of the Union", SHORT | {"destination_country": "GB"}, 25000),
    ("7(1)(b): EUR 400 for intra-Community flights of more than 1 500 km", INSIDE, 40000),
    ("7(1)(b): and for all other flights between 1 500 and 3 500 km", {**INSIDE, "destination_country": "MA"}, 40000),
    ("7(1)(b): up to 3 500 km", MEDIUM, 40000),
    ("7(1)(b): intra-Community beyond 3 500 km stays at EUR 400", {"distance_km": 3501}, 40000),
    ("7(1)(b): to an outermost region (Art. 355(1) TFEU), as 10(2)(b) shows by excepting it", FAR_INSIDE, 40000),
    ("7(1)(b): Norway counts as inside (EEA Agreement)", {"distance_km": 4100, "destination_country": "NO"}, 40000),
    ("7(1)(b): so does Switzerland (agreement of 1999)", {"distance_km": 3600, "destination_country": "CH"}, 40000),
    ("7(1)(c): EUR 600 for all flights not falling under (a) or (b)", LONG, 60000),
    (
        "7(1)(c): from outside with a Community carrier",
        {**LONG, "origin_country": "MX", "destination_country": "ES"},
        60000,
    ),
]


@pytest.mark.parametrize(("place", "flight", "amount"), DISTANCES, ids=[case[0] for case in DISTANCES])
@pytest.mark.parametrize("event", [late(240), CANCELLED, DENIED], ids=["late", "cancelled", "denied"])
def test_the_amount_follows_the_distance(
    place: str, flight: dict[str, Any], amount: int, event: dict[str, Any]
) -> None:
    """Delayed by four hours, cancelled a day before or left behind: the same bands."""
    found = owed(event | flight)
    assert (found.answer, found.amount, found.full_amount, found.currency) == (Answer.OWED, amount, amount, "EUR")
    assert any(article.startswith("7(1)") for article in found.articles), place


DELAYS: list[Case] = [
    ("on time", PUNCTUAL, 0),
    ("C-402/07, 61: 179 minutes are less than three hours", late(179), 0),
    ("C-402/07, 61: three hours or more", late(180), 25000),
    ("C-402/07, 61: at arrival, not at departure", late(0, arrival_delay_minutes=180), 25000),
    ("C-402/07, 61: what was caught up does not count", late(200, arrival_delay_minutes=179), 0),
    ("7(2)(a) would halve up to two hours, which three never are", late(180, **SHORT), 25000),
    ("7(2)(b) would halve up to three hours: C-402/07, 63 names (c) alone", late(180, **INSIDE), 40000),
    ("7(2)(b): nor at three hours beyond 3 500 km within the Union", late(180, **FAR_INSIDE), 40000),
    ("7(2)(b): nor at 239 minutes there", late(239, **FAR_INSIDE), 40000),
    ("7(2)(b): nor at 239 minutes up to 3 500 km", late(239, **MEDIUM), 40000),
    ("C-402/07, 61: 179 minutes of a long flight", late(179, **LONG), 0),
    ("C-402/07, 63 and 7(2)(c): half at three hours of a long flight", late(180, **LONG), 30000),
    ("C-402/07, 63: half while less than four hours", late(239, **LONG), 30000),
    ("C-402/07, 63: four hours are not less than four", late(240, **LONG), 60000),
    ("a day late", late(1440, **LONG), 60000),
]


@pytest.mark.parametrize(("place", "flight", "amount"), DELAYS, ids=[case[0] for case in DELAYS])
def test_a_delay_counts_from_three_hours_at_arrival(place: str, flight: dict[str, Any], amount: int) -> None:
    """Sturgeon (C-402/07), confirmed by Nelson (C-581/10)."""
    found = owed(flight)
    assert (found.amount, found.answer) == (amount, Answer.OWED if amount else Answer.SHORT_DELAY), place
    assert found.rulings[0] == "C-402/07"
    assert found.limit_minutes == 180


NOTICES: list[tuple[str, int | None, dict[str, Any], Answer, int]] = [
    ("5(1)(c)(i): at least two weeks", 14, {}, Answer.TOLD_IN_TIME, 0),
    ("5(1)(c)(i): long before", 200, {}, Answer.TOLD_IN_TIME, 0),
    ("5(1)(c)(ii): 13 days without another flight", 13, {}, Answer.OWED, 25000),
    ("5(1)(c)(ii): 13 days, no more than 2 h before", 13, other_flight(earlier=120), Answer.REROUTED_IN_TIME, 0),
    ("5(1)(c)(ii): 13 days, 2 h 1 min before", 13, other_flight(earlier=121), Answer.OWED, 25000),
    ("5(1)(c)(ii): 13 days, less than 4 h after", 13, other_flight(later=239), Answer.REROUTED_IN_TIME, 0),
    ("5(1)(c)(ii): 13 days, 4 h after", 13, other_flight(later=240), Answer.OWED, 25000),
    ("5(1)(c)(ii): seven days", 7, other_flight(earlier=120, later=239), Answer.REROUTED_IN_TIME, 0),
    ("5(1)(c)(iii): six days, as (ii) would allow", 6, other_flight(earlier=120, later=239), Answer.OWED, 25000),
    ("5(1)(c)(iii): no more than 1 h before", 6, other_flight(earlier=60), Answer.REROUTED_IN_TIME, 0),
    ("5(1)(c)(iii): 1 h 1 min before", 6, other_flight(earlier=61), Answer.OWED, 25000),
    ("5(1)(c)(iii): less than 2 h after", 6, other_flight(later=119), Answer.REROUTED_IN_TIME, 0),
    ("5(1)(c)(iii): on the day itself", 0, other_flight(earlier=60, later=119), Answer.REROUTED_IN_TIME, 0),
    ("5(1)(c)(iii): a day, without another flight", 1, {}, Answer.OWED, 25000),
    ("5(4): who cannot prove when they told it, told it too late", None, {}, Answer.OWED, 25000),
    ("5(4): told only after the departure", -1, {}, Answer.OWED, 25000),
]


@pytest.mark.parametrize(("place", "days", "other", "answer", "amount"), NOTICES, ids=[case[0] for case in NOTICES])
def test_a_cancellation_counts_by_notice_and_the_other_flight(
    place: str, days: int | None, other: dict[str, Any], answer: Answer, amount: int
) -> None:
    """Article 5(1)(c), to the day and to the minute."""
    found = owed(CANCELLED | other | {"notice_days": days})
    assert (found.answer, found.amount) == (answer, amount), place
    assert found.articles[0].startswith("5(1)(c)")


HALVES: list[tuple[str, dict[str, Any], int, int]] = [
    ("7(2)(a): exactly two hours, which 5(1)(c)(iii) no longer excuses", SHORT, 120, 12500),
    ("7(2)(a): two hours and a minute", SHORT, 121, 25000),
    ("7(2)(b): does not exceed three hours", MEDIUM, 180, 20000),
    ("7(2)(b): three hours and a minute", MEDIUM, 181, 40000),
    ("7(2)(b): three hours within the Union, however far", FAR_INSIDE, 180, 20000),
    ("7(2)(b): not four within the Union", FAR_INSIDE, 181, 40000),
    ("7(2)(c): does not exceed four hours", LONG, 240, 30000),
    ("7(2)(c): four hours and a minute", LONG, 241, 60000),
]


@pytest.mark.parametrize(("place", "flight", "later", "amount"), HALVES, ids=[case[0] for case in HALVES])
@pytest.mark.parametrize("event", [CANCELLED, DENIED], ids=["cancelled", "denied"])
def test_another_flight_that_arrives_soon_halves_it(
    place: str, flight: dict[str, Any], later: int, amount: int, event: dict[str, Any]
) -> None:
    """Article 7(2): does not exceed, so the border itself is within it; 4(3) leads there as 5(1)(c) does."""
    found = owed(event | flight | other_flight(later=later))
    assert (found.amount, found.is_halved) == (amount, amount < found.full_amount), place
    assert found.is_halved is any(article.startswith("7(2)") for article in found.articles)


def test_nobody_who_leaves_over_an_hour_early_gets_half() -> None:
    """C-146/20 Azurair: 7(2) is for whoever arrives later, not for a flight that was brought forward."""
    assert owed(CANCELLED | other_flight(earlier=61)).amount == 25000
    assert owed(CANCELLED | LONG | {"notice_days": 9} | other_flight(earlier=121)).amount == 60000
    assert owed(DENIED | other_flight(earlier=60)).amount == 12500
    assert owed(DENIED | other_flight(earlier=61)).amount == 25000


@pytest.mark.parametrize(
    ("place", "cause"),
    [
        ("recital 14: meteorological conditions", "weather"),
        ("recital 14: security risks", "security"),
        ("recital 14: political instability", "political_instability"),
        ("recital 14: strikes of others", "strike_of_others"),
        ("recital 15: an air traffic management decision", "air_traffic_control"),
        ("C-315/15 Pešková: a bird", "bird_strike"),
        ("C-501/17 Germanwings: a foreign object on the runway", "foreign_object"),
        ("C-74/19 TAP: a passenger who makes the aircraft turn aside", "unruly_passenger"),
        ("C-399/24: lightning", "lightning"),
    ],
)
def test_extraordinary_circumstances_lift_compensation_alone(place: str, cause: str) -> None:
    """Article 5(3), which C-402/07, 67 applies to delays: care and the fare back are owed as before."""
    why = {"cause": cause, "was_unavoidable": True}
    for event in (late(400), CANCELLED):
        found, otherwise = owed(event | why), owed(event)
        assert (found.answer, found.amount, found.articles) == (Answer.EXTRAORDINARY, 0, ("5(3)",)), place
        assert (found.care, found.may_be_refunded) == (otherwise.care, otherwise.may_be_refunded)
        assert found.care


@pytest.mark.parametrize(
    ("place", "cause", "ruling"),
    [
        ("C-549/07 Wallentin-Hermann: a technical problem", "technical", "C-549/07"),
        ("C-28/20 Airhelp: a strike of the carrier's own people", "own_staff_strike", "C-28/20"),
        ("C-156/22 TAP: a crew member who is missing", "crew", "C-156/22"),
    ],
)
def test_ordinary_causes_never_lift_it(place: str, cause: str, ruling: str) -> None:
    """What belongs to running an airline is no way out, whatever else is on file."""
    found = owed(late(180, cause=cause, was_unavoidable=True))
    assert (found.answer, found.amount, found.is_cause_known) == (Answer.OWED, 25000, True), place
    assert ruling in found.rulings


def test_an_extraordinary_cause_needs_proof_that_nothing_helped() -> None:
    """Article 5(3): only what could not have been avoided even if all reasonable measures had been taken."""
    found = owed(late(180, cause="weather"))
    assert (found.answer, found.amount, found.is_cause_known) == (Answer.OWED, 25000, False)


@pytest.mark.parametrize("cause", [None, "gremlins"])
def test_a_cause_that_nobody_wrote_down_excuses_nothing(cause: str | None) -> None:
    """Article 5(3): the carrier proves it; what no list names is owed, and for a person to look at."""
    found = owed(late(180, cause=cause, was_unavoidable=True))
    assert (found.answer, found.amount, found.is_cause_known) == (Answer.OWED, 25000, False)


def test_no_circumstance_excuses_denied_boarding() -> None:
    """C-22/11 Finnair and C-321/11 Rodríguez Cachafeiro: Article 4 knows no Article 5(3)."""
    found = owed(DENIED | {"cause": "weather", "was_unavoidable": True})
    assert (found.answer, found.amount, found.articles) == (Answer.OWED, 25000, ("4(3)", "7(1)(a)"))


def test_notice_does_not_excuse_denied_boarding() -> None:
    """C-238/22 LATAM: two weeks' notice is for cancellations alone."""
    assert owed(DENIED | {"notice_days": 20}).amount == 25000


def test_a_seat_that_was_given_up_is_worth_what_was_agreed() -> None:
    """Article 4(1): volunteers have what they agreed to, and the choice of Article 8 besides."""
    found = owed(DENIED | {"denied_boarding": "voluntary"})
    assert (found.answer, found.amount, found.articles) == (Answer.AGREED, 0, ("4(1)",))
    assert found.may_be_refunded
    assert found.may_be_rerouted


def test_reasonable_grounds_are_no_denied_boarding() -> None:
    """Article 2(j): health, safety, security, missing papers."""
    found = owed(DENIED | {"denied_boarding": "reasonable_grounds"})
    assert (found.answer, found.amount, found.articles) == (Answer.REASONABLE_GROUNDS, 0, ("2(j)",))


def test_what_the_passenger_cancelled_is_no_cancellation() -> None:
    """Article 2(l): a cancelled flight is one that did not operate."""
    assert owed(CANCELLED | {"cancelled_by": "passenger"}).answer is Answer.OWN_CANCELLATION


def test_whoever_was_not_on_the_late_flight_has_no_delay() -> None:
    """C-474/22 Laudamotion: no time was lost."""
    assert owed(late(215, was_flown=False)).answer is Answer.NOT_TAKEN


def test_what_has_not_happened_owes_nothing_yet() -> None:
    """A flight to come is neither late nor cancelled."""
    assert owed(PUNCTUAL | {"event": "to_come", "was_flown": False}).answer is Answer.NOT_YET
