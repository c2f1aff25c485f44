"""How many points somebody has."""

from __future__ import annotations

from actions.conversation import Talk
from actions.identity import is_identified

CASE_TYPE = "points_correction"


async def go_on(talk: Talk) -> None:
    """Identify, then tell the balance."""
    if talk.heard.intent == "change_mind":
        talk.end()
        talk.say("utter_stopped")
    elif await is_identified(talk, CASE_TYPE):
        person = await talk.turn.person()
        talk.end()
        if person.points is None:
            talk.say("utter_balance_no_member")
        else:
            talk.say("utter_balance", balance=talk.wording.number(person.points))
