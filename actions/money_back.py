"""Money wanted back without a word of for what: what is owed by what is on file, else what may be given back.

named, or everything ──► owed (charged too much, did not come, flight cancelled)? that
                     └─► else goods that can be returned and fares that can be given back: the only one, or which?
"""

from __future__ import annotations

from collections.abc import Sequence

from actions import naming
from actions.charges import WITHDRAWAL, Facts, charges, fare, undelivered, withdrawn
from actions.conversation import Talk
from actions.naming import Thing
from actions.refunding import Refunding
from actions.returns import GoodsReturn
from actions.verdicts import allowed_of, judge
from relevo.contracts.records import Fare, Order

CASE_TYPE = "refund"


class MoneyBack(Refunding):
    """Money is wanted back."""

    case_type = CASE_TYPE
    kinds = (Order, Fare)
    question = "utter_ask_identity_refund"
    not_yours = "utter_facts_not_yours_ticket"
    which = "utter_refund_for_what"
    not_found = "utter_refund_nothing_found"

    async def charges(self, talk: Talk, things: Sequence[Thing], *, is_named: bool) -> list[Facts]:
        """Give what is owed for these things, else what of them may be given back, else what is owed for others."""
        for found in (_owed(things), _given_back(talk, things)):
            if allowed := allowed_of(await judge(talk, found)):
                return allowed
        if is_named and _is_named_by_booking(talk):
            others = await naming.owned(talk, self.kinds)
            return await self.charges(talk, others, is_named=False)
        return [_by_choice(thing) for thing in things]

    async def changed(self, talk: Talk, things: Sequence[Thing]) -> list[Facts] | None:
        """Let an answer name pieces of goods that were shown as sent back."""
        is_return = any(facts["charge"] == WITHDRAWAL for facts in talk.memory["offer"])
        return await GoodsReturn().changed(talk, things) if is_return else []


def _owed(things: Sequence[Thing]) -> list[Facts]:
    orders = [thing for thing in things if isinstance(thing, Order)]
    of_orders = [facts for order in orders for facts in (undelivered(order), *charges(order))]
    return of_orders + [fare(thing) for thing in things if isinstance(thing, Fare) and thing.owed_for]


def _given_back(talk: Talk, things: Sequence[Thing]) -> list[Facts]:
    """Give what may be sent back or not flown, of those things that are not over."""
    today = talk.turn.today
    return [
        _by_choice(thing)
        for thing in things
        if (thing.left if isinstance(thing, Order) else thing.flown_on >= today and not thing.refund)
    ]


def _by_choice(thing: Thing) -> Facts:
    return withdrawn(thing) if isinstance(thing, Order) else fare(thing)


def _is_named_by_booking(talk: Talk) -> bool:
    """Tell whether no more than a booking code was named, which may have been given only to identify."""
    named = {**(talk.memory["draft"] or {}).get("named", {}), **talk.heard.entities}
    return not named.keys() & {"order", "ticket", "flight"}


go_on = MoneyBack().go_on
