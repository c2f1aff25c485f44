"""Asks what is meant where that is not sure: one question, with the few things that it may be.

    not understood ──► may be one of three ──► asked ──► chosen by button, by "the second one", or by a yes to one:
                   │                                     answered as if what was written first had said so
                   └─► is near nothing ──► asked to put it otherwise
    not understood again ──► a person, with what it may be about

What was asked is kept in the slot ``help``, as questions are, and until the next action alone.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from actions.cases import same_case
from actions.conversation import Also, Heard, Talk
from actions.handoff import to_person
from relevo.domain.cases import Trigger

STAGE = "perhaps"
_RESPONSES = ("utter_perhaps_1", "utter_perhaps_2", "utter_perhaps_3")
_LEAST = 0.03
"""What is less likely would only make the question longer (shares are flat: the second is seldom above 0.08)."""
_NEAR = 0.08
"""What is so likely is rather asked about than answered with an article."""
_OF_THIS_MESSAGE = frozenset({"language", "choice", "agreement", "hedge", "addition"})
"""Entities that say nothing about what is wanted: they are the answer's own."""
_PLACES = {"1": 0, "2": 1, "3": 2, "last": -1}
_LONGEST = 500

Asked = dict[str, Any]


async def not_understood(talk: Talk) -> bool:
    """Ask once what is meant; the second time in a row hand off and tell that nothing else is to be said."""
    if talk.heard.not_understood_before is None:
        if talk.memory["in_request"]:
            talk.say("utter_not_understood_here")
        elif not _ask(talk):
            talk.say("utter_not_understood")
        return False
    asked = talk.memory["help"] or {}
    both = f"{talk.heard.not_understood_before}\n{talk.heard.text}"
    words = talk.memory["goal"] if talk.memory["in_request"] else both
    intents = dict.fromkeys([*(asked.get("intents") or ()), *(intent for intent, _ in _choices(talk))])
    perhaps = tuple(talk.wording.choice(intent) or intent for intent in intents)
    case_type = talk.memory["request"] or "other"
    number = await same_case(talk, case_type, Trigger.REPEATED_FALLBACK, goal=words, perhaps=list(perhaps))
    await to_person(talk, number, case_type, Trigger.REPEATED_FALLBACK, "utter_not_understood_again", perhaps)
    return True


def go_on(talk: Talk) -> None:
    """Hear a yes to the only choice; after anything else other words are asked for."""
    if not was_chosen(talk):
        talk.say("utter_perhaps_none")


def was_chosen(talk: Talk) -> bool:
    """Hear which was chosen in words, and tell whether one was; it is then answered."""
    asked = _asked(talk)
    intent = _chosen(talk, asked["intents"]) if asked else None
    if asked and intent:
        talk.heard_next = Also(intent, asked["question"], _entities(asked))
    return intent is not None


def meant(talk: Talk) -> Heard:
    """Give what was written before a button chose what it means; else what was heard."""
    asked, heard = _asked(talk), talk.heard
    if asked is None or not heard.is_button or heard.intent not in asked["intents"]:
        return heard
    return replace(heard, text=asked["question"], entities=_entities(asked), story=asked["story"])


def has_choices(talk: Talk) -> bool:
    """Tell whether there is anything near to ask about."""
    return not talk.memory["in_request"] and bool(_choices(talk, _NEAR))


def may_be(talk: Talk, *intents: str) -> bool:
    """Tell whether an unclear message may be one of these, or is a question by its mark."""
    is_marked = "?" in talk.heard.entities.get("hedge", ())
    return is_marked or any(talk.heard.perhaps.get(intent, 0.0) >= _NEAR for intent in intents)


def _asked(talk: Talk) -> Asked | None:
    """Give what was asked last, unless somebody else has spoken since."""
    asked: Asked = talk.memory["help"] or {}
    is_open = asked.get("stage") == STAGE and asked["control_version"] == talk.turn.control_version
    return asked if is_open else None


def _entities(asked: Asked) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(values) for kind, values in asked["entities"].items()}


def _ask(talk: Talk) -> bool:
    choices = _choices(talk)
    if not choices:
        return False
    heard = talk.heard
    talk.memory["help"] = {
        "stage": STAGE,
        "intents": [intent for intent, _ in choices],
        "question": heard.text[:_LONGEST],
        "story": heard.story[:_LONGEST],
        "entities": {kind: list(told) for kind, told in heard.entities.items() if kind not in _OF_THIS_MESSAGE},
        "control_version": talk.turn.control_version,
    }
    talk.memory["is_help_open"] = True
    if not talk.memory["case_id"]:  # whoever asks for a person now asks about this
        talk.memory["goal"] = heard.text[:_LONGEST]
    shown = {f"choice_{place}": title for place, (_, title) in enumerate(choices, 1)}
    sent = {f"intent_{place}": intent for place, (intent, _) in enumerate(choices, 1)}
    talk.say(_RESPONSES[len(choices) - 1], **shown, **sent)
    return True


def _choices(talk: Talk, least: float = _LEAST) -> list[tuple[str, str]]:
    """Give the likeliest intents that can be named."""
    near = [intent for intent, share in talk.heard.perhaps.items() if share >= least]
    return [(intent, title) for intent in near if (title := talk.wording.choice(intent))][: len(_RESPONSES)]


def _chosen(talk: Talk, intents: list[str]) -> str | None:
    if talk.heard.intent == "affirm" and len(intents) == 1:
        return intents[0]
    places = [_PLACES[choice] for choice in talk.heard.entities.get("choice", ()) if choice in _PLACES]
    return intents[places[0]] if len(places) == 1 and places[0] < len(intents) else None
