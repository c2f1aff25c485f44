"""What goes back is what the rules give, to the cent: nothing more without a person, nothing twice or without a yes.

More than two thousand conversations on a real database, written by a seed: several at once for one person, yeses with a
but, other people's orders, a business that is silent or dies before and after the deed, people who approve, decline,
come second or die over it, and months that pass. RELEVO_LONG=1 runs ten seeds.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from actions.conversation import Heard
from relevo.bootstrap.store import OpenStore
from tests.measured import Measured
from tests.properties.market import AT_ONCE, BUTTON, IN_30_DAYS, NO_YES, PLAIN_YES, Chat, Sold, open_market
from tests.properties.month import Kept, Month, all_of, services_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

SEEDS = range(10) if os.environ.get("RELEVO_LONG") else (20_250,)
PEOPLE, CONVERSATIONS, MONTHS = 130, 8, 2
"""130 people × 8 conversations × 2 months."""
SIGHTS = {
    "done at once",
    "done by a person",
    "race",
    "decline",
    "unconfirmed",
    "refund.at_once_limit",
    "refund.cumulative_limit",
}
"""What must have been seen, or the story tells too little."""


@dataclass
class Overcharges(Month):
    """Months in which people were charged too much."""

    sold: dict[str, list[Sold]] = field(default_factory=dict)
    agreed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    async def talk(self, person: str, seed: int) -> None:
        """Hold one conversation of a person, as the seed has it."""
        chance = random.Random(seed)
        chat = Chat(person, self.services, self.agreed[person])
        self.conversations += 1
        await chat.hears(self._opening(person, chance))
        for _ in range(chance.randint(1, 3)):
            named = self._opening(person, chance)
            yes = replace(named, text="sí", intent="affirm", entities={**named.entities, **PLAIN_YES.entities})
            await chat.hears(chance.choice((PLAIN_YES, PLAIN_YES, BUTTON, yes, named, chance.choice(NO_YES))))

    async def say_yes_at_once(self, person: str) -> None:
        """Have a person ask about each order in a conversation of its own, and say yes in all of them at once."""
        chats = [Chat(person, self.services, self.agreed[person]) for _ in self.sold[person]]
        self.conversations += len(chats)
        for chat, order in zip(chats, self.sold[person], strict=True):
            await chat.hears(Heard("me cobraron de más", "report_overcharge", {"order": (order.id,)}))
        await asyncio.gather(*(chat.hears(PLAIN_YES) for chat in chats))

    def _opening(self, person: str, chance: random.Random) -> Heard:
        own = [order.id for order in self.sold[person]]
        foreign = chance.choice(list(self.sold))
        named = chance.choice(((), (), (chance.choice(own),), (chance.choice(own),), (self.sold[foreign][0].id,)))
        entities = {"order": named} if named else {}
        return Heard("me cobraron de más", "report_overcharge", entities)


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_goes_back_is_what_the_rules_give(till: OpenStore, seed: int, measured: Measured) -> None:
    """To the cent, for every charge of every order, whoever says yes how often and whatever fails."""
    month = await _begin(till, seed)
    for _ in range(MONTHS):
        await all_of(_one_person(month, person, month.chance.randint(0, 2**40)) for person in month.sold)
        await month.finish()
        await _check(month)
        await month.pass_by()
    assert month.conversations >= 2000
    assert month.seen.keys() >= SIGHTS, f"never seen: {SIGHTS - month.seen.keys()}"
    measured.conversations["overcharges"] += month.conversations


async def _begin(till: OpenStore, seed: int) -> Overcharges:
    chance = random.Random(seed)
    services, business = services_of(till, seed)
    sold = await open_market(till.database, chance, PEOPLE)
    return Overcharges(till, services, business, chance, sold=sold)


async def _one_person(month: Overcharges, person: str, seed: int) -> None:
    """Hold a person's conversations, some one after the other and some at the same moment; people decide meanwhile."""
    chance, left = random.Random(seed), CONVERSATIONS
    if chance.random() < 0.4:
        await month.say_yes_at_once(person)
    while left:
        together = min(left, chance.choice((1, 1, 2, 3)))
        left -= together
        talks = [month.talk(person, chance.randint(0, 2**40)) for _ in range(together)]
        await asyncio.gather(*talks, *([month.decide(person)] if chance.random() < 0.4 else []))


async def _check(month: Overcharges) -> None:
    """Check all money that moved, and that none moved otherwise."""
    owed = {key: amount for orders in month.sold.values() for order in orders for key, amount in order.owed().items()}
    agreed = {key for keys in month.agreed.values() for key in keys}
    kept, paid = await month.kept(), await month.paid()
    assert paid.keys() <= agreed, "money went back to which nobody said yes"
    assert paid.items() <= owed.items(), "more or less went back than the rules give"
    for effect in kept:
        assert effect.amount == owed[effect.key], f"{effect} is not what the rules give"
        assert effect.key in agreed
        _check_effect(month, effect, paid)
    assert agreed == {effect.key for effect in kept}, "a yes was forgotten"
    month.check_limits(kept, AT_ONCE, IN_30_DAYS)
    await _check_books(month)


def _check_effect(month: Overcharges, effect: Kept, paid: dict[str, int]) -> None:
    """Check that an effect's state tells what happened to the money."""
    if effect.state == "done":
        assert effect.key in paid
        month.seen["done by a person" if effect.is_by_person else "done at once"] += 1
    elif effect.state == "refused":
        assert month.decisions[effect.key] == "decline"
        assert effect.key not in paid
    elif effect.state == "prepared":
        assert effect.key not in paid
        month.seen["waiting"] += 1
    else:
        assert effect.state == "unconfirmed", f"{effect} never ended"
        month.seen["unconfirmed"] += 1
    if effect.amount > AT_ONCE:
        assert effect.is_by_person or effect.state == "prepared", f"{effect} went without a person"


async def _check_books(month: Overcharges) -> None:
    """Check that no payment gave back more than it brought, and that the payments tell the same sum as the refunds."""
    ((refunded, above),) = await month.opened.database.rows(
        "SELECT sum(refunded)::bigint, count(*) FILTER (WHERE refunded > amount) FROM aurora_payments"
    )
    assert above == 0
    assert refunded == sum((await month.paid()).values())
