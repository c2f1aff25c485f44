"""Paying back what was charged too much: absurd deliveries, and payments above the total.

Who sold the goods makes no difference: Aurora pays back. Of several orders, the one that stands out is meant.
"""

from __future__ import annotations

from collections.abc import Sequence

from actions.charges import Facts, charges, whole
from actions.conversation import Talk
from actions.naming import Thing
from actions.refunding import Refunding
from relevo.contracts.records import Order

CASE_TYPE = "overcharge"


class Overcharge(Refunding):
    """Something was charged too much."""

    case_type = CASE_TYPE

    async def charges(self, talk: Talk, things: Sequence[Thing], *, is_named: bool) -> list[Facts]:
        """Give every charge of the orders, and last each as a whole: in it nothing stands out."""
        orders = [thing for thing in things if isinstance(thing, Order)]
        return [facts for order in orders for facts in (*charges(order), whole(order))]


go_on = Overcharge().go_on
