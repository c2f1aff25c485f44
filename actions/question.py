"""A question that is answered at once where the contact is known, and asks who they are where not.

    identify ──► look ──► told, and over
                   └─ not found under what was named: never "there is none"; another number, or a person

Nothing is done and nothing is offered, so such a question may be answered in the middle of a request, which then goes
on (``beside``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from actions.conversation import Talk
from actions.handoff import LEAVING
from actions.identity import is_identified, is_somebody_else

Answer = Callable[[Talk], Awaitable[bool]]
"""Tells what is asked, and whether it was found."""
AGAIN = "again"
"""The stage of a question whose reference was not found."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of question."""

    case_type: str
    asking: str
    """Reply that asks who the contact is."""
    references: frozenset[str]
    """Entities that name what is asked about."""
    answer: Answer

    async def go_on(self, talk: Talk) -> None:
        """Answer, or ask for what is missing."""
        self.note(talk)
        if talk.heard.intent == "change_mind" or self._is_left(talk):
            talk.end()
            talk.say(LEAVING.get(talk.heard.intent, "utter_stopped"))
        elif await is_identified(talk, self.case_type, self.asking):
            await self._answer(talk)

    def note(self, talk: Talk) -> None:
        """Keep what is named while the contact is asked who they are."""
        given = {kind: list(values) for kind, values in talk.heard.entities.items() if kind in self.references}
        if given:
            talk.memory["draft"] = {**(talk.memory["draft"] or {}), **given}

    def _is_left(self, talk: Talk) -> bool:
        is_waiting = talk.memory["stage"] == AGAIN and not talk.heard.entities.keys() & self.references
        return is_waiting and talk.heard.intent in LEAVING

    async def _answer(self, talk: Talk) -> None:
        if is_somebody_else(talk, await talk.turn.person()):
            talk.say("utter_facts_not_yours_subscription")
        if self.references:  # else another reference has nothing to do with it
            talk.memory["last_question"] = self.case_type
        if await self.answer(talk):
            talk.end()
        else:
            talk.memory["stage"] = AGAIN


def asked_about(request: str, talk: Talk, by_reference: Mapping[str, str]) -> str:
    """Give what a question of where something stands is about: "status of AO-50044" is about an order, however put.

    ``by_reference`` gives the request for each entity that tells; what is no such question stays what it is.
    """
    given = [about for kind, about in by_reference.items() if talk.heard.entities.get(kind)]
    return given[0] if given and request in by_reference.values() and request not in given else request


def named(talk: Talk, kind: str) -> tuple[str, ...]:
    """Give what the question names of a kind, else what the conversation did."""
    given = (talk.memory["draft"] or {}).get(kind) or talk.memory[kind] or ()
    return (given,) if isinstance(given, str) else tuple(given)
