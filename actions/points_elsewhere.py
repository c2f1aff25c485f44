"""Points that the bot cannot credit: somebody else's are refused, another carrier's are handed on to a person.

somebody else's ──► the rule, never whether there is such a ticket; a person is offered
another carrier's ──► identify ──► flight and day, asked for once ──► a case with everything, and how it goes
"""

from __future__ import annotations

from typing import Any

from actions.cases import open_case
from actions.conversation import Talk
from actions.handoff import LEAVING, to_person
from actions.identity import is_identified
from actions.points_photo import CASE_TYPE, KIND
from relevo.domain.cases import Trigger

OF_COMPANION, OF_PARTNER = "points_for_companion", "points_with_partner"
STAGE = "partner"
_FLIGHT = "partner_flight"
_TOLD = (_FLIGHT, "carrier", "period", "place")


def is_meant(talk: Talk) -> bool:
    """Tell whether this is about another carrier's flight: by its number or name, by the words, or asked before."""
    is_named = bool(talk.heard.entities.keys() & {_FLIGHT, "carrier"}) and "flight" not in talk.heard.entities
    return is_named or talk.heard.intent == OF_PARTNER or str(talk.memory["stage"]).startswith(STAGE)


async def refuse_companion(talk: Talk) -> None:
    """Refuse by the rule; who asks need not be known, for nothing is looked up."""
    verdict = await talk.turn.judge(KIND, {"is_own": False, "flown_on": talk.turn.today.isoformat()})
    talk.memory["refused"] = [{"rule": verdict.rule}]
    talk.say(f"utter_rule_{verdict.rule.replace('.', '_')}")


async def go_on(talk: Talk) -> None:
    """Find out who asks and about which flight, and hand it on."""
    _gather(talk)
    was_asked = talk.memory["stage"] == STAGE
    if was_asked and talk.heard.intent in LEAVING:
        talk.end()
        talk.say(LEAVING[talk.heard.intent])
    elif not await is_identified(talk, CASE_TYPE):
        talk.memory["stage"] = f"{STAGE}_identity" if talk.memory["in_request"] else None
    elif was_asked or _is_told(_draft(talk)):
        number = await _into_case(talk)
        await to_person(talk, number, CASE_TYPE, Trigger.POLICY_RULE, "utter_points_partner")
    else:
        talk.memory["stage"] = STAGE
        talk.say("utter_points_partner_which")


async def note_partner(talk: Talk) -> None:
    """Put it into a case for a person, while something else goes on."""
    _gather(talk)
    talk.say("utter_points_partner_noted", case=await _into_case(talk))


def _gather(talk: Talk) -> None:
    """Keep what is told, also in words that are no entities: a person reads them."""
    given = {kind: list(talk.heard.entities[kind]) for kind in _TOLD if kind in talk.heard.entities}
    words = [*_draft(talk).get("words", ()), talk.heard.text]
    talk.memory["draft"] = {**_draft(talk), **given, "words": words}


def _is_told(draft: dict[str, Any]) -> bool:
    return draft.keys() >= {_FLIGHT, "period"}


def _draft(talk: Talk) -> dict[str, Any]:
    return dict(talk.memory["draft"] or {})


async def _into_case(talk: Talk) -> str:
    """Give the case that is open about this flight, else a new one; a flight without a number has none yet."""
    draft = _draft(talk)
    flight = next(iter(draft.get(_FLIGHT, ())), None)
    known = await talk.turn.find_case(CASE_TYPE, flight) if flight else None
    if known is not None:
        talk.turn.came_again(known)
        talk.memory["case_id"], talk.memory["has_case"] = known.id, True
        return known.id
    named = {"flight": flight} if flight else {}
    return await open_case(
        talk, CASE_TYPE, Trigger.POLICY_RULE, named=named, goal="\n".join(draft["words"]), partner=draft
    )
