"""Proving by a one-time code: it goes to the mail address on file, and whoever gives it back reads what is sent there.

no code yet ──► one is sent ──► right: go on
                    ├─ wrong: try again    ├─ dead (old, used, five wrong tries): shall I send another?
                    └─ none can be sent, too many were, or they cannot read that mailbox: a person, with all of it
"""

from __future__ import annotations

import re

from actions.cases import same_case
from actions.conversation import Talk
from actions.handoff import to_person
from relevo.domain.cases import Trigger
from relevo.domain.codes import CodeCheck, CodeSending
from relevo.domain.contacts import Level

STAGE = "code"
ANOTHER = "ask_new_code"
"""Intent of who wants another code."""
_CODE = re.compile(r"(?<![\w@.+-])\d{3}[ -]?\d{3}(?![\w@-])")
_NOT_SENT = {CodeSending.TOO_MANY: "utter_code_too_many"}


async def has_proved(talk: Talk, case_type: str) -> bool:
    """Tell whether a code proved who writes; where none did yet, go one step towards it and say so."""
    if talk.turn.level >= Level.CODE:
        return True
    is_asked, given = talk.memory["stage"] == STAGE, _given(talk)
    if is_asked and given:
        return await _is_right(talk, given)
    if is_asked and talk.heard.intent == "deny":
        await _give_up(talk, case_type, "utter_code_no_mailbox")
    elif is_asked and not (talk.heard.intent == ANOTHER or _takes_another(talk)):
        talk.say("utter_code_reminder")
    else:
        await _send(talk, case_type)
    return False


def _given(talk: Talk) -> str | None:
    found = None if talk.heard.is_button else _CODE.search(talk.heard.text)
    return found[0] if found else None


def _takes_another(talk: Talk) -> bool:
    """Tell a yes to "shall I send another?"; while a code is on its way there is nothing to say yes to."""
    return bool(talk.memory["code_is_dead"]) and talk.heard.intent == "affirm"


async def _is_right(talk: Talk, given: str) -> bool:
    found = await talk.turn.check_code(given)
    talk.memory["code_is_dead"] = found is CodeCheck.DEAD
    if found is CodeCheck.RIGHT:
        return True
    talk.say("utter_code_wrong" if found is CodeCheck.WRONG else "utter_code_dead")
    return False


async def _send(talk: Talk, case_type: str) -> None:
    sending = await talk.turn.send_code()
    if sending is not CodeSending.SENT:
        await _give_up(talk, case_type, _NOT_SENT.get(sending, "utter_code_not_possible"))
        return
    is_first = talk.memory["stage"] != STAGE
    talk.memory["stage"], talk.memory["code_is_dead"] = STAGE, False
    talk.say("utter_code_sent" if is_first else "utter_code_sent_again")


async def _give_up(talk: Talk, case_type: str, response: str) -> None:
    """Hand on what they want to whoever can find out otherwise who they are."""
    number = await same_case(talk, case_type, Trigger.IDENTIFICATION_FAILED, wanted=talk.memory["draft"])
    await to_person(talk, number, case_type, Trigger.IDENTIFICATION_FAILED, response)
