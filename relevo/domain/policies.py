"""What the business allows: rules with limits and windows as data, applied as they stood on the event's date.

    facts ──► rule 1 ──► rule 2 ──► … ──► every rule kept: the policy's own decision (auto or needs_approval)
                 └──────────┴── first rule broken: its name, and refused or needs_approval

Which rules there are, and in which order, is written in policies.yml; what a check means is written here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from relevo.domain.contacts import Level
from relevo.domain.effects import Decision, Verdict
from relevo.domain.names import explains
from relevo.domain.passenger_rules import Rights
from relevo.domain.rights import Disruption, entitlement

_FRIDAY = 5

Facts = Mapping[str, Any]
Broken = Mapping[str, Any] | None
"""What a broken rule's sentence needs, or None when the rule is kept."""
ADDED_BY_RIGHTS = frozenset({"answer", "owed", "owed_currency", "is_cause_known"})
"""Facts that are worked out here of a flight's own, and never taken from whoever asks."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's parameters from a date on, and where they are written down."""

    valid_from: date
    source: str
    parameters: Mapping[str, int] = msgspec.field(default_factory=dict)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One condition; ``name`` is stable and is said to the contact when it refuses."""

    name: str
    check: str
    fact: str
    otherwise: Decision
    versions: tuple[Version, ...]
    """Newest first."""
    where: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Facts that must have these values for the rule to be asked at all; empty: it is always asked."""
    approver: str | None = None
    """``supervisor`` where only people in charge may approve what breaks it; None: anybody with the limit."""

    def version_on(self, day: date) -> Version:
        """Give the version in force on a day; before the first one began, the first one."""
        return next((version for version in self.versions if version.valid_from <= day), self.versions[-1])


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one kind of effect."""

    kind: str
    least_level: Level
    decision: Decision
    rules: tuple[Rule, ...]
    event_date: str | None = None
    """Fact that holds the date by which versions are chosen; None takes the day of the decision."""
    adds_rights: bool = False
    """Whether its facts are of a passenger's flight, and what that is owed is added to them."""


class Policies(msgspec.Struct, frozen=True, kw_only=True):
    """The policies of all kinds of effects."""

    by_kind: Mapping[str, Policy]
    rights: Rights = msgspec.field(default_factory=Rights)
    """What flights owe their passengers."""

    def required_level(self, kind: str) -> Level:
        """Give how surely a contact must be known for this kind; raises ValueError for an unknown kind."""
        return self._policy(kind).least_level

    def window_days(self, kind: str) -> int | None:
        """Give the window of a kind's cumulative limit, the longest of all versions; None without one."""
        rules = [rule for rule in self._policy(kind).rules if rule.check == "within_total"]
        return max((version.parameters["days"] for rule in rules for version in rule.versions), default=None)

    def decide(self, kind: str, facts: Facts, on: date) -> Verdict:
        """Decide about an effect on a day where the business is.

        Dates among the facts are ``date`` or ISO text; where they hold ``asked_on``, windows are those of that day: an
        approval that takes its time takes nothing away. What is allowed carries what the rules promise with it. Raises
        ValueError for an unknown kind, a missing fact and what no rule is written for: what cannot be checked is never
        allowed.
        """
        policy = self._policy(kind)
        facts = self._with_rights(facts) if policy.adds_rights else facts
        _demand_written(policy, facts)
        day = _date_of(facts, policy.event_date) if policy.event_date else on
        on = _date_of(facts, "asked_on") if facts.get("asked_on") else on
        promised: dict[str, Any] = {}
        for rule in policy.rules:
            if any(facts[fact] != value for fact, value in rule.where.items()):
                continue
            parameters = rule.version_on(day).parameters
            broken = CHECKS[rule.check].test(facts, rule.fact, parameters, on)
            if broken is not None:
                facts = {**promised, **broken}
                return Verdict(decision=rule.otherwise, rule=rule.name, facts=facts, approver=rule.approver)
            promised |= parameters if CHECKS[rule.check].is_promise else {}
        return Verdict(decision=policy.decision, rule=f"{kind}.{policy.decision.value}", facts=promised)

    def _with_rights(self, facts: Facts) -> Facts:
        found = entitlement(Disruption.of(facts), self.rights)
        added = {"answer": found.answer.value, "owed": found.amount, "owed_currency": found.currency}
        return {**facts, **added, "is_cause_known": found.is_cause_known}

    def _policy(self, kind: str) -> Policy:
        if kind not in self.by_kind:
            raise ValueError(f"policies.yml says nothing about '{kind}'; add it there before using it.")
        return self.by_kind[kind]


class Check(msgspec.Struct, frozen=True):
    """A kind of condition, with the whole-number parameters that it needs."""

    test: Callable[[Facts, str, Mapping[str, int], date], Broken]
    parameters: frozenset[str] = frozenset()
    further_facts: frozenset[str] = frozenset()
    """Facts with fixed names that it reads besides the rule's own."""
    is_promise: bool = False
    """Whether it is never broken, and its parameters are told with what is allowed."""


def _is_true(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    return None if _fact(facts, fact) is True else {}


def _is_present(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    return None if _fact(facts, fact) is not None else {}


def _is_absent(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    value = _fact(facts, fact)
    return None if value is None else {"value": str(value)}


def _is_within_days(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    happened, days = _date_of(facts, fact), parameters["days"]
    until = happened + timedelta(days=days)
    return None if on <= until else {"days": days, "date": happened.isoformat(), "until": until.isoformat()}


def _is_within_legal_days(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    """A period of the law: what did not begin has not ended, and a last day on a weekend moves to Monday."""
    if _fact(facts, fact) is None:
        return None
    happened = _date_of(facts, fact)
    until = happened + timedelta(days=parameters["days"])
    while until.isoweekday() > _FRIDAY:
        until += timedelta(days=1)
    return None if on <= until else {**parameters, "date": happened.isoformat(), "until": until.isoformat()}


def _is_past(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    return None if on > _date_of(facts, fact) else {"date": _date_of(facts, fact).isoformat()}


def _is_to_come(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    return None if on < _date_of(facts, fact) else {"date": _date_of(facts, fact).isoformat()}


def _is_promised(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    return None


def _is_at_most(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    amount, limit = int(_fact(facts, fact)), parameters["limit"]
    return None if 0 <= amount <= limit else {"limit": limit, "amount": amount}


def _is_within_total(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    amount, spent = int(_fact(facts, fact)), int(_fact(facts, "spent"))
    is_kept = amount >= 0 and amount + spent <= parameters["limit"]
    return None if is_kept else {**parameters, "amount": amount, "spent": spent}


def _is_at_least(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    amount, least = int(_fact(facts, fact)), parameters["least"]
    return None if amount >= least else {"least": least, "amount": amount}


def _is_exactly_owed(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    """A sum that the law fixes is paid as it is: neither more nor less, and in its own currency."""
    amount, owed = int(_fact(facts, fact)), int(_fact(facts, "owed"))
    is_same_currency = _fact(facts, "currency") == _fact(facts, "owed_currency")
    return None if 0 < amount == owed and is_same_currency else {"owed": owed, "amount": amount}


def _is_between(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    amount = int(_fact(facts, fact))
    return None if parameters["least"] <= amount <= parameters["most"] else {**parameters, "amount": amount}


def _is_above_ratio_and_floor(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    """A charge so far above the goods, and above a floor, that nobody meant it; no more of it than the whole."""
    charge, goods, amount = (int(_fact(facts, name)) for name in (fact, "goods", "amount"))
    is_above_ratio, is_above_floor = charge > goods * parameters["times"], charge > parameters["floor"]
    if is_above_ratio and is_above_floor and 0 < amount <= charge:
        return None
    return {**parameters, "is_above_ratio": is_above_ratio, "is_above_floor": is_above_floor, "amount": amount}


def _is_within_overpayment(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    """Of what was paid, only what is above the total can have been paid too often."""
    paid, total, amount = (int(_fact(facts, name)) for name in (fact, "total", "amount"))
    return None if 0 < amount <= paid - total else {"overpaid": max(0, paid - total), "amount": amount}


def _is_told_within_days(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    """What was told in time stays so, however late it is decided; what has not been received is never late."""
    if _fact(facts, "received_on") is None:
        return None
    received, told, days = _date_of(facts, "received_on"), _date_of(facts, fact), parameters["days"]
    until = received + timedelta(days=days)
    return None if told <= until else {"days": days, "date": received.isoformat(), "until": until.isoformat()}


def _is_within_daily(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    """So much for each day, and no more days than these; what was paid before counts."""
    amount, before, days = (int(_fact(facts, name)) for name in (fact, "paid_before", "days"))
    limit = parameters["a_day"] * max(0, min(days, parameters["most_days"]))
    if 0 < amount <= limit - before:
        return None
    return {**parameters, "limit": limit, "left": max(0, limit - before), "amount": amount}


def _is_within_drawing_rights(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    """The limit of a convention, in special drawing rights; what was paid for the same flight counts."""
    amount, before = int(_fact(facts, fact)), int(_fact(facts, "paid_for_flight"))
    limit = parameters["drawing_rights"] * parameters["euro_millionths"] // 10_000
    return None if 0 <= amount <= limit - before else {**parameters, "limit": limit, "amount": amount}


def _explains_name(facts: Facts, fact: str, parameters: Mapping[str, int], on: date) -> Broken:
    printed, given, family = str(_fact(facts, fact)), _fact(facts, "given_names"), _fact(facts, "surnames")
    return None if explains(printed, str(given), str(family)) else {"name": printed}


CHECKS: Mapping[str, Check] = {
    "is_true": Check(_is_true),
    "is_present": Check(_is_present),
    "is_absent": Check(_is_absent),
    "within_days": Check(_is_within_days, frozenset({"days"})),
    "within_legal_days": Check(_is_within_legal_days, frozenset({"days"})),
    "is_past": Check(_is_past),
    "is_to_come": Check(_is_to_come),
    "pays_within": Check(_is_promised, frozenset({"pays_within_days"}), is_promise=True),
    "at_most": Check(_is_at_most, frozenset({"limit"})),
    "at_least": Check(_is_at_least, frozenset({"least"})),
    "exactly_owed": Check(_is_exactly_owed, further_facts=frozenset({"owed", "owed_currency", "currency"})),
    "between": Check(_is_between, frozenset({"least", "most"})),
    "above_ratio_and_floor": Check(
        _is_above_ratio_and_floor, frozenset({"times", "floor"}), frozenset({"goods", "amount"})
    ),
    "within_overpayment": Check(_is_within_overpayment, further_facts=frozenset({"total", "amount"})),
    "told_within_days": Check(_is_told_within_days, frozenset({"days"}), frozenset({"received_on"})),
    "within_daily": Check(_is_within_daily, frozenset({"a_day", "most_days"}), frozenset({"paid_before", "days"})),
    "within_drawing_rights": Check(
        _is_within_drawing_rights, frozenset({"drawing_rights", "euro_millionths"}), frozenset({"paid_for_flight"})
    ),
    "within_total": Check(_is_within_total, frozenset({"limit", "days"}), frozenset({"spent"})),
    "explains_name": Check(_explains_name, further_facts=frozenset({"given_names", "surnames"})),
}
"""The checks that policies.yml may name."""


def _demand_written(policy: Policy, facts: Facts) -> None:
    """What the rules tell apart must be of a sort that one of them names: of another sort it would pass them all."""
    for name in {name for rule in policy.rules for name in rule.where}:
        known = {rule.where[name] for rule in policy.rules if name in rule.where}
        if _fact(facts, name) not in known:
            raise ValueError(f"No rule of {policy.kind} is written for the {name} '{facts[name]}'; nothing is done.")


def _fact(facts: Facts, name: str) -> Any:
    if name not in facts:
        raise ValueError(f"The policy needs the fact '{name}', and it was not given.")
    return facts[name]


def _date_of(facts: Facts, name: str) -> date:
    value = _fact(facts, name)
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
