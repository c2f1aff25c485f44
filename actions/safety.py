"""Danger, injury, mistreatment, self-harm, threats, hate: a fixed text and a person at once, whatever else is going on.

What was open is left: to somebody in danger nothing is offered, asked or solved. What the texts say is in
data/replies/safety.yml, with the source of every telephone number.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from actions.cases import open_case
from actions.conversation import Talk
from actions.handoff import to_person
from relevo.domain.cases import Trigger

SAME_CASE_FOR = timedelta(hours=1)
"""How long further alarms belong to the case of the first; later it may be closed, and nobody would see them."""

_ALARMS = {
    "report_emergency": (Trigger.SAFETY, "utter_emergency"),
    "self_harm": (Trigger.SAFETY, "utter_self_harm"),
    "report_injury": (Trigger.SAFETY, "utter_injury"),
    "report_mistreatment": (Trigger.SAFETY, "utter_mistreatment"),
    "abuse": (Trigger.ABUSE, "utter_abuse"),
}
"""By intent: why a person is needed, and what is said. The case's type is the trigger's name."""


async def alarm(talk: Talk) -> None:
    """Say what is safe to say, and hand off with the words that raised the alarm."""
    intent, words = talk.heard.intent, talk.heard.text
    trigger, response = _ALARMS[intent]
    number = _case_of_now(talk, trigger)
    if number is None:
        number = await open_case(talk, trigger.value, trigger, goal=words, named=talk.heard.entities, intent=intent)
        talk.memory["alarm"] = {"case": number, "trigger": trigger.value, "at": talk.turn.now.isoformat()}
    talk.memory["goal"] = words
    await to_person(talk, number, trigger.value, trigger, response)
    talk.memory.forget("goal", "later")


def _case_of_now(talk: Talk, trigger: Trigger) -> str | None:
    known = talk.memory["alarm"]
    if not known or known["trigger"] != trigger.value:
        return None
    is_recent = talk.turn.now - datetime.fromisoformat(known["at"]) < SAME_CASE_FOR
    return str(known["case"]) if is_recent else None
