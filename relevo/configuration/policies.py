"""Reads policies.yml into ``relevo.domain.policies``."""

from __future__ import annotations

import re
from pathlib import Path

from relevo.configuration.documents import Mistakes, Spot, read_document
from relevo.configuration.rights import read_rights
from relevo.domain.contacts import Level
from relevo.domain.effects import SUPERVISOR, Decision
from relevo.domain.passenger_rules import Rights
from relevo.domain.policies import ADDED_BY_RIGHTS, CHECKS, Policies, Policy, Rule, Version

_LEVELS = {level.name.lower(): level for level in Level}
_ENDINGS = {Decision.REFUSED.value, Decision.NEEDS_APPROVAL.value}
_ALLOWED = {Decision.AUTO.value, Decision.NEEDS_APPROVAL.value}
_RIGHTS = "rights"
"""Section that is no kind of effect: what flights owe their passengers."""


def read_policies(path: Path, mistakes: Mistakes) -> Policies:
    """Read the policies; what is wrong is noted and left out."""
    document = read_document(path, mistakes)
    kinds = document.fields(is_open=True) if document else {}
    rights = read_rights(kinds.pop(_RIGHTS)) if _RIGHTS in kinds else None
    policies = {kind: policy for kind, spot in kinds.items() if (policy := _policy(kind, spot))}
    for kind in (kind for kind, policy in policies.items() if policy.adds_rights and rights is None):
        kinds[kind].wrong(f"{kind} adds rights, and the section '{_RIGHTS}' is missing or has mistakes.")
    return Policies(by_kind=policies, rights=rights or Rights())


def _policy(kind: str, spot: Spot) -> Policy | None:
    parts = spot.fields(required=("least_level", "decision", "facts", "rules"), optional=("event_date", "adds"))
    level = parts["least_level"].choice(_LEVELS) if "least_level" in parts else None
    decision = parts["decision"].choice(_ALLOWED) if "decision" in parts else None
    facts = {fact for item in (parts["facts"].items() if "facts" in parts else ()) if (fact := item.text())}
    adds_rights = "adds" in parts and parts["adds"].choice({_RIGHTS}) is not None
    facts |= ADDED_BY_RIGHTS if adds_rights else set()
    named = parts["rules"].fields(is_open=True) if "rules" in parts else {}
    rules = [_rule(name, rule, facts) for name, rule in named.items()]
    if level is None or decision is None:
        return None
    return Policy(
        kind=kind,
        least_level=_LEVELS[level],
        decision=Decision(decision),
        rules=tuple(rule for rule in rules if rule),
        event_date=parts["event_date"].choice(facts) if "event_date" in parts else None,
        adds_rights=adds_rights,
    )


def _rule(name: str, spot: Spot, facts: set[str]) -> Rule | None:
    if not re.fullmatch(r"[a-z][a-z_]*\.[a-z][a-z_]*", name):
        spot.wrong(f"the rule '{name}' must be named like points.claim_window: two words with a dot between.")
    parts = spot.fields(required=("check", "fact", "versions"), optional=("where", "otherwise", "approver"))
    check = parts["check"].choice(CHECKS) if "check" in parts else None
    fact = (parts["fact"].choice(facts) if facts else parts["fact"].text()) if "fact" in parts else None
    if check and (missing := CHECKS[check].further_facts - facts):
        spot.wrong(f"the check {check} also needs {', '.join(sorted(missing))}; add them to 'facts'.")
    otherwise = parts["otherwise"].choice(_ENDINGS) if "otherwise" in parts else Decision.REFUSED.value
    approver = parts["approver"].choice({SUPERVISOR}) if "approver" in parts else None
    where = _where(parts["where"], facts) if "where" in parts else {}
    versions = _versions(parts["versions"], check) if "versions" in parts and check else []
    if not (check and fact and otherwise and versions):
        return None
    newest_first = sorted(versions, key=lambda version: version.valid_from, reverse=True)
    return Rule(
        name=name,
        check=check,
        fact=fact,
        otherwise=Decision(otherwise),
        versions=tuple(newest_first),
        where=where,
        approver=approver,
    )


def _where(spot: Spot, facts: set[str]) -> dict[str, str]:
    """Read which facts must have which values; one that 'facts' does not tell would be a rule that nobody asks."""
    found = spot.fields(is_open=True)
    for name, value in found.items():
        if facts and name not in facts:
            value.wrong(f"where names '{name}', which 'facts' does not have; known are: {', '.join(sorted(facts))}.")
    return {name: text for name, value in found.items() if (text := value.text())}


def _versions(spot: Spot, check: str) -> list[Version]:
    versions: dict[object, Version] = {}
    for item in spot.items():
        version = _version(item, check)
        if version and version.valid_from in versions:
            item.wrong(f"two versions begin on {version.valid_from}; keep one of them.")
        elif version:
            versions[version.valid_from] = version
    return list(versions.values())


def _version(spot: Spot, check: str) -> Version | None:
    needed = CHECKS[check].parameters
    parts = Spot(spot.node, "a version", spot.file, spot.mistakes).fields(
        required=("valid_from", "source", *sorted(needed))
    )
    day = parts["valid_from"].day() if "valid_from" in parts else None
    source = parts["source"].text() if "source" in parts else None
    numbers = {name: parts[name].whole_number(least=1) for name in needed if name in parts}
    if day is None or source is None or len(numbers) < len(needed) or None in numbers.values():
        return None
    return Version(
        valid_from=day, source=source, parameters={name: number for name, number in numbers.items() if number}
    )
