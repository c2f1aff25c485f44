"""Paying back an order that did not come: all of it, once the day has passed by which it was promised."""

from __future__ import annotations

from collections.abc import Sequence

from actions import naming
from actions.charges import PAYMENT, Facts, charges, undelivered
from actions.conversation import Talk
from actions.naming import Thing
from actions.refunding import Refunding
from relevo.contracts.records import Order

CASE_TYPE = "undelivered"


class Undelivered(Refunding):
    """An order did not come."""

    case_type = CASE_TYPE
    recalls_order = False

    async def charges(self, talk: Talk, things: Sequence[Thing], *, is_named: bool) -> list[Facts]:
        """Give all of each order, and what was paid for it above its total."""
        return [facts for order in things if isinstance(order, Order) for facts in _charges(order)]

    def usual(self, talk: Talk, things: Sequence[Thing]) -> Sequence[Thing]:
        """Give the orders that a contact has words for, else those on their way, else all."""
        on_the_way = [thing for thing in things if isinstance(thing, Order) and thing.delivered_on is None]
        awaited = [order for order in on_the_way if order.left]
        return naming.in_words(talk, things) or awaited or on_the_way or things


def _charges(order: Order) -> list[Facts]:
    too_much = [facts for facts in charges(order) if facts["charge"] == PAYMENT and order.paid > order.total]
    return [undelivered(order), *too_much]


go_on = Undelivered().go_on
