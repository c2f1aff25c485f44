"""A contact's own data: a copy of it, or its end. A person does both; it is prepared here, and said by when.

identify ──► export: the case is opened
         └─► erase: what goes, what the law keeps, by when ──► yes ──► the case is opened
"""

from __future__ import annotations

from actions.conversation import Talk
from actions.handoff import LEAVING
from actions.identity import is_identified, is_somebody_else
from relevo.domain.cases import PRIVACY, TO_ERASE, TO_EXPORT, Case, Trigger

CASE_TYPE = PRIVACY
_WANTED = {"export_my_data": TO_EXPORT, "delete_my_data": TO_ERASE}
_LONGEST_GOAL = 500


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    _note_wanted(talk)
    if talk.heard.intent == "change_mind":
        talk.stop()
    elif await is_identified(talk, CASE_TYPE, "utter_ask_identity_file"):
        await _go_on_identified(talk)


def _note_wanted(talk: Talk) -> None:
    wanted = _WANTED.get(talk.heard.intent)
    if wanted and talk.memory["draft"] != {"wanted": wanted}:
        talk.memory["draft"] = {"wanted": wanted}
        talk.memory["goal"] = talk.heard.text
        talk.memory.forget("stage")


async def _go_on_identified(talk: Talk) -> None:
    wanted = (talk.memory["draft"] or {}).get("wanted")
    if is_somebody_else(talk, await talk.turn.person()):
        talk.say("utter_facts_not_yours_file")
    case = await talk.turn.find_case(CASE_TYPE, wanted) if wanted else None
    if wanted is None and talk.heard.intent in LEAVING:
        talk.stop()
    elif wanted is None:
        talk.say("utter_privacy_which")
    elif case is not None:
        _say_found(talk, case)
    elif wanted == TO_EXPORT:
        number = await _open(talk, wanted)
        talk.end()
        talk.say("utter_export_opened", case=number, date=_due(talk))
    elif talk.memory["stage"] == "confirm":
        await _go_on_confirming(talk)
    else:
        await _offer_to_erase(talk)


async def _go_on_confirming(talk: Talk) -> None:
    if talk.agrees():
        number = await _open(talk, TO_ERASE)
        talk.end()
        talk.say("utter_erase_opened", case=number, date=_due(talk))
    elif talk.heard.intent in LEAVING:
        talk.stop()
    else:
        await _offer_to_erase(talk)


async def _offer_to_erase(talk: Talk) -> None:
    talk.memory["stage"] = "confirm"
    person = await talk.turn.person()
    if person.points is None:
        talk.say("utter_erase_offer", date=_due(talk))
    else:
        talk.say("utter_erase_offer_member", date=_due(talk), points=talk.wording.number(person.points))


def _say_found(talk: Talk, case: Case) -> None:
    talk.turn.came_again(case)
    talk.memory["case_id"], talk.memory["has_case"] = case.id, True
    talk.end()
    until = talk.day(case.promised_at or case.opened_at)
    talk.say("utter_privacy_case_found", case=case.id, opened=talk.day(case.opened_at), date=until)


async def _open(talk: Talk, wanted: str) -> str:
    """Open the case with what whoever does it types, and until when it must be done."""
    person = await talk.turn.person()
    number = await talk.turn.open_case(
        CASE_TYPE,
        Trigger.USER_REQUEST,
        reference=wanted,
        goal=(talk.memory["goal"] or talk.heard.text)[:_LONGEST_GOAL],
        detail={
            "language": talk.memory["language"],
            "is_verified": True,
            "wanted": wanted,
            "command": f"relevo contact {wanted} {person.ref}",
        },
        promised_at=talk.turn.privacy_due_at,
    )
    talk.memory["case_id"], talk.memory["has_case"] = number, True
    return number


def _due(talk: Talk) -> str:
    return talk.day(talk.turn.privacy_due_at)
