"""The section ``rights`` of policies.yml: a business may change it, and hears every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from relevo.configuration import Mistakes, read_policies
from relevo.domain.rights import Answer, Disruption, entitlement
from tests.flights import late

SECTION = """\
rights:
  law:
    - {valid_from: 2020-01-01, source: s, number: 1/2, articles: {scope: a, denied: a, volunteers: a, grounds: a,
       cancelled: a, extraordinary: a, choice: a, care: a}}
  territory:
    - {valid_from: 2020-01-01, source: s, countries: [ES, FR, NO]}
  compensation:
    - valid_from: 2020-01-01
      source: s
      currency: EUR
      halved_earlier_minutes: 60
      bands:
        - {article: a, up_to_km: 1000, amount: 10000, halved_article: b, halved_up_to_minutes: 9, care_from_minutes: 9}
        - {article: a, amount: 20000, halved_article: b, halved_up_to_minutes: 60, care_from_minutes: 60}
  delay:
    - {valid_from: 2020-01-01, source: s, compensated_from_minutes: 120, refunded_from_minutes: 240, ruling: r}
    - {valid_from: 2026-06-02, source: t, compensated_from_minutes: 240, refunded_from_minutes: 240, ruling: r}
  cancellation:
    - {valid_from: 2020-01-01, source: s, notices: [{article: a, from_days: 0}, {article: a, from_days: 7}]}
  causes:
    - {valid_from: 2020-01-01, source: s, extraordinary: {weather: x}, ordinary: {technical: y}}
"""
COMPENSATE = """\
compensate_flight:
  least_level: two_facts
  decision: auto
  adds: rights
  facts: [amount, currency]
  rules:
    flight.amount: {check: exactly_owed, fact: amount, versions: [{valid_from: 2020-01-01, source: s}]}
"""


def _told(tmp_path: Path, text: str) -> list[str]:
    mistakes = Mistakes()
    (tmp_path / "policies.yml").write_text(text, encoding="utf-8")
    read_policies(tmp_path / "policies.yml", mistakes)
    return mistakes.lines


def test_a_business_writes_its_own_rules(tmp_path: Path) -> None:
    """Other distances, amounts and minutes, and the version of the flight's day."""
    assert _told(tmp_path, SECTION + COMPENSATE) == []
    rights = read_policies(tmp_path / "policies.yml", Mistakes()).rights
    two_hours = late(120, distance_km=1000)
    assert entitlement(Disruption.of(two_hours), rights).amount == 10000
    assert entitlement(Disruption.of(two_hours | {"distance_km": 1001}), rights).amount == 20000
    assert entitlement(Disruption.of(two_hours | {"flown_on": "2026-06-02"}), rights).answer is Answer.SHORT_DELAY
    assert entitlement(Disruption.of(two_hours | {"flown_on": "2019-12-31"}), rights).answer is Answer.NO_RULE


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("number: 1/2, ", "", "policies.yml:3: a version lacks 'number'; add it."),
        ("care: a}", "}", "policies.yml:3: articles lacks 'care'; add it."),
        ("care: a}", "car: a}", "policies.yml:4: 'car' means nothing here; did you mean 'care'?"),
        ("FR, NO", "FRA, NO", "policies.yml:6: 'FRA' must be a country's code of two capital letters, such as ES."),
        ("amount: 20000", "amount: 20001", "policies.yml:14: amount must be an even number of minor units"),
        ("amount: 20000", "amount: -1", "policies.yml:14: amount must be a whole number, 1 or more."),
        (" amount: 20000,", "", "policies.yml:14: a band lacks 'amount'; add it."),
        ("a, amount: 20000", "a, up_to_km: 9, amount: 2", "policies.yml:13: the last band must fit every flight"),
        ("up_to_km: 1000", "territory: one_end", "policies.yml:13: territory is 'one_end', and must be one of: any"),
        (
            "refunded_from_minutes: 240, ruling: r}\n  c",
            "ruling: r}\n  c",
            "policies.yml:17: a version lacks 'refunded_",
        ),
        ("2026-06-02", "2020-01-01", "policies.yml:17: two versions begin on 2020-01-01; keep one of them."),
        ("2026-06-02, ", "2026-06-02, valid_until: 2020-01-01, ", "policies.yml:17: valid_until is before valid_from"),
        ("from_days: 0}", "from_days: 1}", "policies.yml:19: one of the notices must begin with from_days: 0"),
        ("from_days: 0}", "from_days: 0, below_minutes: 9}", "policies.yml:19: a notice has both earlier_minutes and"),
        ("{technical: y}", "{weather: y}", "policies.yml:21: 'weather' cannot be both extraordinary and ordinary"),
        ("adds: rights", "adds: right", "policies.yml:25: adds is 'right', and must be one of: rights."),
    ],
)
def test_each_mistake_is_told_with_its_line(tmp_path: Path, before: str, after: str, told: str) -> None:
    """Nothing is guessed, and nothing is passed over."""
    text = SECTION + COMPENSATE
    assert text.count(before) >= 1, before
    lines = _told(tmp_path, text.replace(before, after, 1))
    assert any(line.startswith(told) for line in lines), lines


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """One start shows every one of them."""
    text = SECTION.replace("amount: 10000", "amount: 7").replace("number: 1/2, ", "").replace("ES, ", "es, ")
    assert len(_told(tmp_path, text)) == 3


def test_what_adds_rights_needs_them(tmp_path: Path) -> None:
    """A kind that is judged by a section which is not there would be judged by nothing."""
    (line,) = _told(tmp_path, COMPENSATE)
    assert line.endswith("compensate_flight adds rights, and the section 'rights' is missing or has mistakes.")
