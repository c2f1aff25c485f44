"""How money is asked back, whatever it was paid for: whose, for what, what the rules say, a yes, one effect each.

    identify ──► what is meant ──► its open case, if there is one ──► judge each charge
        allowed ──► show exactly what goes back and to where ──► yes ──► paid back, or prepared in a case for a person
        refused ──► the rule with the numbers on file; a person is offered

What is shown is kept in the slot ``offer`` and exactly that is paid back: a retried turn finds the same. What tells one
request from another, a module beside this one says in a subclass.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from actions import naming
from actions.charges import CHOSEN, WITHDRAWAL, Facts, thing_of
from actions.conversation import Talk
from actions.handoff import LEAVING, answered_offer_of_person
from actions.identity import is_identified, is_somebody_else
from actions.naming import Kinds, Thing
from actions.paying_back import case_about, pay_back
from actions.verdicts import KIND, allowed_of, judge, refuse, response_of
from relevo.contracts.records import Order
from relevo.domain.effects import Decision


class Refunding(ABC):
    """One request for money; its case type is its name."""

    case_type: ClassVar[str]
    kinds: ClassVar[Kinds] = (Order,)
    question: ClassVar[str] = "utter_ask_identity_order"
    not_yours: ClassVar[str] = "utter_facts_not_yours_order"
    which: ClassVar[str] = "utter_refund_which"
    not_found: ClassVar[str] = "utter_refund_order_not_found"

    recalls_order: ClassVar[bool] = True
    """Whether the order that was spoken of before is meant, where none is named."""

    @abstractmethod
    async def charges(self, talk: Talk, things: Sequence[Thing], *, is_named: bool) -> list[Facts] | None:
        """Give what may be asked back of these things, most telling first; None where something was said instead."""

    def usual(self, talk: Talk, things: Sequence[Thing]) -> Sequence[Thing]:
        """Give what is meant where nothing is named."""
        return things

    async def changed(self, talk: Talk, things: Sequence[Thing]) -> list[Facts] | None:
        """Give what an answer makes of the offer without naming a thing: nothing else; None where all is said."""
        return []

    async def is_elsewhere(self, talk: Talk) -> bool:
        """Tell whether another request has taken over what a verified contact asks for."""
        return False

    async def go_on(self, talk: Talk) -> None:
        """Take the request one step further with what the contact has just said."""
        if talk.heard.intent == "change_mind" and not _is_about_cancelling(talk):
            talk.stop()
        elif talk.memory["stage"] == "person" and await answered_offer_of_person(talk, self.case_type):
            talk.end()
        elif await is_identified(talk, self.case_type, self.question):
            naming.remember(talk)
            if not await self.is_elsewhere(talk):
                await self._go_on_identified(talk)
        elif talk.memory["in_request"]:
            naming.remember(talk)

    async def _go_on_identified(self, talk: Talk) -> None:
        things = await naming.owned(talk, self.kinds)
        stage, named = talk.memory["stage"], naming.named_now(talk, things, self.kinds)
        if stage in ("choose", "person") and named is None:
            named = naming.in_words(talk, things) or None
        if is_somebody_else(talk, await talk.turn.person()):
            talk.say(self.not_yours)
            if named is None and stage != "confirm":
                talk.memory["stage"] = "choose"
                return
        if stage == "confirm":
            await self._go_on_confirming(talk, things, named)
        elif named is not None:
            await self._show(talk, named, is_named=True)
        elif stage == "person":
            talk.say("utter_offer_person")
        elif stage == "choose":
            await self._choose(talk, things)
        else:
            await self.begin(talk, things)

    async def begin(self, talk: Talk, things: Sequence[Thing]) -> None:
        """Show what was named while the request is open, else what is usually meant."""
        named = naming.named_before(talk, things, self.kinds)
        if named is None and self.recalls_order:
            named = naming.recalled(talk, things)
        meant = self.usual(talk, things) if named is None else named
        await self._show(talk, meant, is_named=named is not None)

    async def _choose(self, talk: Talk, things: Sequence[Thing]) -> None:
        if talk.heard.intent in LEAVING:
            talk.stop()
        else:
            self.ask_which(talk, self.usual(talk, things) or things)

    async def _go_on_confirming(self, talk: Talk, things: Sequence[Thing], named: Sequence[Thing] | None) -> None:
        offer: list[Facts] = talk.memory["offer"]
        chosen = _chosen(talk, offer)
        instead = await self._instead(talk, things, named)
        if instead is None:
            return
        is_the_same = (not instead or _about(instead) == _about(offer)) and _names_only(talk, offer)
        if is_the_same and talk.agrees(*_numbers(offer)):
            await pay_back(talk, self.case_type, offer)
        elif instead and not is_the_same:
            await self.decide(talk, instead, is_named=True)
        elif talk.heard.intent == "deny" and not chosen:
            talk.memory["stage"] = "choose"
            talk.say("utter_refund_which_instead")
        else:
            await _offer(talk, chosen or offer)

    async def _instead(self, talk: Talk, things: Sequence[Thing], named: Sequence[Thing] | None) -> list[Facts] | None:
        """Give the charges that an answer names, of which there are none in a bare yes; None where all is said."""
        if named is None:
            return await self.changed(talk, things)
        if named:
            return await self.charges(talk, named, is_named=True)
        await self._show(talk, named, is_named=True)
        return None

    async def _show(self, talk: Talk, things: Sequence[Thing], *, is_named: bool) -> None:
        """Find what may be asked back of the things that are meant."""
        if not things:
            talk.memory["stage"] = "choose"
            talk.memory.forget("order")
            talk.say(self.not_found)
        elif (found := await self.charges(talk, things, is_named=is_named)) is not None:
            mine = {naming.number_of(thing) for thing in things}
            await self.decide(talk, found, is_named=is_named and {thing_of(facts) for facts in found} <= mine)

    async def decide(self, talk: Talk, charges: Sequence[Facts], *, is_named: bool) -> None:
        """Offer what the rules give back, else say why they do not; where that cannot be known, ask which is meant."""
        judged = await judge(talk, charges)
        allowed = allowed_of(judged)
        if _is_unclear(allowed, charges, is_named=is_named):
            things = await naming.owned(talk, self.kinds)
            numbers = {thing_of(facts) for facts in allowed or charges}
            self.ask_which(talk, [thing for thing in things if naming.number_of(thing) in numbers])
            return
        case = await case_about(talk, self.case_type, allowed or charges)
        if case is not None and case.is_being_settled:
            talk.end()
            talk.say("utter_refund_waiting", case=case.id, date=talk.day(case.opened_at))
        elif allowed:
            await _offer(talk, allowed)
        else:
            refuse(talk, judged)

    def ask_which(self, talk: Talk, things: Sequence[Thing]) -> None:
        """Show things to choose from, by number or by their place."""
        talk.memory["stage"] = "choose"
        talk.memory["shown"] = [naming.number_of(thing) for thing in things]
        lines = [talk.wording.thing(naming.as_whole(thing)) for thing in things]
        talk.say(self.which if lines else self.not_found, things="\n".join(lines))


def _is_about_cancelling(talk: Talk) -> bool:
    """Where a ticket was shown, "cancel it" may mean the ticket: it is no yes, and it ends nothing either."""
    offer: list[Facts] = talk.memory["offer"] or []
    return any(facts["ticket"] for facts in offer) and talk.wording.speaks_of_cancelling(talk.heard.text)


def _is_unclear(allowed: Sequence[Facts], charges: Sequence[Facts], *, is_named: bool) -> bool:
    """Tell whether several things may be meant of which one is: what is owed goes back all, what is chosen does not."""
    is_owed = bool(allowed) and not any(facts["charge"] in CHOSEN for facts in allowed)
    is_clear = is_owed or bool(allowed and is_named)
    return not is_clear and len({thing_of(facts) for facts in allowed or charges}) > 1


def _chosen(talk: Talk, offer: Sequence[Facts]) -> list[Facts]:
    """Give the charges chosen by their place in the list that was shown, where there was one to choose from."""
    places = [choice for choice in talk.heard.entities.get("choice", ()) if choice != "all"]
    positions = {len(offer) - 1 if place == "last" else int(place) - 1 for place in places}
    return [facts for position, facts in enumerate(offer) if position in positions and len(offer) > 1]


def _about(charges: Iterable[Facts]) -> set[tuple[str, str]]:
    """Give what charges are for: the things, and which pieces of them are sent back."""
    return {(thing_of(facts), facts["reference"] if facts["charge"] == WITHDRAWAL else "") for facts in charges}


def _names_only(talk: Talk, offer: Sequence[Facts]) -> bool:
    """Tell whether an answer names no number but those of what was shown."""
    return all(set(talk.heard.entities.get(kind, ())) <= _numbers(offer) for kind in naming.NUMBERS)


def _numbers(offer: Sequence[Facts]) -> set[str]:
    return {str(facts.get(kind)) for facts in offer for kind in naming.NUMBERS}


async def _offer(talk: Talk, offer: list[Facts]) -> None:
    """Show exactly what would go back, and where; say which rule leaves it to a person; ask for the yes."""
    write = talk.wording
    verdicts = [await talk.turn.judge(KIND, facts) for facts in offer]
    for_person = next((verdict for verdict in verdicts if verdict.decision is Decision.NEEDS_APPROVAL), None)
    within = [verdict.facts.get("pays_within_days") for verdict in verdicts]
    talk.memory["offer"] = [facts | {"within_days": days} for facts, days in zip(offer, within, strict=True)]
    talk.memory["stage"] = "confirm"
    shown = {"charges": "\n".join(map(write.charge, offer)), "amount": write.sum(offer)}
    if for_person is None:
        talk.say("utter_refund_offer", **shown)
        return
    shown["limit"] = write.money(for_person.facts["limit"], offer[0]["currency"])
    talk.say(response_of(for_person), **shown, days=str(for_person.facts.get("days", "")))
