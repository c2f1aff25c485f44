"""Finding out who writes: two facts on file, of which one is a reference that only the contact has."""

from __future__ import annotations

from actions.cases import same_case
from actions.conversation import SHOWN, Talk
from actions.handoff import to_person
from relevo.contracts.business import REFERENCE_FACTS, Person
from relevo.contracts.runtime import Identification
from relevo.domain.cases import Trigger
from relevo.domain.contacts import Level

STAGE = "identity"
Facts = dict[str, str]

# Facts of one group say the same thing in two ways: after a failed match the newer one replaces the older.
_GROUPS = (("loyalty_number",), ("booking_code", "ticket"), ("order",), ("email", "phone", "name"))
_KINDS = tuple(kind for group in _GROUPS for kind in group)


async def is_identified(talk: Talk, case_type: str, question: str = "utter_ask_identity") -> bool:
    """Tell whether the contact is known well enough; where not, ask for what is missing, first by ``question``.

    The request then waits at the stage ``identity``.
    """
    is_known = await _is_known(talk, case_type, question)
    if not is_known and talk.memory["in_request"]:
        talk.memory["stage"] = STAGE
    return is_known


async def _is_known(talk: Talk, case_type: str, question: str) -> bool:
    if talk.turn.level >= Level.TWO_FACTS:
        talk.memory["is_identified"] = True  # also where the turn that found it out failed then: it ends here too
        return True
    facts = _facts(talk)
    if not facts or facts == talk.memory["tried"]:
        return await _ask(talk, case_type, facts, question)
    found = await talk.turn.identify(facts)
    if found is Identification.VERIFIED:
        talk.memory["is_identified"] = True
        talk.memory["tried"] = None
        return True
    if found is Identification.TOO_FEW:
        return await _ask(talk, case_type, facts, question)
    talk.memory["tried"] = facts
    if found is Identification.LOCKED:
        return await _give_up(talk, case_type, "utter_identity_locked")
    talk.say("utter_identity_not_matched")
    return False


def is_somebody_else(talk: Talk, person: Person, *, but: str = "") -> bool:
    """Tell whether the message gives facts that are not this person's; identity is never switched on the way.

    ``but`` names a kind of fact that says something else here: the address that is to be the new one.
    """
    entities, own = talk.heard.entities, {person.loyalty_number, person.email.lower()}
    given = {value for kind in ("loyalty_number", "email") if kind != but for value in entities.get(kind, ())}
    if given <= own:
        return False
    talk.memory["loyalty_number"] = person.loyalty_number
    talk.memory.forget("email")
    return True


async def _ask(talk: Talk, case_type: str, facts: Facts, question: str) -> bool:
    is_refused = talk.heard.intent == "deny"
    if is_refused and talk.memory["was_refused"]:
        return await _give_up(talk, case_type, "utter_case_opened")
    if is_refused:
        talk.memory["was_refused"] = True
        talk.say("utter_identity_alternatives")
    elif facts and facts == talk.memory["tried"] and talk.heard.entities.keys() & facts.keys():
        talk.say("utter_identity_not_matched")
    elif not facts or facts == talk.memory["tried"]:
        talk.say("utter_ask_identity_again" if talk.memory["stage"] == STAGE else question)
    elif facts.keys() & REFERENCE_FACTS:
        talk.say("utter_ask_another_fact")
    else:
        talk.say("utter_ask_reference")
    return False


async def _give_up(talk: Talk, case_type: str, response: str) -> bool:
    number = await same_case(talk, case_type, Trigger.IDENTIFICATION_FAILED)
    await to_person(talk, number, case_type, Trigger.IDENTIFICATION_FAILED, response)
    return False


def forget_expired(talk: Talk) -> None:
    """Once a verification has expired, whoever writes must give the facts anew; what this message gives counts.

    What was kept for later, or asked about, goes too: it is whoever wrote it who would be identified by it.
    """
    if talk.turn.level >= Level.TWO_FACTS or not talk.memory["is_identified"]:
        return
    kept = talk.heard.entities
    shown = (slot for slot in SHOWN if slot != "draft")  # what was told is the contact's own, and shown to nobody else
    talk.memory.forget(
        "is_identified",
        "stage",
        "later",
        "help",
        "is_help_open",
        *shown,
        *(kind for kind in _KINDS if kind not in kept),
    )


def _facts(talk: Talk) -> Facts:
    """Gather what the conversation gave so far, the newest of each kind."""
    facts: Facts = {kind: value for kind in _KINDS if (value := _first(talk.memory[kind] or _of_later(talk, kind)))}
    tried = talk.memory["tried"]
    if tried:
        for group in _GROUPS:
            said = talk.heard.entities.keys() & set(group)
            for kind in set(group) - said if said else ():
                facts.pop(kind, None)
                talk.memory.forget(kind)
    if len(facts.keys() - {"name"}) >= 2 and facts.keys() & REFERENCE_FACTS:
        facts.pop("name", None)  # a nickname must not spoil what two better facts prove
    return facts


def _of_later(talk: Talk, kind: str) -> object:
    """What was named for a request that waits tells who writes as well."""
    waiting = talk.memory["later"] or ()
    return next((values for one in waiting if (values := one["entities"].get(kind))), None)


def _first(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return str(value) if value else None
