"""Policies: rules as data, decided by the version of the event's date."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from relevo.configuration import Mistakes, read_policies
from relevo.domain.contacts import Level
from relevo.domain.effects import Decision
from relevo.domain.policies import Policies, Policy, Rule, Version

TODAY = date(2026, 6, 30)
FLOWN = TODAY - timedelta(days=40)
FACTS: dict[str, Any] = {
    "is_own": True,
    "loyalty_number": "AU48207315",
    "was_flown": True,
    "credited_on": None,
    "flown_on": FLOWN.isoformat(),
    "ticket_name": "ROBLES/LUCIA",
    "given_names": "Lucía Fernanda",
    "surnames": "Robles Arce",
    "points": 5640,
    "request_points": 11280,
    "spent": 0,
}


CHARGE: dict[str, Any] = {
    "order": "AO-50017",
    "charge": "delivery",
    "placed_on": TODAY.isoformat(),
    "refunded_on": None,
    "is_paid": True,
    "goods": 2000,
    "delivery": 10_001,
    "total": 12_001,
    "paid": 12_001,
    "amount": 10_001,
    "currency": "EUR",
    "spent": 0,
}
TWICE: dict[str, Any] = CHARGE | {"charge": "payment", "delivery": 0, "total": 2880, "paid": 5760, "amount": 2880}


@pytest.fixture(scope="module")
def policies() -> Policies:
    """The policies that come with the bot."""
    mistakes = Mistakes()
    read = read_policies(Path(__file__).parents[3] / "policies.yml", mistakes)
    mistakes.raise_if_any()
    return read


def test_what_every_rule_allows_is_done_at_once(policies: Policies) -> None:
    """Points that are due are credited without a person."""
    assert policies.decide("credit_points", FACTS, TODAY).decision is Decision.AUTO
    assert policies.required_level("credit_points") is Level.TWO_FACTS


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"is_own": False}, "points.own_ticket"),
        ({"loyalty_number": None}, "points.membership"),
        ({"was_flown": False}, "points.not_flown"),
        ({"credited_on": "2026-06-01"}, "points.already_credited"),
        ({"flown_on": (TODAY - timedelta(days=181)).isoformat()}, "points.claim_window"),
        ({"request_points": 25_001}, "points.request_limit"),
        ({"request_points": -1}, "points.request_limit"),
    ],
)
def test_each_broken_rule_refuses_by_its_name(policies: Policies, changed: dict[str, Any], rule: str) -> None:
    """A refusal can be told with the rule that made it."""
    verdict = policies.decide("credit_points", FACTS | changed, TODAY)
    assert (verdict.decision, verdict.rule) == (Decision.REFUSED, rule)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [({"ticket_name": "ROBLES/LUCY"}, "points.name_match"), ({"spent": 34_361}, "points.cumulative_limit")],
)
def test_what_the_bot_may_not_decide_is_for_a_person(policies: Policies, changed: dict[str, Any], rule: str) -> None:
    """A name that no rule explains, and more in thirty days than the bot may give, need an approval."""
    verdict = policies.decide("credit_points", FACTS | changed, TODAY)
    assert (verdict.decision, verdict.rule) == (Decision.NEEDS_APPROVAL, rule)


def test_the_cumulative_limit_tells_its_window(policies: Policies) -> None:
    """Thirty days, and what was had before counts to the last point."""
    assert policies.window_days("credit_points") == 30
    assert policies.decide("credit_points", FACTS | {"spent": 34_360}, TODAY).decision is Decision.AUTO


@pytest.mark.parametrize(
    "changed", [{"flown_on": (TODAY - timedelta(days=180)).isoformat()}, {"request_points": 25_000}]
)
def test_limits_belong_to_what_is_allowed(policies: Policies, changed: dict[str, Any]) -> None:
    """The 180th day and the 25,000th point are inside."""
    assert policies.decide("credit_points", FACTS | changed, TODAY).decision is Decision.AUTO


def test_a_refusal_carries_what_its_sentence_needs(policies: Policies) -> None:
    """Days, date and last day of the window, as plain data."""
    flown = TODAY - timedelta(days=260)
    facts = policies.decide("credit_points", FACTS | {"flown_on": flown}, TODAY).facts
    assert facts == {"days": 180, "date": flown.isoformat(), "until": (flown + timedelta(days=180)).isoformat()}


def _window(*versions: tuple[date, int]) -> Policies:
    rule = Rule(
        name="points.claim_window",
        check="within_days",
        fact="flown_on",
        otherwise=Decision.REFUSED,
        versions=tuple(Version(valid_from=day, source="-", parameters={"days": days}) for day, days in versions),
    )
    policy = Policy(
        kind="credit_points",
        least_level=Level.TWO_FACTS,
        decision=Decision.AUTO,
        rules=(rule,),
        event_date="flown_on",
    )
    return Policies(by_kind={"credit_points": policy})


@pytest.mark.parametrize(
    ("flown", "decision"),
    [
        (date(2026, 3, 1), Decision.REFUSED),
        (date(2026, 2, 28), Decision.AUTO),
        (date(2019, 1, 1), Decision.REFUSED),
    ],
)
def test_the_version_of_the_flights_date_counts(flown: date, decision: Decision) -> None:
    """A window that was shortened in March does not shorten February's; before the first version, the first."""
    policies = _window((date(2026, 3, 1), 30), (date(2020, 1, 1), 365))
    assert policies.decide("credit_points", {"flown_on": flown}, TODAY).decision is decision


def test_a_rule_may_ask_for_approval_instead_of_refusing() -> None:
    """What is above a limit can be for a person to decide."""
    policy = _window((date(2020, 1, 1), 10)).by_kind["credit_points"]
    rule = replace(policy.rules[0], otherwise=Decision.NEEDS_APPROVAL)
    policies = Policies(by_kind={"credit_points": replace(policy, rules=(rule,))})
    assert policies.decide("credit_points", {"flown_on": FLOWN}, TODAY).decision is Decision.NEEDS_APPROVAL


def test_what_cannot_be_checked_is_never_allowed(policies: Policies) -> None:
    """A fact that was not given, or a kind that is not written down, is an error and no yes."""
    without = {name: value for name, value in FACTS.items() if name != "ticket_name"}
    with pytest.raises(ValueError, match="ticket_name"):
        policies.decide("credit_points", without, TODAY)
    with pytest.raises(ValueError, match="upgrade"):
        policies.decide("upgrade", FACTS, TODAY)


@pytest.mark.parametrize("facts", [CHARGE, TWICE])
def test_what_was_charged_too_much_goes_back_at_once(policies: Policies, facts: dict[str, Any]) -> None:
    """An absurd delivery and a payment too many, both below the limits; the contact must be known by two facts."""
    assert policies.decide("refund", facts, TODAY).decision is Decision.AUTO
    assert policies.required_level("refund") is Level.TWO_FACTS
    assert policies.window_days("refund") == 30


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (CHARGE | {"refunded_on": "2026-06-01"}, "refund.already_refunded"),
        (CHARGE | {"is_paid": False}, "refund.not_paid"),
        (CHARGE | {"delivery": 10_000, "amount": 10_000}, "refund.absurd_delivery"),
        (CHARGE | {"goods": 200, "delivery": 5000, "amount": 5000}, "refund.absurd_delivery"),
        (CHARGE | {"goods": 200, "delivery": 1190, "amount": 1190}, "refund.absurd_delivery"),
        (CHARGE | {"amount": 10_002}, "refund.absurd_delivery"),
        (CHARGE | {"amount": 0}, "refund.absurd_delivery"),
        (TWICE | {"amount": 2881}, "refund.double_charge"),
        (TWICE | {"paid": 2880}, "refund.double_charge"),
        (TWICE | {"paid": 2880, "amount": 0}, "refund.double_charge"),
        (CHARGE | {"charge": "none", "amount": 0}, "refund.nothing_due"),
    ],
)
def test_what_is_not_owed_is_refused_by_its_rule(policies: Policies, facts: dict[str, Any], rule: str) -> None:
    """Five times the goods is not above five times; the floor is not above the floor; a cent more is too much."""
    verdict = policies.decide("refund", facts, TODAY)
    assert (verdict.decision, verdict.rule) == (Decision.REFUSED, rule)


@pytest.mark.parametrize(
    ("changed", "decision", "rule"),
    [
        ({"delivery": 15_000, "amount": 15_000}, Decision.AUTO, "refund.auto"),
        ({"delivery": 15_001, "amount": 15_001}, Decision.NEEDS_APPROVAL, "refund.at_once_limit"),
        ({"spent": 19_999}, Decision.AUTO, "refund.auto"),
        ({"spent": 20_000}, Decision.NEEDS_APPROVAL, "refund.cumulative_limit"),
    ],
)
def test_much_money_is_for_a_person(policies: Policies, changed: dict[str, Any], decision: Decision, rule: str) -> None:
    """Up to 150.00 each and 300.00 in 30 days, both included."""
    verdict = policies.decide("refund", CHARGE | changed, TODAY)
    assert (verdict.decision, verdict.rule) == (decision, rule)


@pytest.mark.parametrize(
    ("is_active", "decision", "rule"),
    [(True, Decision.AUTO, "cancel_subscription.auto"), (False, Decision.REFUSED, "subscription.active")],
)
def test_a_subscription_is_cancelled_at_once_and_once(
    policies: Policies, is_active: bool, decision: Decision, rule: str
) -> None:
    """No person, no limit and no condition stands before it; the contact must be known by two facts."""
    facts = {"subscription": "SUB-301", "is_active": is_active, "ends_on": TODAY.isoformat()}
    verdict = policies.decide("cancel_subscription", facts, TODAY)
    assert (verdict.decision, verdict.rule) == (decision, rule)
    assert policies.required_level("cancel_subscription") is Level.TWO_FACTS


def test_a_refused_delivery_tells_what_its_sentence_needs(policies: Policies) -> None:
    """Both limits, and which of them it did not pass."""
    facts = policies.decide("refund", CHARGE | {"goods": 200, "delivery": 1190, "amount": 1190}, TODAY).facts
    assert facts == {"times": 5, "floor": 5000, "is_above_ratio": True, "is_above_floor": False, "amount": 1190}


@pytest.mark.parametrize("changed", [{"charge": "tip"}, {"currency": "JPY"}])
def test_what_no_rule_is_written_for_is_never_allowed(policies: Policies, changed: dict[str, Any]) -> None:
    """A charge of another sort, or a currency without a limit, would pass every rule that is asked only of others."""
    with pytest.raises(ValueError, match=next(iter(changed.values()))):
        policies.decide("refund", CHARGE | changed, TODAY)
