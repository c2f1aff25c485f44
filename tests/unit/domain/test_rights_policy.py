"""What the policy makes of what is owed: refused by name, left to a person, or done at once where allowed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from relevo.domain.effects import Decision
from relevo.domain.policies import Policies
from tests.flights import CANCELLED, DENIED, FLOWN_ON, PUNCTUAL, late, other_flight, policies

TODAY = date(2026, 6, 4)
KIND = "compensate_flight"


def facts(flight: dict[str, Any], amount: int = 25000, **changed: Any) -> dict[str, Any]:
    """Give everything that the policy is told."""
    ticket = {
        "ticket": "0751000000071",
        "flight": "AU2210",
        "amount": amount,
        "currency": "EUR",
        "compensated_on": None,
    }
    return flight | ticket | changed


def at_once_up_to(limit: int) -> Policies:
    """Give the policies of a business that pays small amounts without a person."""
    known = policies()
    policy = known.by_kind[KIND]
    rules = tuple(
        replace(rule, versions=tuple(replace(version, parameters={"limit": limit}) for version in rule.versions))
        if rule.name == "flight.at_once_limit"
        else rule
        for rule in policy.rules
    )
    return replace(known, by_kind={KIND: replace(policy, rules=rules)})


def test_a_person_approves_every_compensation() -> None:
    """Until a business says otherwise."""
    verdict = policies().decide(KIND, facts(late(215)), TODAY)
    assert (verdict.decision, verdict.rule) == (Decision.NEEDS_APPROVAL, "flight.at_once_limit")


def test_small_amounts_are_paid_at_once_where_the_business_says_so() -> None:
    """One number in policies.yml."""
    assert at_once_up_to(25000).decide(KIND, facts(late(215)), TODAY).decision is Decision.AUTO
    assert at_once_up_to(24999).decide(KIND, facts(late(215)), TODAY).decision is Decision.NEEDS_APPROVAL


@pytest.mark.parametrize(
    ("flight", "rule"),
    [
        (DENIED, "flight.denied_boarding"),
        (late(215, cause="gremlins"), "flight.unclear_cause"),
        (late(215, cause="weather"), "flight.unclear_cause"),
    ],
)
def test_some_are_left_to_a_person_whatever_the_limit(flight: dict[str, Any], rule: str) -> None:
    """Whoever was left behind, and causes that nobody has written down."""
    verdict = at_once_up_to(100_000).decide(KIND, facts(flight), TODAY)
    assert (verdict.decision, verdict.rule) == (Decision.NEEDS_APPROVAL, rule)


@pytest.mark.parametrize(
    ("flight", "rule"),
    [
        (late(40), "flight.short_delay"),
        (late(215, was_flown=False), "flight.not_taken"),
        (late(215, cause="weather", was_unavoidable=True), "flight.extraordinary"),
        (late(215, origin_country="US", destination_country="MX"), "flight.out_of_scope"),
        (CANCELLED | {"notice_days": 14}, "flight.told_in_time"),
        (CANCELLED | other_flight(later=60), "flight.rerouted_in_time"),
        (CANCELLED | {"cancelled_by": "passenger"}, "flight.own_cancellation"),
        (DENIED | {"denied_boarding": "voluntary"}, "flight.agreed"),
        (DENIED | {"denied_boarding": "reasonable_grounds"}, "flight.reasonable_grounds"),
        (PUNCTUAL | {"event": "to_come"}, "flight.not_yet"),
        (late(215) | {"flown_on": "2001-01-01"}, "flight.no_rule"),
    ],
)
def test_what_is_not_owed_is_refused_by_the_rule_that_says_so(flight: dict[str, Any], rule: str) -> None:
    """Whatever amount is asked for."""
    for amount in (25000, 1, 0, -1):
        verdict = at_once_up_to(100_000).decide(KIND, facts(flight, amount), TODAY)
        assert (verdict.decision, verdict.rule) == (Decision.REFUSED, rule)


@pytest.mark.parametrize("amount", [0, -25000, 1, 12500, 24999, 25001, 60000])
def test_nothing_but_the_sum_of_the_law_is_paid(amount: int) -> None:
    """Neither more nor less, and never nothing."""
    verdict = policies().decide(KIND, facts(late(215), amount), TODAY)
    assert (verdict.decision, verdict.rule) == (Decision.REFUSED, "flight.amount")


def test_the_sum_of_the_law_is_in_its_own_currency() -> None:
    """A number alone is not a sum."""
    verdict = policies().decide(KIND, facts(late(215), currency="USD"), TODAY)
    assert (verdict.decision, verdict.rule) == (Decision.REFUSED, "flight.amount")


def test_a_flight_is_compensated_once() -> None:
    """What was paid is not paid again."""
    verdict = policies().decide(KIND, facts(late(215), compensated_on=FLOWN_ON.isoformat()), TODAY)
    assert (verdict.decision, verdict.rule) == (Decision.REFUSED, "flight.already_compensated")


def test_what_is_owed_is_worked_out_and_not_taken_from_whoever_asks() -> None:
    """An answer that is sent along counts for nothing."""
    claimed = {"answer": "owed", "owed": 60000, "owed_currency": "EUR", "is_cause_known": True}
    verdict = policies().decide(KIND, facts(late(40), 60000, **claimed), TODAY)
    assert (verdict.decision, verdict.rule) == (Decision.REFUSED, "flight.short_delay")
