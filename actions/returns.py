"""Taking goods back within the days that the law gives: all of an order, or pieces of it; never tickets.

Which pieces is read from the first message and from every answer: "only one of the pillows" makes another offer.
"""

from __future__ import annotations

from collections.abc import Sequence

from actions import fares, naming, pieces
from actions.charges import WITHDRAWAL, Facts, fare, thing_of, withdrawn
from actions.conversation import Talk
from actions.naming import Thing
from actions.refunding import Refunding
from actions.verdicts import judge, refuse
from relevo.contracts.records import Fare, Order

CASE_TYPE = "goods_return"


class GoodsReturn(Refunding):
    """Goods are not wanted any more."""

    case_type = CASE_TYPE
    which = "utter_return_which"

    async def charges(self, talk: Talk, things: Sequence[Thing], *, is_named: bool) -> list[Facts] | None:
        """Give the pieces that were named of each order, else those that were shown, else all that are left of it."""
        found: list[Facts] = []
        for order in (thing for thing in things if isinstance(thing, Order)):
            said = _said(talk, order)
            if said.of_something and len(things) == 1:
                _ask_which_piece(talk, order, said.of_something)
                return None
            shown = _shown(talk, order) if said.counts is None else []
            found.extend(shown or [withdrawn(order, said.counts)])
        return found

    def usual(self, talk: Talk, things: Sequence[Thing]) -> Sequence[Thing]:
        """Give the orders that a contact has words for, else those of which something is left, else all."""
        left = [thing for thing in things if isinstance(thing, Order) and thing.left]
        return naming.in_words(talk, things) or left or things

    async def changed(self, talk: Talk, things: Sequence[Thing]) -> list[Facts] | None:
        """Give the pieces that an answer names, of what was shown where it can mean that."""
        numbers = set(map(thing_of, talk.memory["offer"]))
        shown = [thing for thing in things if naming.number_of(thing) in numbers]
        elsewhere = [] if naming.in_words(talk, shown) else naming.in_words(talk, things)
        named = elsewhere or [one for one in shown if isinstance(one, Order) and _said(talk, one) != pieces.Said()]
        return await self.charges(talk, named, is_named=True) if named else []

    async def is_elsewhere(self, talk: Talk) -> bool:
        """Tell whoever speaks of a ticket that it is no goods, and go on with what its fare allows."""
        if talk.memory["stage"] == "confirm" or not _speaks_of_ticket(talk):
            return False
        tickets = [one for one in await naming.owned(talk, (Fare,)) if isinstance(one, Fare) and one.refund is None]
        if tickets:
            refuse(talk, await judge(talk, [fare(one, WITHDRAWAL) for one in tickets]))
        await fares.take_over(talk)
        return True


def _said(talk: Talk, order: Order) -> pieces.Said:
    is_answer = talk.memory["stage"] in ("confirm", "choose")
    before = (talk.memory["draft"] or {}).get("count") if is_answer else None
    return pieces.said(order, naming.text_of(talk), talk.wording, is_answer=is_answer, before=before)


def _speaks_of_ticket(talk: Talk) -> bool:
    """Tell whether a ticket is meant: by its number, its flight or a word for one, with no order beside it."""
    named = {**(talk.memory["draft"] or {}).get("named", {}), **talk.heard.entities}
    if named.keys() & {"order"}:
        return False
    return bool(named.keys() & {"ticket", "flight"}) or pieces.has_word(naming.text_of(talk), talk.wording, "tickets")


def _shown(talk: Talk, order: Order) -> list[Facts]:
    """Give what was shown of an order: an answer that names no pieces leaves them as they are."""
    offer: list[Facts] = talk.memory["offer"] or [] if talk.memory["stage"] == "confirm" else []
    return [facts for facts in offer if facts["order"] == order.id]


def _ask_which_piece(talk: Talk, order: Order, count: int) -> None:
    talk.memory["stage"], talk.memory["shown"] = "choose", []
    talk.memory["draft"] = {**(talk.memory["draft"] or {}), "count": count}
    talk.say("utter_return_which_piece", order=order.id, things=talk.wording.what(withdrawn(order)["pieces"]))


go_on = GoodsReturn().go_on
