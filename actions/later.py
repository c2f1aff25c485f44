"""What was also asked for: kept while something else is done, offered when that is over; and questions in between.

"cancel my wifi and where is my order?" ──► the first is done, stopped or refused ──► "You also wrote …: shall I
go on with that?" ──► yes: answered as if it had just been written, with its own references
                      └─ no: forgotten
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.structs import asdict, replace

from actions.conversation import REQUEST as REQUEST_SLOTS
from actions.conversation import Also, Heard, Talk
from actions.handoff import LEAVING
from relevo.domain.contacts import Level

REQUEST, STAGE = "other", "later"
"""What is open while something that was kept is offered; a person who is asked for then gets a case of this type."""
MOST_KEPT = 3
_LONGEST_QUOTE = 120
_WHO = frozenset({"loyalty_number", "email", "phone", "name"})


def note(talk: Talk) -> None:
    """Keep what this message asks for besides its first request."""
    for also in talk.heard.also:
        remember(talk, also)


def remember(talk: Talk, also: Also) -> None:
    """Keep a request for later, unless one like it is kept, or too many are."""
    kept: list[dict[str, Any]] = talk.memory["later"] or []
    if len(kept) < MOST_KEPT and also.intent not in [one["intent"] for one in kept]:
        entities = {kind: list(values) for kind, values in also.entities.items()}
        talk.memory["later"] = [*kept, asdict(replace(also, entities=entities))]


def forget(talk: Talk, intent: str) -> None:
    """Drop what is being asked for right now."""
    kept: list[dict[str, Any]] = talk.memory["later"] or []
    if intent in [one["intent"] for one in kept]:
        talk.memory["later"] = [one for one in kept if one["intent"] != intent] or None


def offer(talk: Talk) -> None:
    """Offer the next one, once nothing else is open and no person takes over."""
    kept: list[dict[str, Any]] = talk.memory["later"] or []
    is_free = not talk.memory["in_request"] and not talk.is_handed_over and not talk.memory.is_new("help")
    if kept and is_free and talk.heard_next is None:
        talk.memory["in_request"], talk.memory["request"], talk.memory["stage"] = True, REQUEST, STAGE
        _say(talk, kept[0])


async def go_on(talk: Talk) -> None:
    """Take what was offered, or drop it."""
    kept: list[dict[str, Any]] = talk.memory["later"] or []
    intent = talk.heard.intent
    if not kept or intent in LEAVING or intent == "change_mind":
        talk.memory["later"] = kept[1:] or None
        talk.end()
        talk.say("utter_later_dropped" if intent != "bye" else "utter_bye")
    elif intent == "affirm":
        talk.memory["later"] = kept[1:] or None
        talk.end()
        talk.heard_next = Also(**kept[0])
    else:
        _say(talk, kept[0])


def _say(talk: Talk, one: dict[str, Any]) -> None:
    words = " ".join(one["text"].split()).rstrip(".,;:")
    talk.say("utter_later_offer", words=words if len(words) <= _LONGEST_QUOTE else f"{words[:_LONGEST_QUOTE]}…")


def is_known(talk: Talk) -> bool:
    """Tell whether it is known who writes."""
    return talk.turn.level >= Level.TWO_FACTS


def is_within_another(talk: Talk, request: str) -> bool:
    """Tell whether something else than this request, or what was kept, is open."""
    return bool(talk.memory["in_request"]) and talk.memory["request"] not in (request, REQUEST)


async def answer_beside(talk: Talk, question: Callable[[Talk], Awaitable[None]]) -> None:
    """Answer a question while another request stays as it is."""
    beside = dataclasses.replace(talk, memory=talk.memory.beside_request(), replies=[])
    await question(beside)
    talk.replies += beside.replies
    for name, value in beside.memory.changes.items():
        if name not in REQUEST_SLOTS:
            talk.memory[name] = value


def only_who(heard: Heard) -> Heard:
    """Give a message that was answered already, with nothing left in it but who writes."""
    entities = {kind: values for kind, values in heard.entities.items() if kind in _WHO}
    return replace(heard, text="", entities=entities, also=())
