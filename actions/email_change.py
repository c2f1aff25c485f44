"""Changing the mail address on file: proved by a code to the old one, shown, and done after a yes.

    identify (the new address is no fact about who writes) ──► code to the old address ──► which is the new one?
        ──► show it ──► yes ──► changed; both addresses are written to

Whether an address belongs to somebody else is never said: such a change is not confirmed, and a person looks.
"""

from __future__ import annotations

import re

from actions.cases import open_case
from actions.code import has_proved
from actions.conversation import Talk
from actions.handoff import LEAVING
from actions.identity import is_identified, is_somebody_else
from relevo.contracts.business import OTHER_FACTS, REFERENCE_FACTS, Person
from relevo.domain.addresses import mail_address
from relevo.domain.cases import Trigger
from relevo.domain.contacts import Level
from relevo.domain.effects import Decision, EffectResult, EffectState

KIND = CASE_TYPE = "change_email"
STAGE = "email"


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    _set_aside(talk)
    if talk.heard.intent == "change_mind" and "email" not in talk.heard.entities:
        talk.stop()
    elif await is_identified(talk, CASE_TYPE, "utter_ask_identity_file"):
        await _go_on_identified(talk)


def _set_aside(talk: Talk) -> None:
    """Keep the new address apart from the facts that tell who writes.

    It is new when it is said to be; once the contact is known, each one is. One that the other facts suffice without
    may be either.
    """
    given, known_as = talk.heard.entities.get("email", ()), talk.memory["email"]
    is_known = talk.turn.level >= Level.TWO_FACTS
    if given and (is_known or len(given) > 1 or _says_new(talk, given[-1])):
        talk.memory["draft"] = {"email": given[-1], "is_sure": True}
        talk.memory["email"] = given[0] if len(given) > 1 and not is_known else None
    elif known_as and not is_known and _suffice_without(talk):
        talk.memory["draft"] = talk.memory["draft"] or {"email": known_as, "is_sure": False}
        talk.memory["email"] = None


def _says_new(talk: Talk, address: str) -> bool:
    before = talk.heard.text.lower().partition(address)[0]
    return talk.wording.announces_new(re.findall(r"[^\W\d_]+", before)[-4:])


def _suffice_without(talk: Talk) -> bool:
    known = [kind for kind in REFERENCE_FACTS | OTHER_FACTS - {"email", "name"} if talk.memory[kind]]
    return len(known) > 1 and not REFERENCE_FACTS.isdisjoint(known)


async def _go_on_identified(talk: Talk) -> None:
    person = await talk.turn.person()
    if is_somebody_else(talk, person, but="email"):
        talk.say("utter_facts_not_yours_file")
    if not await has_proved(talk, CASE_TYPE):
        return
    wanted = _wanted(talk, person)
    if talk.memory["stage"] == "confirm" and wanted == talk.memory["offer"]["email"]:
        await _go_on_confirming(talk, person)
    elif wanted:
        await _offer(talk, person, wanted)
    else:
        _ask(talk)


def _wanted(talk: Talk, person: Person) -> str | None:
    """Give the new address, also where it was last said in words that were answered otherwise: "wait, better …"."""
    aside = talk.memory["email"]
    if aside and mail_address(aside) != mail_address(person.email):
        talk.memory["draft"], talk.memory["email"] = {"email": aside, "is_sure": True}, None
    draft = talk.memory["draft"] or {"email": None, "is_sure": False}
    is_meant = draft["is_sure"] or mail_address(str(draft["email"])) != mail_address(person.email)
    return draft["email"] if is_meant else None


def _ask(talk: Talk) -> None:
    """Ask for the new address, or leave where nobody wants to give one."""
    if talk.memory["stage"] == STAGE and talk.heard.intent in LEAVING:
        talk.stop()
        return
    talk.say(
        "utter_email_unreadable" if talk.memory["stage"] == STAGE and "@" in talk.heard.text else "utter_email_which"
    )
    talk.memory["stage"] = STAGE


async def _offer(talk: Talk, person: Person, wanted: str) -> None:
    address = mail_address(wanted)
    offer = {"email": address or wanted, "before": person.email, "is_address": address is not None}
    verdict = await talk.turn.judge(KIND, offer)
    talk.memory["draft"] = {"email": offer["email"], "is_sure": True}
    if address == mail_address(person.email):
        talk.memory["stage"], talk.memory["draft"] = STAGE, None
        talk.say("utter_email_same")
    elif verdict.decision is Decision.REFUSED:
        talk.memory["stage"], talk.memory["draft"] = STAGE, None
        talk.say(f"utter_rule_{verdict.rule.replace('.', '_')}", email=wanted)
    else:
        talk.memory["offer"], talk.memory["stage"] = offer, "confirm"
        talk.say("utter_email_offer", email=wanted)


async def _go_on_confirming(talk: Talk, person: Person) -> None:
    offer = talk.memory["offer"]
    if talk.agrees():
        await _change(talk, person)
    elif talk.heard.intent in LEAVING:
        talk.stop()
    else:
        talk.say("utter_email_offer", email=offer["email"])


async def _change(talk: Talk, person: Person) -> None:
    offer = talk.memory["offer"]
    result = await talk.turn.perform(KIND, talk.new_reference(person.ref), offer)
    if result.state is EffectState.DONE:
        talk.say("utter_email_changed", email=offer["email"])
    else:
        await _hand_on(talk, result)
    talk.end()


async def _hand_on(talk: Talk, result: EffectResult) -> None:
    """Open a case for what a person must approve or look into; why the business refused is not for the contact."""
    is_prepared = result.state is EffectState.PREPARED
    number = await open_case(
        talk,
        CASE_TYPE,
        Trigger.APPROVAL if is_prepared else Trigger.ACTION_ERROR,
        named={},
        effects=[result] if is_prepared else (),
        wanted={"email": talk.memory["offer"]["email"]},
        attempts=None if is_prepared else [{"key": result.key, "state": result.state.value, "rule": result.rule}],
    )
    talk.say("utter_email_not_confirmed", case=number)
