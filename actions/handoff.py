"""The way to a person and back: because the contact asks, only people serve the request, or nothing else helps.

to_person ──► somebody is online: control passes with this turn, and the contact hears their place in the queue
          └─► nobody is: the contact hears when people are there, and the bot goes on
a person hands back ──► the bot opens with what was decided, and still knows everything
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.cases import same_case
from actions.conversation import SHOWN, Talk
from actions.trips import NAMING
from relevo.contracts.business import OTHER_FACTS, REFERENCE_FACTS
from relevo.domain.cases import Trigger
from relevo.domain.contacts import Level
from relevo.domain.handoff import HandoffRequest

IDENTIFYING = ("loyalty_number", "booking_code")
"""The two facts that are asked for first."""

LEAVING = {"deny": "utter_stopped", "thanks": "utter_thanks", "bye": "utter_bye"}
"""What ends a request that was not answered otherwise, with what is said."""

SETTLED = {
    "resolved": "utter_handed_back_resolved",
    "refused": "utter_handed_back_refused",
    "nothing_to_do": "utter_handed_back_nothing_to_do",
}
"""Outcomes that leave nothing to do, with what is said; any other leaves the case open."""

_LISTS = frozenset(NAMING)
_TAUGHT = REFERENCE_FACTS | OTHER_FACTS | _LISTS
"""Slots that a person may fill: facts alone. What is offered, and where a request stands, only the rules decide."""


async def to_person(
    talk: Talk, case_id: str, case_type: str, trigger: Trigger, response: str, perhaps: tuple[str, ...] = ()
) -> None:
    """Ask for a person about a case, and say what happens now; ``response`` is what is said when nobody is online.

    When somebody is, the response of the same name with ``_queued`` is said. ``perhaps`` is what it may be about,
    where that was not understood.
    """
    request = HandoffRequest(
        trigger=trigger,
        case_id=case_id,
        case_type=case_type,
        goal=talk.memory["goal"] or talk.heard.text,
        missing=_missing(talk),
        language=talk.memory["language"],
        perhaps=perhaps,
    )
    waiting = await talk.turn.hand_off(request)
    talk.is_handed_over = waiting.is_anybody_online
    _leave_request(talk)
    if waiting.is_anybody_online:
        talk.say(f"{response}_queued", case=case_id, position=str(waiting.position))
    else:
        talk.say(response, case=case_id, hours=waiting.hours)


def _missing(talk: Talk) -> tuple[str, ...]:
    """Name what the contact was asked for and has not given: facts that identify, or the photo."""
    if not talk.memory["in_request"]:
        return ()
    facts = () if talk.turn.level >= Level.TWO_FACTS else IDENTIFYING
    asked = (*facts, *(("passport_photo",) if talk.memory["stage"] in ("photo", "name_photo") else ()))
    return tuple(name for name in asked if not talk.memory[name])


async def answered_offer_of_person(talk: Talk, case_type: str) -> bool:
    """Settle a yes or no to "shall a person look at it?", and tell whether it was one; nothing else is touched."""
    intent = talk.heard.intent
    if intent == "affirm":
        number = await same_case(talk, case_type, Trigger.USER_REQUEST, refused=talk.memory["refused"])
        await to_person(talk, number, case_type, Trigger.USER_REQUEST, "utter_case_opened")
    elif intent in LEAVING:
        talk.say(LEAVING[intent])
    return intent == "affirm" or intent in LEAVING


async def ask(talk: Talk) -> None:
    """Hand off because the contact wants a person, whatever else is going on."""
    response = "utter_case_is_open" if talk.memory["case_id"] else "utter_case_opened"
    case_type = talk.memory["request"] or "other"
    number = await same_case(talk, case_type, Trigger.USER_REQUEST, stage=talk.memory["stage"])
    await to_person(talk, number, case_type, Trigger.USER_REQUEST, response)


async def handed_back(talk: Talk) -> None:
    """Open with what a person decided, and go on from what they learned."""
    handback = talk.turn.handback
    if handback is None:  # nobody hands back by writing something
        talk.say("utter_not_understood")
        return
    talk.memory["handback"] = {"outcome": handback.outcome, "agent": handback.agent, "told": handback.told}
    _learn(talk, handback.slots)
    if handback.outcome in SETTLED:
        _leave_request(talk)
        talk.memory.forget("case_id", "goal", "alarm")
        talk.memory["has_case"] = False
    if handback.told:
        talk.say("utter_handed_back_told", agent=handback.agent, told=handback.told)
    else:
        talk.say(SETTLED.get(handback.outcome, "utter_handed_back_open"), agent=handback.agent)


def _learn(talk: Talk, slots: Mapping[str, Any]) -> None:
    """Remember the facts that a person taught; whatever else the desk's API was sent is left out."""
    for name, value in slots.items():
        values = value if isinstance(value, list) else [value]
        given = [each.strip() for each in values if isinstance(each, str) and each.strip()]
        if name in _TAUGHT and given:
            talk.memory[name] = given if name in _LISTS else given[0]


def _leave_request(talk: Talk) -> None:
    talk.memory.forget("in_request", "request", "stage", *SHOWN)
