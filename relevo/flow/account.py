"""Reads out of a conversation's tracker events what is known, who said it, and what was not understood.

The events are Rasa's as they are stored, oldest first, so this works where Rasa is not: slots that follow a message
before any action were read out of it, the others were set by the action before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from relevo.contracts.handoff import Intent, Slot, Topic

NOT_UNDERSTOOD = frozenset({"nlu_fallback", "not_understandable"})
PERSONAL = frozenset({"name", "email", "phone", "loyalty_number"})
_SMALL_TALK = frozenset({"greet", "thanks", "bye", "affirm", "deny", "inform", "wait", "ask_help", "send_attachment"})
_INNER = ("said_", "requested_slot", "session_started", "control_version")
_MOST_TOPICS = 5
_LONGEST_SAID = 200


@dataclass(slots=True)
class Account:
    """What a conversation has come to."""

    slots: dict[str, Slot] = field(default_factory=dict)
    topics: list[Topic] = field(default_factory=list)
    intent: Intent | None = None
    not_understood: int = 0
    last_event_id: str = ""


def account_of(turns: Iterable[bytes], verified_facts: Mapping[str, str]) -> Account:
    """Read turns of tracker events, a JSON array each."""
    account, reader = Account(), _Reader(verified_facts)
    for turn in turns:
        for event in msgspec.json.decode(turn):
            reader.read(event, account)
    account.topics = account.topics[-_MOST_TOPICS:]
    account.slots = {name: slot for name, slot in account.slots.items() if slot.value not in (None, [], {}, False)}
    return account


class _Reader:
    def __init__(self, verified_facts: Mapping[str, str]) -> None:
        self._verified = verified_facts
        self._action: str | None = None
        self._said: str | None = None
        self._event_id: str | None = None

    def read(self, event: Mapping[str, Any], account: Account) -> None:
        kind = event.get("event")
        if kind == "user":
            self._hear(event, account)
        elif kind == "action":
            self._action = str(event.get("name"))
        elif kind == "slot" and not str(event.get("name")).startswith(_INNER):
            account.slots[str(event["name"])] = self._slot(str(event["name"]), event.get("value"))

    def _hear(self, event: Mapping[str, Any], account: Account) -> None:
        found = (event.get("parse_data") or {}).get("intent") or {}
        name = str(found.get("name"))
        self._action, self._said = None, str(event.get("text") or "")[:_LONGEST_SAID]
        self._event_id = account.last_event_id = str(event.get("message_id") or "")
        account.intent = Intent(name=name, confidence=float(found.get("confidence") or 0.0)) if found else None
        account.not_understood = account.not_understood + 1 if name in NOT_UNDERSTOOD else 0
        if found and name not in _SMALL_TALK | NOT_UNDERSTOOD:
            account.topics.append(Topic(intent=name, said=self._said))

    def _slot(self, name: str, value: Any) -> Slot:
        return Slot(
            name=name,
            value=value,
            set_by=f"action:{self._action}" if self._action else "contact",
            said=None if self._action else self._said,
            event_id=self._event_id,
            is_personal=name in PERSONAL,
            is_verified=name in self._verified and self._verified[name] in _values(value),
        )


def _values(value: Any) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
