"""Which language is spoken: changed at once when it is asked for, and on file after a yes, where it is another one.

The slot ``chosen_language`` keeps it for the rest of the conversation, whatever single messages are written in.
"""

from __future__ import annotations

from actions.conversation import Talk
from actions.wording import language_meant
from relevo.contracts.business import Person
from relevo.domain.contacts import Level
from relevo.domain.effects import Decision, EffectState

KIND = REQUEST = "change_language"


def switch(talk: Talk) -> bool:
    """Speak the language that was asked for, and tell whether there was one."""
    language = language_meant(talk.heard.text)
    if language is None:
        return False
    talk.memory["language"] = talk.memory["chosen_language"] = language
    return True


async def go_on(talk: Talk) -> None:
    """Switch, and offer to have it on file, where the contact is known and it is another one there."""
    if talk.heard.intent == REQUEST:
        await _switch_and_offer(talk)
    elif talk.memory["stage"] == "confirm" and talk.agrees():
        await _put_on_file(talk)
    else:
        talk.end()
        talk.say("utter_ok")


async def _switch_and_offer(talk: Talk) -> None:
    is_known, language = switch(talk), talk.memory["chosen_language"]
    person = await talk.turn.person() if talk.turn.level >= Level.TWO_FACTS else None
    if not is_known:
        talk.end()
        talk.say("utter_language_which")
    elif person is not None and await _may_be_changed(talk, person, language):
        talk.memory["stage"] = "confirm"
        talk.memory["offer"] = {"language": language, "before": person.language}
        talk.say("utter_language_offer")
    else:
        talk.end()
        talk.say("utter_language_changed")


async def _may_be_changed(talk: Talk, person: Person, language: str) -> bool:
    verdict = await talk.turn.judge(KIND, {"language": language, "before": _other(person, language)})
    return verdict.decision is Decision.AUTO


def _other(person: Person, language: str) -> str | None:
    return None if person.language == language else person.language


async def _put_on_file(talk: Talk) -> None:
    offer = talk.memory["offer"]
    result = None
    if talk.turn.level >= Level.TWO_FACTS:  # else the time of a verification ended before the yes
        reference = talk.new_reference((await talk.turn.person()).ref)
        result = await talk.turn.perform(KIND, reference, offer)
    talk.end()
    is_done = result is not None and result.state is EffectState.DONE
    talk.say("utter_language_on_file" if is_done else "utter_language_not_on_file")
