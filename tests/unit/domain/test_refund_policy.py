"""What goes back of orders and fares by the policies that come with the bot: each rule, on both sides of its border."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from relevo.configuration import Mistakes, read_policies
from relevo.domain.effects import Decision
from relevo.domain.policies import Policies

TODAY = date(2026, 6, 30)  # a Tuesday
FACTS: dict[str, Any] = {
    "charge": "undelivered",
    "placed_on": (TODAY - timedelta(days=20)).isoformat(),
    "asked_on": TODAY.isoformat(),
    "refunded_on": None,
    "is_paid": True,
    "amount": 1880,
    "currency": "EUR",
    "spent": 0,
    "promised_on": (TODAY - timedelta(days=1)).isoformat(),
    "delivered_on": None,
    "flight": None,
}
RETURN = FACTS | {"charge": "withdrawal"}
FARE = FACTS | {"flight": "AU0900", "flown_on": (TODAY + timedelta(days=1)).isoformat(), "owed_for": None}
GIVEN_BACK = FARE | {"charge": "given_back", "is_refundable": True}
NOT_FLOWN = FARE | {"charge": "not_flown", "owed_for": "cancelled"}


@pytest.fixture(scope="module")
def policies() -> Policies:
    """The policies that come with the bot."""
    mistakes = Mistakes()
    read = read_policies(Path(__file__).parents[3] / "policies.yml", mistakes)
    mistakes.raise_if_any()
    return read


@pytest.mark.parametrize(
    ("facts", "days"), [(FACTS, 7), (RETURN, 14), (GIVEN_BACK, 7), (NOT_FLOWN, 7)], ids=lambda each: str(each)[:24]
)
def test_what_is_owed_goes_back_at_once_and_says_when(policies: Policies, facts: dict[str, Any], days: int) -> None:
    """Regulation 261/2004, Art. 8(1)(a): seven days; Directive 2011/83, Art. 13(1): fourteen; the rest by terms."""
    verdict = policies.decide("refund", facts, TODAY)
    assert (verdict.decision, verdict.facts) == (Decision.AUTO, {"pays_within_days": days})
    much = policies.decide("refund", facts | {"amount": 15_001}, TODAY)
    assert (much.decision, much.rule) == (Decision.NEEDS_APPROVAL, "refund.at_once_limit")
    assert (much.facts["limit"], much.facts["pays_within_days"]) == (15_000, days)
    assert policies.decide("refund", facts | {"spent": 29_000}, TODAY).rule == "refund.cumulative_limit"


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (FACTS | {"refunded_on": "2026-06-01"}, "refund.already_refunded"),
        (FACTS | {"is_paid": False}, "refund.not_paid"),
        (FACTS | {"delivered_on": "2026-06-29"}, "refund.delivered"),
        (FACTS | {"promised_on": TODAY.isoformat()}, "refund.not_overdue"),
        (RETURN | {"flight": "AU0900"}, "refund.transport"),
        (RETURN | {"is_paid": False}, "refund.not_paid"),
        (GIVEN_BACK | {"flown_on": TODAY.isoformat()}, "refund.departed"),
        (GIVEN_BACK | {"is_refundable": False}, "refund.not_refundable"),
        (NOT_FLOWN | {"owed_for": None}, "refund.fare_not_owed"),
        (NOT_FLOWN | {"refunded_on": "2026-06-01"}, "refund.already_refunded"),
    ],
)
def test_what_is_not_owed_is_refused_by_its_rule(policies: Policies, facts: dict[str, Any], rule: str) -> None:
    """The day promised is still in time, and the day of the flight is too late."""
    verdict = policies.decide("refund", facts, TODAY)
    assert (verdict.decision, verdict.rule) == (Decision.REFUSED, rule)


@pytest.mark.parametrize(
    ("delivered", "asked", "is_allowed"),
    [
        (date(2026, 6, 16), date(2026, 6, 30), True),  # the fourteenth day, a Tuesday
        (date(2026, 6, 16), date(2026, 7, 1), False),
        (date(2026, 6, 13), date(2026, 6, 29), True),  # the fourteenth day was a Saturday: until Monday
        (date(2026, 6, 14), date(2026, 6, 29), True),  # a Sunday
        (date(2026, 6, 14), date(2026, 6, 30), False),
        (date(2026, 6, 12), date(2026, 6, 29), False),  # a Friday: until that Friday
        (None, date(2026, 6, 30), True),
    ],
)
def test_goods_go_back_for_fourteen_days_from_delivery(
    policies: Policies, delivered: date | None, asked: date, is_allowed: bool
) -> None:
    """Directive 2011/83/EU, Art. 9(2)(b), counted as Regulation 1182/71, Art. 3(4), says; before delivery too."""
    facts = RETURN | {"delivered_on": delivered and delivered.isoformat(), "asked_on": asked.isoformat()}
    verdict = policies.decide("refund", facts, asked)
    assert (verdict.decision is not Decision.REFUSED) is is_allowed
    assert is_allowed or verdict.rule == "refund.withdrawal_window"


def test_an_approval_that_takes_its_time_takes_nothing_away(policies: Policies) -> None:
    """What was asked for in time is judged by that day; what was not asked in time stays refused."""
    later = TODAY + timedelta(days=5)
    assert policies.decide("refund", GIVEN_BACK, later).decision is Decision.AUTO
    late = GIVEN_BACK | {"asked_on": later.isoformat()}
    assert policies.decide("refund", late, later).rule == "refund.departed"


def test_all_reasons_share_one_sum(policies: Policies) -> None:
    """One kind of effect, and so one limit for thirty days, whatever the money was paid for."""
    assert policies.window_days("refund") == 30
    assert [kind for kind in policies.by_kind if kind.startswith("refund")] == ["refund"]
