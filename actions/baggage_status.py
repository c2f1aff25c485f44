"""Where a reported bag is: its history, for whoever reported it and for nobody else."""

from __future__ import annotations

from actions import bag_states
from actions.bags import CASE_TYPE, known_bags, with_report
from actions.conversation import Talk
from actions.handoff import answered_offer_of_person
from actions.identity import is_identified


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    talk.memory["draft"] = with_report(talk, talk.memory["draft"] or {})
    if talk.heard.intent == "change_mind":
        talk.stop()
    elif talk.memory["stage"] == "person" and await answered_offer_of_person(talk, CASE_TYPE):
        talk.end()
    elif talk.memory["stage"] == bag_states.DELIVERED and not bag_states.names_another(talk):
        await bag_states.go_on_delivered(talk)
    elif await is_identified(talk, CASE_TYPE, "utter_ask_identity_baggage"):
        await _go_on_identified(talk)


async def _go_on_identified(talk: Talk) -> None:
    mine = await known_bags(talk)
    if mine is None:
        return
    if not mine:
        talk.end()
        talk.say("utter_baggage_none")
    else:
        await bag_states.tell(talk)
