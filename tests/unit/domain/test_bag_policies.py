"""What the policies allow for bags, at every limit, by the version of the flight's day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from relevo.configuration import Mistakes, read_policies
from relevo.domain.contacts import Level
from relevo.domain.effects import SUPERVISOR, Decision
from relevo.domain.policies import Policies

TODAY = date(2026, 6, 30)
DAMAGE: dict[str, Any] = {
    "ticket": "0751000000031",
    "place": 1,
    "flight": "AU0455",
    "flown_on": TODAY.isoformat(),
    "received_on": TODAY.isoformat(),
    "told_on": TODAY.isoformat(),
    "item": "maleta",
    "item_kind": "ordinary",
    "amount": 15_000,
    "currency": "EUR",
    "cap": "convention",
    "has_photo": True,
    "has_bill": False,
    "paid_on": None,
    "paid_for_flight": 0,
    "was_flown": True,
    "declined_at": None,
    "spent": 0,
}
ESSENTIALS: dict[str, Any] = {
    "report": "MADAU00417",
    "ticket": "0751000000041",
    "place": 1,
    "flown_on": (TODAY - timedelta(days=1)).isoformat(),
    "received_on": None,
    "told_on": TODAY.isoformat(),
    "days": 2,
    "amount": 20_000,
    "currency": "EUR",
    "cap": "convention",
    "has_bill": True,
    "paid_before": 0,
    "paid_for_flight": 0,
    "was_flown": True,
    "declined_at": None,
    "spent": 0,
}


@pytest.fixture(scope="module")
def policies() -> Policies:
    """The policies that are shipped."""
    mistakes = Mistakes()
    read = read_policies(Path(__file__).parents[3] / "policies.yml", mistakes)
    mistakes.raise_if_any()
    return read


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({}, "pay_damage.auto"),
        ({"amount": 20_000}, "pay_damage.auto"),
        ({"amount": 20_001}, "damage.at_once_limit"),
        ({"has_photo": False}, "damage.photo"),
        ({"paid_on": "2026-06-30"}, "damage.paid_before"),
        ({"spent": 25_000}, "pay_damage.auto"),
        ({"spent": 25_001}, "damage.cumulative_limit"),
        ({"item_kind": "instrument", "amount": 1}, "damage.instrument"),
        ({"item_kind": "instrument", "amount": 176_819}, "damage.instrument"),
        ({"item_kind": "instrument", "amount": 176_820}, "damage.convention_cap"),
        ({"item_kind": "instrument", "amount": 176_819, "paid_for_flight": 1}, "damage.convention_cap"),
        ({"item_kind": "mobility_aid", "cap": "none", "amount": 2_500_000}, "damage.mobility_aid"),
        ({"amount": 0}, "damage.plausible"),
        ({"amount": -5_000}, "damage.plausible"),
        ({"amount": 99_999_999_900}, "damage.plausible"),
        ({"told_on": (TODAY + timedelta(days=7)).isoformat()}, "pay_damage.auto"),
        ({"told_on": (TODAY + timedelta(days=8)).isoformat()}, "damage.report_window"),
        ({"item_kind": "instrument", "told_on": (TODAY + timedelta(days=8)).isoformat()}, "damage.instrument"),
        ({"was_flown": False}, "damage.not_flown"),
        ({"declined_at": "2026-06-29T10:00:00+00:00"}, "damage.declined_before"),
    ],
)
def test_damage_at_every_limit(policies: Policies, changed: dict[str, Any], rule: str) -> None:
    """The first rule that is broken decides, and what breaks none is paid at once."""
    assert policies.decide("pay_damage", DAMAGE | changed, TODAY).rule == rule


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({}, "pay_essentials.auto"),
        ({"amount": 20_001}, "essentials.daily_limit"),
        ({"amount": 10_001, "paid_before": 10_000}, "essentials.daily_limit"),
        ({"amount": 30_000, "days": 3}, "pay_essentials.auto"),
        ({"amount": 30_001, "days": 30}, "essentials.daily_limit"),
        ({"has_bill": False, "amount": 1}, "essentials.bill"),
        ({"amount": 0}, "essentials.plausible"),
        ({"spent": 40_000}, "pay_essentials.auto"),
        ({"spent": 40_001}, "essentials.cumulative_limit"),
        ({"amount": 176_820, "days": 3}, "essentials.convention_cap"),
        ({"received_on": (TODAY - timedelta(days=21)).isoformat()}, "pay_essentials.auto"),
        ({"received_on": (TODAY - timedelta(days=22)).isoformat()}, "essentials.complaint_window"),
    ],
)
def test_essentials_at_every_limit(policies: Policies, changed: dict[str, Any], rule: str) -> None:
    """So much a day for three days, with receipts, with what was paid before."""
    assert policies.decide("pay_essentials", ESSENTIALS | changed, TODAY).rule == rule


@pytest.mark.parametrize(
    ("flown_on", "drawing_rights", "limit"),
    [
        ("2015-06-01", 1_131, 131_653),
        ("2019-12-27", 1_131, 131_653),
        ("2019-12-28", 1_288, 149_929),
        ("2024-12-27", 1_288, 149_929),
        ("2024-12-28", 1_519, 176_819),
        ("2026-06-30", 1_519, 176_819),
    ],
)
def test_the_convention_limits_by_the_day_of_the_flight(
    policies: Policies, flown_on: str, drawing_rights: int, limit: int
) -> None:
    """Article 22(2) as revised for 28 December 2019 and 28 December 2024; the rate is data too."""
    facts = {"report": "MADAU00417", "flown_on": flown_on, "amount": limit, "cap": "convention", "paid_for_flight": 0}
    assert policies.decide("settle_lost_baggage", facts, TODAY).rule == "settle_lost_baggage.needs_approval"
    above = policies.decide("settle_lost_baggage", facts | {"amount": limit + 1}, TODAY)
    assert (above.facts["drawing_rights"], above.facts["limit"]) == (drawing_rights, limit)


@pytest.mark.parametrize(("days", "is_searched"), [(0, True), (21, True), (22, False)])
def test_after_21_days_a_bag_counts_as_lost(policies: Policies, days: int, is_searched: bool) -> None:
    """Article 17(3): at the expiration of 21 days after the date on which it ought to have arrived."""
    flown_on = (TODAY - timedelta(days=days)).isoformat()
    verdict = policies.decide("search_baggage", {"report": "MADAU00417", "flown_on": flown_on}, TODAY)
    assert (verdict.decision is Decision.AUTO) is is_searched


def test_what_was_told_in_time_stays_in_time(policies: Policies) -> None:
    """An approval that takes its time takes nothing away."""
    verdict = policies.decide("pay_damage", DAMAGE | {"item_kind": "instrument"}, TODAY + timedelta(days=30))
    assert verdict.rule == "damage.instrument"


def test_people_in_charge_decide_about_what_is_dear_to_somebody(policies: Policies) -> None:
    """Instruments, mobility aids, and everything above the convention's limit; not the rest."""
    instrument = policies.decide("pay_damage", DAMAGE | {"item_kind": "instrument"}, TODAY)
    aid = policies.decide("pay_damage", DAMAGE | {"item_kind": "mobility_aid", "cap": "none"}, TODAY)
    above = policies.decide("pay_essentials", ESSENTIALS | {"amount": 176_820}, TODAY)
    assert [verdict.approver for verdict in (instrument, aid, above)] == [SUPERVISOR] * 3
    assert policies.decide("pay_damage", DAMAGE | {"amount": 20_001}, TODAY).approver is None


def test_a_kind_of_item_that_no_rule_names_allows_nothing(policies: Policies) -> None:
    """Of another sort it would pass them all."""
    with pytest.raises(ValueError, match="item_kind"):
        policies.decide("pay_damage", DAMAGE | {"item_kind": "yacht"}, TODAY)


def test_an_address_asks_for_a_code(policies: Policies) -> None:
    """Whoever changes where a bag is brought gets the bag."""
    assert policies.required_level("change_delivery_address") is Level.CODE
    assert policies.required_level("pay_damage") is Level.TWO_FACTS
