"""The way to a person: because the contact asks, because only people serve the request, or because nothing helps."""

from __future__ import annotations

from actions.cases import open_case, same_case
from actions.conversation import Talk
from relevo.domain.cases import Trigger

NOT_SERVED = {
    "ask_refund": "refund",
    "cancel_subscription": "subscription",
    "report_lost_baggage": "lost_baggage",
    "report_damage": "damage",
    "report_overcharge": "overcharge",
}
"""Requests that are recognised and given to a person, with the type of their case."""


async def ask(talk: Talk) -> None:
    """Open a case because the contact wants a person, whatever else is going on."""
    response = "utter_case_is_open" if talk.memory["case_id"] else "utter_case_opened"
    number = await same_case(talk, talk.memory["request"] or "other", Trigger.USER_REQUEST, stage=talk.memory["stage"])
    _leave_request(talk)
    talk.say(response, case=number)


async def pass_on(talk: Talk) -> None:
    """Open a case for a request that only people serve."""
    case_type = NOT_SERVED.get(talk.heard.intent, "other")
    case_before, heard = talk.memory["case_id"], talk.heard
    number = await open_case(
        talk, case_type, Trigger.USER_REQUEST, goal=heard.text, named=heard.entities, intent=heard.intent
    )
    if talk.memory["in_request"]:
        talk.memory["case_id"] = case_before
    talk.say("utter_passed_on", case=number)


async def not_understood(talk: Talk) -> bool:
    """Ask once what is meant; the second time in a row open a case and tell that nothing else is to be said."""
    before = talk.heard.not_understood_before
    if before is None:
        talk.say("utter_not_understood_here" if talk.memory["in_request"] else "utter_not_understood")
        return False
    words = talk.memory["goal"] or f"{before}\n{talk.heard.text}"
    number = await same_case(talk, talk.memory["request"] or "other", Trigger.REPEATED_FALLBACK, goal=words)
    _leave_request(talk)
    talk.say("utter_not_understood_again", case=number)
    return True


def _leave_request(talk: Talk) -> None:
    talk.memory.forget("in_request", "request", "stage", "points_offer", "refused")
