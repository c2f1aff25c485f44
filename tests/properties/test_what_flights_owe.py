"""Whatever happened to a flight: what is owed is a sum of the law, its exact half, or nothing, and never more."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relevo.domain.effects import Decision
from relevo.domain.rights import Answer, Disruption, Entitlement, Event, entitlement
from tests.flights import policies, rights

SUMS = {25000, 40000, 60000}
"""Article 7(1) of Regulation (EC) No 261/2004, in cents."""
COUNTRIES = ("ES", "FR", "RE", "NO", "GB", "US", "MX", "AE")
CAUSES = (None, "technical", "crew", "weather", "bird_strike", "gremlins")
_MINUTES = st.one_of(
    st.integers(0, 3000), st.sampled_from((59, 60, 61, 119, 120, 121, 179, 180, 181, 239, 240, 241, 299, 300))
)

FLIGHTS = st.fixed_dictionaries(
    {
        "flown_on": st.dates(date(2012, 1, 1), date(2028, 12, 31)),
        "event": st.sampled_from(Event),
        "origin_country": st.sampled_from(COUNTRIES),
        "destination_country": st.sampled_from(COUNTRIES),
        "carrier_country": st.sampled_from(COUNTRIES),
        "distance_km": st.one_of(st.integers(1, 20_000), st.sampled_from((1500, 1501, 3500, 3501))),
        "was_flown": st.booleans(),
        "departure_delay_minutes": _MINUTES,
        "arrival_delay_minutes": _MINUTES,
        "cause": st.sampled_from(CAUSES),
        "was_unavoidable": st.booleans(),
        "cancelled_by": st.sampled_from((None, "carrier", "passenger")),
        "notice_days": st.one_of(st.none(), st.integers(-2, 30)),
        "denied_boarding": st.sampled_from((None, "involuntary", "voluntary", "reasonable_grounds")),
        "rerouting": st.sampled_from((None, "offered", "taken")),
        "earlier_minutes": _MINUTES,
        "later_minutes": _MINUTES,
        "is_overnight": st.booleans(),
    }
)


def _owed(flight: dict[str, Any]) -> Entitlement:
    return entitlement(Disruption.of(flight), rights())


@given(FLIGHTS)
def test_what_is_owed_is_a_sum_of_the_law_or_its_exact_half(flight: dict[str, Any]) -> None:
    """Never negative, never in between, and nothing wherever a reason says so."""
    found = _owed(flight)
    if found.answer is Answer.OWED:
        assert found.full_amount in SUMS
        assert found.amount == found.full_amount or 2 * found.amount == found.full_amount
        assert found.currency == "EUR"
        assert found.articles
    else:
        assert (found.amount, found.full_amount, found.is_halved) == (0, 0, False)


@given(FLIGHTS, st.integers(0, 5000))
def test_arriving_later_is_never_worth_less(flight: dict[str, Any], more: int) -> None:
    """Whoever lost more time is not owed less, by the flight itself or by another."""
    later = flight | {
        "arrival_delay_minutes": flight["arrival_delay_minutes"] + more,
        "later_minutes": flight["later_minutes"] + more,
    }
    assert _owed(later).amount >= _owed(flight).amount


@given(FLIGHTS, st.integers(0, 30))
def test_more_notice_is_never_worth_more(flight: dict[str, Any], days: int) -> None:
    """Being told earlier never raises what is owed."""
    told = flight["notice_days"]
    if told is not None:
        assert _owed(flight | {"notice_days": told + days}).amount <= _owed(flight).amount


@given(FLIGHTS)
def test_no_circumstance_takes_care_or_the_fare(flight: dict[str, Any]) -> None:
    """Why it happened decides about compensation alone."""
    excused = _owed(flight | {"cause": "weather", "was_unavoidable": True})
    blamed = _owed(flight | {"cause": "technical"})
    assert (excused.care, excused.may_be_refunded, excused.may_be_rerouted) == (
        blamed.care,
        blamed.may_be_refunded,
        blamed.may_be_rerouted,
    )


@given(FLIGHTS, st.one_of(st.sampled_from(sorted(SUMS | {half // 2 for half in SUMS})), st.integers(-70_000, 70_000)))
def test_the_policy_lets_nothing_else_pass(flight: dict[str, Any], amount: int) -> None:
    """What is not refused is exactly what is owed, and never paid twice."""
    ticket = {"ticket": "T", "flight": "F", "amount": amount, "currency": "EUR", "compensated_on": None}
    on = date(2026, 11, 25)
    allowed = policies().decide("compensate_flight", flight | ticket, on).decision is not Decision.REFUSED
    assert allowed is (amount > 0 and amount == _owed(flight).amount)
    again = flight | ticket | {"compensated_on": "2026-11-24"}
    assert policies().decide("compensate_flight", again, on).decision is Decision.REFUSED
