"""What an action hears, remembers and says, apart from Rasa's own objects.

The last thing said is not dispatched but followed up as a Rasa action of its own, with its values in ``said_…`` slots:
so every reply stands in data/rules, where one sees what comes after it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecuted, EventType, FollowupAction, SlotSet, UserUttered
from rasa_sdk.executor import CollectingDispatcher

from actions.wording import Wording, wording
from relevo.contracts.runtime import Turn

NOT_UNDERSTOOD = frozenset({"nlu_fallback", "not_understandable"})
ACTION_LISTEN = "action_listen"
ALSO = "also"
"""Entity of a clause that asks for something else than the message's beginning; see relevo.nlu.clauses."""
FILES_ONLY = "send_attachment"
"""Intent of a message that is photos or files without words."""
NAMING_ONE = ("order", "ticket", "booking_code", "flight", "subscription", "case", "baggage_report")
"""Entities that name one thing; a yes beside one that was not shown is to something else."""
SHOWN = ("offer", "shown", "photo_trips", "draft", "refused")
"""Slots with what the open request showed and was told: of no use to another one, and nobody else's to see."""

TELLING = frozenset({
    "code", "email", "name", "name_photo", "tell_bag", "tell_address", "tell_damage", "tell_bill",
})  # fmt: skip
"""Stages in which something was asked for that nobody can foresee: there is nothing that is not understood."""
_TELLING_BY = frozenset({
    *NOT_UNDERSTOOD, FILES_ONLY, "inform", "deny", "affirm", "report_lost_baggage", "report_damage", "claim_essentials",
    "change_delivery_address", "ask_baggage_status", "report_overcharge", "ask_refund",
})  # fmt: skip
"""Intents of words that tell something, where it was asked for; the others have answers of their own."""
_BESIDE = frozenset({"loyalty_number", "booking_code", "ticket", "order", "email", "phone", "name", "amount"})
_CLAUSE = re.compile(r"(?:[^,;.!?\n]|[.,](?=\S))+[.!?]*")


REQUEST = ("in_request", "request", "stage", "goal", "was_refused", *SHOWN)
"""Slots of the open request."""


class Also(msgspec.Struct, frozen=True):
    """A further request in a message that begins with another one, understood by itself."""

    intent: str
    text: str
    entities: Mapping[str, Sequence[str]]


class Heard(msgspec.Struct, frozen=True):
    """The contact's latest message, understood."""

    text: str
    intent: str
    entities: Mapping[str, tuple[str, ...]]
    also: tuple[Also, ...] = ()
    """What else is asked for in it; its references are not among the message's own."""
    not_understood_before: str | None = None
    """What was said just before, where neither that nor this message was understood."""
    story: str = ""
    """The text without the clauses that only say who writes, or how much."""
    perhaps: Mapping[str, float] = msgspec.field(default_factory=dict)
    """Where it was not understood: what it may mean, likeliest first, and how likely each is."""

    @property
    def is_button(self) -> bool:
        """Whether a button was pressed; Relevo lets no other text begin like this."""
        return self.text.startswith("/")

    @property
    def is_telling(self) -> bool:
        """Whether the words may be what was asked for, and are no question."""
        return self.intent in _TELLING_BY and "?" not in self.entities.get("hedge", ())

    @property
    def is_plain_yes(self) -> bool:
        """Whether this is a yes by word or button, with nothing in it that takes it back or adds to it."""
        shades = self.entities.keys() & {"agreement", "hedge", "addition"}
        return self.intent == "affirm" and (self.is_button or shades == {"agreement"})


class Memory:
    """The conversation's slots, with what this action changes."""

    def __init__(self, slots: Mapping[str, Any]) -> None:
        self._slots = slots
        self._changes: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        return self._changes[name] if name in self._changes else self._slots.get(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self._changes[name] = value

    def forget(self, *names: str) -> None:
        """Empty slots."""
        self._changes.update(dict.fromkeys(names))

    @property
    def changes(self) -> Mapping[str, Any]:
        """What was changed, by name."""
        return self._changes

    def beside_request(self) -> Memory:
        """Give a memory of the same, in which no request is open."""
        return Memory({**self._slots, **self._changes, **dict.fromkeys(REQUEST)})

    def is_new(self, name: str) -> bool:
        """Tell whether this action has given a slot its value."""
        return name in self._changes

    def events(self) -> list[EventType]:
        """Give what really changed."""
        return [SlotSet(name, value) for name, value in self._changes.items() if value != self._slots.get(name)]


@dataclass(slots=True)
class Talk:
    """One run of an action: what was heard, what is remembered, who acts, and what will be said."""

    turn: Turn
    heard: Heard
    memory: Memory
    replies: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    is_handed_over: bool = False
    """Whether control passes to a person with this turn."""
    heard_next: Also | None = None
    """What is then answered as if the contact had just written it."""

    @property
    def wording(self) -> Wording:
        """How the conversation's language writes things."""
        return wording(self.memory["language"])

    def day(self, at: datetime) -> str:
        """Write the day of a moment where the business is."""
        return self.wording.date(at.astimezone(self.turn.zone).date())

    def agrees(self, *shown: str) -> bool:
        """Tell a yes to exactly what was shown: one that names nothing else, and chooses nothing."""
        named = {value for kind in NAMING_ONE for value in self.heard.entities.get(kind, ())}
        choices = {*self.heard.entities.get("choice", ())} - {"all"}
        return self.heard.is_plain_yes and not self.replies and not choices and named <= {*shown}

    def say(self, response: str, **values: str) -> None:
        """Say a response of domain.yml; its ``{said_x}`` is the value ``x``."""
        self.replies.append((response, {f"said_{name}": value for name, value in values.items()}))

    def new_reference(self, ref: str) -> str:
        """Give an effect a reference of its own that may be done again and again; a retried turn gives the same."""
        return f"{ref}:{self.turn.now:%Y%m%d%H%M%S%f}"

    def end(self, *also: str) -> None:
        """Close the open request, with further slots of its own; who writes stays known."""
        self.memory.forget(*REQUEST, *also)

    def stop(self, *also: str) -> None:
        """Close the open request because the contact leaves it."""
        self.end(*also)
        self.say("utter_stopped")

    def finish(self, dispatcher: CollectingDispatcher) -> list[EventType]:
        """Say everything but the last reply, and give the events that lead to that one."""
        if self.heard_next is not None:
            return self._go_on_hearing(dispatcher, self.heard_next)
        for response, values in self.replies[:-1]:
            dispatcher.utter_message(response=response, **values)
        for response, values in self.replies[-1:]:
            for slot, value in values.items():
                self.memory[slot] = value
            return [*self.memory.events(), FollowupAction(response)]
        return self.memory.events()

    def _go_on_hearing(self, dispatcher: CollectingDispatcher, said: Also) -> list[EventType]:
        """Say everything, and let Rasa answer what was said earlier: by its rules, with its slots."""
        for response, values in self.replies:
            dispatcher.utter_message(response=response, **values)
        entities = [{"entity": kind, "value": value} for kind, values in said.entities.items() for value in values]
        parsed = {"text": said.text, "intent": {"name": said.intent, "confidence": 1.0}, "entities": entities}
        return [*self.memory.events(), ActionExecuted(ACTION_LISTEN), UserUttered(said.text, parse_data=parsed)]


def heard(tracker: Tracker) -> Heard:
    """Read the latest message from a tracker."""
    message = tracker.latest_message
    intent, text = _intent(message), message.get("text") or ""
    if intent == FILES_ONLY:
        text = ""
    found: Sequence[Mapping[str, Any]] = message.get("entities") or ()
    entities = _values([entity for entity in found if entity["entity"] != ALSO])
    if intent in NOT_UNDERSTOOD:
        return Heard(
            text, intent, entities, (), _not_understood_before(tracker), _story(text, found), _perhaps(message)
        )
    also = (
        Also(entity["value"], text[entity["start"] : entity["end"]], _values(entity["entities"]))
        for entity in found
        if entity["entity"] == ALSO
    )
    return Heard(text, intent, entities, tuple(also), story=_story(text, found))


def _values(found: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    entities: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for entity in found:
        entities[entity["entity"]] += (str(entity["value"]),)
    return dict(entities)


def _story(text: str, entities: Iterable[Mapping[str, Any]]) -> str:
    """Leave out the clauses that identify or count; where nothing else is left, the facts alone."""
    if text.startswith("/"):
        return ""
    facts = [(e["start"], e["end"]) for e in entities if e["entity"] in _BESIDE and "start" in e]
    clauses = [(match.start(), match.end()) for match in _CLAUSE.finditer(text)]
    kept = [text[a:b].strip() for a, b in clauses if not any(start < b and a < end for start, end in facts)]
    if facts and not any(re.search(r"[^\W\d]{3}", clause) for clause in kept):
        for start, end in sorted(facts, reverse=True):
            text = text[:start] + text[end:]
        kept = [" ".join(text.split()).strip(" ,;.")]
    return ", ".join(filter(None, kept))


def _not_understood_before(tracker: Tracker) -> str | None:
    """Give the last message but one, where it was not understood either.

    Events are looked at from the newest on: Relevo serialises each of them when it is looked at.
    """
    said = (event for event in reversed(tracker.events) if event["event"] == "user")
    before: Mapping[str, Any] = next(islice(said, 1, None), {})
    return str(before.get("text") or "") if _intent(before.get("parse_data")) in NOT_UNDERSTOOD else None


def _perhaps(message: Mapping[str, Any]) -> dict[str, float]:
    ranking: Sequence[Mapping[str, Any]] = message.get("intent_ranking") or ()
    return {str(each["name"]): float(each["confidence"]) for each in ranking if each["name"] != "nlu_fallback"}


def _intent(parsed: Mapping[str, Any] | None) -> str:
    return str(((parsed or {}).get("intent") or {}).get("name"))
