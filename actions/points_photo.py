"""Points whose ticket no name rule explains: a photo of the passport, both names side by side, one click by a person.

no rule explains the name ──► what will be prepared is said, and the photo asked for
    photo ──► effects prepared, a case with photo and names; the photo is the yes
    no photo ──► a person has the case without it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actions.cases import open_case
from actions.conversation import Talk
from actions.handoff import to_person
from relevo.domain.attachments import AttachmentKind
from relevo.domain.cases import Trigger
from relevo.domain.effects import POINTS, EffectState

KIND = "credit_points"
CASE_TYPE = "points_correction"
NAME_RULE = "points.name_match"
STAGE = "photo"

Facts = Mapping[str, Any]


async def ask(talk: Talk, unexplained: Sequence[Facts]) -> None:
    """Say what no rule explains and what a photo will do; where that waits for a person already, say so."""
    case = await talk.turn.find_case(CASE_TYPE, unexplained[0]["ticket"])
    if case is not None:
        talk.turn.came_again(case)
        talk.end()
        talk.say("utter_points_case_found", case=case.id, date=talk.day(case.opened_at))
        return
    talk.memory["stage"], talk.memory["photo_trips"] = STAGE, [dict(facts) for facts in unexplained]
    talk.say("utter_rule_points_name_match", **_values(talk, unexplained))


async def go_on(talk: Talk) -> None:
    """Take what came in answer to the question for a photo."""
    trips: list[Facts] = talk.memory["photo_trips"] or []
    if talk.turn.attachments and trips:
        await _prepare(talk, trips)
    elif talk.heard.intent == "deny":
        await _without_photo(talk, trips)
    else:
        talk.say("utter_points_photo_again", **_values(talk, trips))


async def _prepare(talk: Talk, trips: Sequence[Facts]) -> None:
    results = [
        await talk.turn.perform(KIND, facts["ticket"], facts, amount=facts["points"], unit=POINTS) for facts in trips
    ]
    is_prepared = all(result.state is EffectState.PREPARED for result in results)
    number = await open_case(
        talk,
        CASE_TYPE,
        Trigger.APPROVAL if is_prepared else Trigger.ACTION_ERROR,
        named=trips[0],
        effects=results,
        rule=NAME_RULE,
        names=[_names(facts) for facts in trips],
        photos=[str(attachment.id) for attachment in talk.turn.attachments],
    )
    for attachment in talk.turn.attachments:
        talk.turn.keep_attachment(attachment.id, AttachmentKind.IDENTITY_DOCUMENT, number)
    values = _values(talk, trips)
    talk.end()
    if is_prepared:
        talk.say("utter_points_photo_prepared", case=number, points=values["points"])
    else:
        talk.say("utter_points_not_confirmed", case=number)


async def _without_photo(talk: Talk, trips: Sequence[Facts]) -> None:
    names = [_names(facts) for facts in trips]
    named = trips[0] if trips else None
    number = await open_case(talk, CASE_TYPE, Trigger.POLICY_RULE, named=named, rule=NAME_RULE, names=names)
    talk.memory.forget("photo_trips")
    await to_person(talk, number, CASE_TYPE, Trigger.POLICY_RULE, "utter_case_opened")


def _names(facts: Facts) -> dict[str, str]:
    passport = f"{facts['given_names']} {facts['surnames']}"
    return {"ticket": facts["ticket"], "ticket_name": facts["ticket_name"], "passport_name": passport}


def _values(talk: Talk, trips: Sequence[Facts]) -> dict[str, str]:
    first = _names(trips[0]) if trips else {"ticket_name": "", "passport_name": ""}
    return {
        "flight": talk.wording.join(facts["flight"] for facts in trips) if trips else "",
        "points": talk.wording.number(sum(facts["points"] for facts in trips)),
        "ticket_name": first["ticket_name"],
        "passport_name": first["passport_name"],
    }
