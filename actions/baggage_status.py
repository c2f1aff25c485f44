"""Where a reported bag is: its history, for whoever reported it and for nobody else."""

from __future__ import annotations

from actions import bag_states
from actions.bags import CASE_TYPE, is_elsewhere
from actions.conversation import Talk
from actions.handoff import answered_offer_of_person
from actions.identity import is_identified, is_somebody_else
from relevo.contracts.records import Bag


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    if talk.heard.intent == "change_mind":
        talk.stop()
    elif talk.memory["stage"] == "person" and await answered_offer_of_person(talk, CASE_TYPE):
        talk.end()
    elif talk.memory["stage"] == bag_states.DELIVERED:
        await bag_states.go_on_delivered(talk)
    elif await is_identified(talk, CASE_TYPE, "utter_ask_identity_baggage"):
        await _go_on_identified(talk)


async def _go_on_identified(talk: Talk) -> None:
    mine = await talk.turn.own(Bag)
    if is_somebody_else(talk, await talk.turn.person()):
        talk.say("utter_facts_not_yours_baggage")
    if is_elsewhere(talk, mine):
        talk.memory["stage"] = "person"
        talk.say("utter_baggage_report_not_found")
        talk.say("utter_offer_person")
    elif not mine:
        talk.end()
        talk.say("utter_baggage_none")
    else:
        await bag_states.tell(talk)
