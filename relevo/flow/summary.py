"""Sums a handoff up in a few sentences by template, in every language that has texts; no model needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relevo.contracts.handoff import Attempt, HandoffRecord, Slot, Summary
from relevo.flow.texts import has_text, languages, say

_LONGEST = 1000
INNER_SLOTS = frozenset(
    {
        "in_request",
        "request",
        "stage",
        "goal",
        "has_case",
        "case_id",
        "is_identified",
        "tried",
        "language",
        "photo_trips",
        "shown",
        "draft",
        "chosen_language",
        "code_is_dead",
    }
)


def summaries(record: HandoffRecord) -> list[Summary]:
    """Give one summary for each language, as the record travels with them."""
    return [
        Summary(language=language, text=summary_of(record, language), method="template") for language in languages()
    ]


def summary_of(record: HandoffRecord, language: str, *, with_goal: bool = True) -> str:
    """Sum a record's facts up in a reader's language; without the goal where it stands beside it already."""
    known = ", ".join(_fact(language, slot) for slot in record.slots if _is_plain(slot))
    missing = ", ".join(_named(language, "fact", name) for name in record.missing_slots)
    tried, pending = _list(language, record.attempts), _list(language, record.pending_effects)
    sentences = [
        say(language, "summary_goal", goal=record.goal) if record.goal and with_goal else "",
        say(language, f"summary_{record.trigger}") if has_text(language, f"summary_{record.trigger}") else "",
        say(language, "summary_perhaps", names="; ".join(record.perhaps)) if record.perhaps else "",
        say(language, "summary_known", facts=known) if known else "",
        say(language, "summary_tried", attempts=tried) if tried else "",
        say(language, "summary_pending", attempts=pending) if pending else "",
        say(language, "summary_missing", names=missing) if missing else "",
    ]
    return " ".join(sentence for sentence in sentences if sentence)[:_LONGEST]


def _is_plain(slot: Slot) -> bool:
    return slot.name not in INNER_SLOTS and isinstance(slot.value, str | list) and not _is_nested(slot.value)


def _is_nested(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def _fact(language: str, slot: Slot) -> str:
    value = "/".join(map(str, slot.value)) if isinstance(slot.value, list) else str(slot.value)
    proof = f" ({say(language, 'summary_verified')})" if slot.is_verified else ""
    return f"{_named(language, 'fact', slot.name)} {value}{proof}"


def _list(language: str, attempts: Sequence[Attempt]) -> str:
    return ", ".join(_attempt(language, attempt) for attempt in attempts)


def _attempt(language: str, attempt: Attempt) -> str:
    _, _, reference = attempt.key.partition(":")
    rule = f" ({attempt.rule})" if attempt.rule and attempt.state != "done" else ""
    kind, state = _named(language, "effect", attempt.kind), _named(language, "state", attempt.state)
    return f"{kind} {reference}: {state}{rule}"


def _named(language: str, group: str, name: str) -> str:
    """Give a name in words where the language has some."""
    key = f"summary_{group}_{name}"
    return say(language, key) if has_text(language, key) else name
