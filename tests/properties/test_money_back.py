"""Whatever money is asked back for, no more goes back than was paid for it: by rule, after a yes, once.

Orders that did not come, goods sent back piece by piece, fares, and everything charged too much, asked for in a
thousand conversations on a real database, in any order and several ways at the same moment, of a business that is
silent or dies before and after the deed. RELEVO_LONG=1 runs ten seeds.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter as Sums
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timezone

import pytest
from msgspec.structs import replace

from actions.conversation import Heard
from relevo.bootstrap.store import OpenStore
from relevo.store.aurora.demo import ZONE
from tests.measured import Measured
from tests.properties.counter import Parcel, Ticket, open_counter
from tests.properties.market import AT_ONCE, BUTTON, IN_30_DAYS, NO_YES, OPENED, PLAIN_YES, Chat
from tests.properties.month import Kept, Month, all_of, services_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

SEEDS = range(10) if os.environ.get("RELEVO_LONG") else (20_261,)
PEOPLE, CONVERSATIONS, MONTHS = 80, 6, 2
TEXTS = ("quiero devolverlo", "quiero devolver uno de los gadgets", "solo una de las things", "todo menos los gadgets")
ANSWERS = (
    *NO_YES,
    Heard("solo uno", "inform", {"hedge": ("solo",)}),
    Heard("mejor dos", "inform", {}),
    Heard("todo", "inform", {"choice": ("all",)}),
    Heard("uno de los gadgets", "inform", {}),
)
SIGHTS = {
    "delivery",
    "payment",
    "undelivered",
    "return",
    "fare",
    "piece by piece",
    "done by a person",
    "decline",
    "refused by the business",
    "refund.at_once_limit",
    "refund.cumulative_limit",
}
"""What must have been seen, or the story tells too little."""

Thing = Parcel | Ticket


@dataclass
class Counter(Month):
    """Months in which people ask their money back."""

    bought: dict[str, list[Thing]] = field(default_factory=dict)
    agreed: dict[str, set[tuple[str, int]]] = field(default_factory=lambda: defaultdict(set))
    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    def chat(self, person: str) -> Chat:
        """Begin a conversation."""
        self.conversations += 1
        return Chat(person, self.services, set(), self.now, amounts=self.agreed[person])

    async def talk(self, person: str, seed: int) -> None:
        """Hold one conversation of a person, as the seed has it."""
        chance, chat = random.Random(seed), self.chat(person)
        await chat.hears(self._opening(person, chance))
        for _ in range(chance.randint(1, 4)):
            named = self._opening(person, chance)
            yes = replace(named, text="sí", intent="affirm", entities={**named.entities, **PLAIN_YES.entities})
            await chat.hears(chance.choice((PLAIN_YES, PLAIN_YES, BUTTON, yes, named, chance.choice(ANSWERS))))

    async def ask_in_every_way(self, person: str, seed: int) -> None:
        """Have a person ask for one thing in every way there is, and say yes to all of them at the same moment."""
        thing = random.Random(seed).choice(self.bought[person])
        chats = [self.chat(person) for _ in OPENED]
        for chat, intent in zip(chats, OPENED, strict=True):
            await chat.hears(Heard("lo devuelvo", intent, _entities(thing)))
        await asyncio.gather(*(chat.hears(PLAIN_YES) for chat in chats))

    def tried(self, kept: list[Kept]) -> Sums[str]:
        """Sum what the business has refused, though it may wait for a person by now."""
        sums: Sums[str] = Sums()
        for effect in kept:
            is_refusable = effect.state in ("refused", "prepared") and self.decisions.get(effect.key) != "decline"
            sums[effect.person] += effect.amount if is_refusable else 0
        return sums

    def _opening(self, person: str, chance: random.Random) -> Heard:
        own, foreign = chance.choice(self.bought[person]), chance.choice(self.bought[chance.choice(list(self.bought))])
        entities = chance.choice(({}, {}, _entities(own), _entities(own), _entities(foreign)))
        return Heard(chance.choice(TEXTS), chance.choice(list(OPENED)), entities)


def _entities(thing: Thing) -> dict[str, tuple[str, ...]]:
    return {"order" if isinstance(thing, Parcel) else "ticket": (thing.id,)}


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_more_goes_back_than_the_rules_give_for_what_was_paid(
    till: OpenStore, seed: int, measured: Measured
) -> None:
    """Charge after charge as they were paid, across every reason for which one thing can go back."""
    chance, now = random.Random(seed), datetime.now(timezone.utc)
    services, business = services_of(till, seed)
    today = now.astimezone(ZONE).date()
    bought = await open_counter(till.database, chance, PEOPLE, today)
    month = Counter(till, services, business, chance, bought=bought, now=now)
    for _ in range(MONTHS):
        await all_of(_one_person(month, person, chance.randint(0, 2**40)) for person in bought)
        await month.finish()
        await _check(month)
        await month.pass_by()
    await _check_charges(month, today)
    await _check_books(month)
    assert month.conversations >= 1000
    assert month.seen.keys() >= SIGHTS, f"never seen: {SIGHTS - month.seen.keys()}"
    measured.conversations["money back"] += month.conversations


async def _one_person(month: Counter, person: str, seed: int) -> None:
    chance, left = random.Random(seed), CONVERSATIONS
    if chance.random() < 0.3:
        await month.ask_in_every_way(person, chance.randint(0, 2**40))
    while left > 0:
        together = chance.choice((1, 1, 2, 3))
        left -= together
        talks = [month.talk(person, chance.randint(0, 2**40)) for _ in range(together)]
        await asyncio.gather(*talks, *([month.decide(person)] if chance.random() < 0.4 else []))


async def _check(month: Counter) -> None:
    """Check that nothing moved without a yes to that very amount, after a no, or above the limits."""
    kept, paid = await month.kept(), await month.paid()
    agreed = {yes for person in month.agreed.values() for yes in person}
    assert paid.items() <= agreed, "money went back without a yes to that very amount"
    for effect in kept:
        _check_effect(month, effect, paid)
    month.check_limits(kept, AT_ONCE, IN_30_DAYS)


def _check_effect(month: Counter, effect: Kept, paid: dict[str, int]) -> None:
    decided = month.decisions.get(effect.key)
    if effect.state == "done":
        assert paid[effect.key] == effect.amount
        month.seen["done by a person" if effect.is_by_person else "done at once"] += 1
    elif effect.state == "unconfirmed":
        month.seen["unconfirmed"] += 1
    else:
        assert effect.state in ("prepared", "refused"), f"{effect} never ended"
        assert effect.key not in paid, f"{effect} was paid all the same"
        month.seen["refused by the business" if effect.state == "refused" and decided != "decline" else "no"] += 1
    if effect.amount > AT_ONCE:
        assert effect.is_by_person or effect.state in ("prepared", "refused"), f"{effect} went without a person"


async def _check_charges(month: Counter, today: date) -> None:
    """Pay everything back again by hand, in the same order, and compare."""
    things = {thing.id: thing for bought in month.bought.values() for thing in bought}
    paid = await month.opened.database.rows(
        "SELECT coalesce(order_id, ticket), key, amount FROM aurora_refunds ORDER BY number"
    )
    for number, key, amount in paid:
        charge = key.removeprefix(f"refund:{number}:")
        assert things[number].owes(charge, today) == amount, f"{key} is not what {things[number]} owes"
        what = charge.partition(":")[0]
        month.seen["payment" if "/" in what else what] += 1
        month.seen["piece by piece"] += what == "return" and not charge.startswith("return:1.1")


async def _check_books(month: Counter) -> None:
    """Check that nothing gave back more than it brought, and that what was taken sums to what went back."""
    ((payments, fares, above),) = await month.opened.database.rows(
        "SELECT (SELECT sum(refunded)::bigint FROM aurora_payments),"
        " (SELECT sum(fare_refunded)::bigint FROM aurora_tickets),"
        " (SELECT count(*) FROM aurora_payments WHERE refunded > amount)"
    )
    assert above == 0
    assert payments + fares == sum((await month.paid()).values())
