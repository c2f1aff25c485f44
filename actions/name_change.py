"""Changing the name on file: a person compares it with a photo of the document, and approves on one click.

    identify ──► how should it read? ──► shown with given names and surnames apart ──► photo ──► prepared in a case
                                                                                 └─ no photo: a person without it

Names prove nothing here: the one that is given is the new one. The photo is the yes, as for points.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from actions.cases import open_case
from actions.conversation import Talk
from actions.handoff import to_person
from actions.identity import is_identified, is_somebody_else
from relevo.contracts.business import Person
from relevo.domain.attachments import AttachmentKind
from relevo.domain.cases import Trigger
from relevo.domain.effects import Decision, EffectState
from relevo.domain.names import explains, name_words

KIND = CASE_TYPE = "change_name"
STAGE = "name_photo"
_MOST_WORDS, _LONGEST = 10, 120
_NAME = re.compile(r"[^\W\d_][^\d_@/()<>{}\[\]|:;!?\"]*")

Facts = dict[str, Any]


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    talk.memory.forget("name")
    _keep_photos(talk)
    if talk.heard.intent == "change_mind":
        talk.stop()
    elif await is_identified(talk, CASE_TYPE, "utter_ask_identity_file"):
        await _go_on_identified(talk)


def _keep_photos(talk: Talk) -> None:
    """Remember what was sent before it was asked for."""
    if talk.turn.attachments:
        known: list[str] = _draft(talk).get("photos", [])
        photos = [*known, *(str(attachment.id) for attachment in talk.turn.attachments)]
        talk.memory["draft"] = {**_draft(talk), "photos": photos}


def _draft(talk: Talk) -> Facts:
    return talk.memory["draft"] or {}


async def _go_on_identified(talk: Talk) -> None:
    person = await talk.turn.person()
    if is_somebody_else(talk, person):
        talk.say("utter_facts_not_yours_file")
    if (said := _said_name(talk, person)) and (apart := _apart(said, person)):
        await _offer(talk, person, *apart)
    elif talk.memory["stage"] == STAGE:
        await _go_on_with_photo(talk, person)
    elif talk.memory["stage"] == "name" and talk.heard.intent in ("deny", "bye"):
        talk.stop()
    else:
        talk.memory["stage"] = "name"
        talk.say("utter_name_which" if not said else "utter_name_apart", **_on_file(person))


def _said_name(talk: Talk, person: Person) -> str | None:
    """Give the name that this message says: announced as one or, where it was asked for, the whole text.

    Before it was asked for, a name that is on file says who writes, and not how it should read.
    """
    is_asked = talk.memory["stage"] in ("name", STAGE) and not talk.heard.is_button
    named = talk.heard.entities.get("name", ())
    if named and (is_asked or not explains(named[-1], person.given_names, person.surnames)):
        return named[-1]
    text = talk.wording.without_lead(talk.heard.text.strip().strip(".")).strip()
    is_name = bool(_NAME.fullmatch(text)) and len(text) <= _LONGEST and 2 <= len(name_words(text)) <= _MOST_WORDS
    if not is_asked or not is_name or talk.heard.intent in ("deny", "affirm", "bye", "thanks"):
        return None
    return text if talk.memory["stage"] == "name" or _is_written_as_name(text) else None


def _is_written_as_name(text: str) -> bool:
    """Tell whether every word of three letters or more begins with a capital one."""
    return all(word[:1].isupper() for word in text.split() if len(word) > 3)


def _apart(said: str, person: Person) -> tuple[str, str] | None:
    """Give given names and surnames: as a comma parts them, else by what stays as it is on file, else by number."""
    family, comma, given = said.partition(",")
    if comma:
        return (_tidy(given), _tidy(family)) if given.strip() and family.strip() else None
    words, folded = said.split(), name_words(said)
    if len(words) != len(folded):
        return None
    before, after = name_words(person.given_names), name_words(person.surnames)
    if folded[: len(before)] == before and len(folded) > len(before):
        first = len(before)
    elif folded[-len(after) :] == after and len(folded) > len(after):
        first = len(folded) - len(after)
    elif len(folded) == len(before) + len(after):
        first = len(before)
    else:
        return None
    return _tidy(" ".join(words[:first])), _tidy(" ".join(words[first:]))


def _tidy(name: str) -> str:
    """Write a name that was typed in one case as names are written."""
    name = " ".join(name.split())
    return name if name not in (name.lower(), name.upper()) else name.title()


async def _offer(talk: Talk, person: Person, given_names: str, surnames: str) -> None:
    """Say what will be prepared; where the photo is there already, prepare it after a look at the name."""
    offer: Facts = {
        "given_names": given_names,
        "surnames": surnames,
        "given_names_before": person.given_names,
        "surnames_before": person.surnames,
        "is_another": (given_names, surnames) != (person.given_names, person.surnames),
        "was_compared": False,
    }
    verdict = await talk.turn.judge(KIND, offer)
    if verdict.decision is Decision.REFUSED:
        talk.memory["stage"] = "name"
        talk.say(f"utter_rule_{verdict.rule.replace('.', '_')}", **_on_file(person))
        return
    talk.memory["offer"], talk.memory["stage"] = offer, STAGE
    response = "utter_name_offer_with_photo" if _draft(talk).get("photos") else "utter_name_offer"
    talk.say(response, given_names=given_names, surnames=surnames, **_on_file(person))


def _on_file(person: Person) -> dict[str, str]:
    return {"before": f"{person.given_names} {person.surnames}"}


async def _go_on_with_photo(talk: Talk, person: Person) -> None:
    offer, photos = talk.memory["offer"], _draft(talk).get("photos", [])
    if (talk.turn.attachments and not talk.replies) or (photos and talk.agrees()):
        await _prepare(talk, offer, photos)
    elif talk.heard.intent == "deny" and photos:
        talk.memory["stage"] = "name"
        talk.say("utter_name_which", **_on_file(person))
    elif talk.heard.intent == "deny":
        await _without_photo(talk, offer)
    else:
        response = "utter_name_photo_yes" if photos else "utter_name_photo_again"
        talk.say(response, given_names=offer["given_names"], surnames=offer["surnames"])


async def _prepare(talk: Talk, offer: Facts, photos: list[str]) -> None:
    person = await talk.turn.person()
    result = await talk.turn.perform(KIND, talk.new_reference(person.ref), offer)
    is_prepared = result.state is EffectState.PREPARED
    number = await open_case(
        talk,
        CASE_TYPE,
        Trigger.APPROVAL if is_prepared else Trigger.ACTION_ERROR,
        named={},
        effects=[result],
        photos=photos,
        wanted=_wanted(offer),
    )
    for attachment_id in photos:
        talk.turn.keep_attachment(UUID(attachment_id), AttachmentKind.IDENTITY_DOCUMENT, number)
    talk.end()
    talk.say("utter_name_prepared" if is_prepared else "utter_name_not_confirmed", case=number)


async def _without_photo(talk: Talk, offer: Facts) -> None:
    number = await open_case(
        talk, CASE_TYPE, Trigger.POLICY_RULE, named={}, rule="name.document", wanted=_wanted(offer)
    )
    await to_person(talk, number, CASE_TYPE, Trigger.POLICY_RULE, "utter_case_opened")


def _wanted(offer: Facts) -> Facts:
    return {name: offer[name] for name in ("given_names", "surnames")}
