"""What goes back is what the rules give, to the cent: nothing more without a person, nothing twice or without a yes.

More than two thousand conversations on a real database, written by a seed: several at once for one person, yeses with a
but, other people's orders, a business that is silent or dies before and after the deed, people who approve, decline,
come second or die over it, and months that pass. RELEVO_LONG=1 runs ten seeds.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Coroutine, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from actions.conversation import Heard
from relevo.bootstrap import OpenStore, open_store
from relevo.configuration import Mistakes, read_policies
from relevo.domain.effects import EffectState, PreparedEffect
from relevo.flow.effects import carry_out
from relevo.flow.turn import TurnServices
from relevo.store.aurora.company import Aurora
from relevo.testing import Died
from tests.properties.market import (
    AT_ONCE,
    BUTTON,
    IN_30_DAYS,
    NO_YES,
    PLAIN_YES,
    Chat,
    FailingAurora,
    Sold,
    open_market,
)

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

SEEDS = range(10) if os.environ.get("RELEVO_LONG") else (20_250,)
PEOPLE, CONVERSATIONS, MONTHS = 130, 8, 2
"""130 people × 8 conversations × 2 months."""
AT_A_TIME = 8
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


@dataclass(frozen=True)
class Kept:
    """One recorded effect."""

    key: str
    person: str
    state: str
    rule: str
    amount: int
    is_by_person: bool
    is_recent: bool

    @property
    def is_spent(self) -> bool:
        """Whether it counts towards the limit of 30 days."""
        return self.is_recent and self.state in ("done", "unconfirmed")


@dataclass
class Month:
    """Everything that takes part, and what was seen."""

    opened: OpenStore
    services: TurnServices
    business: FailingAurora
    sold: dict[str, list[Sold]]
    chance: random.Random
    agreed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    decisions: dict[str, str] = field(default_factory=dict)
    """What a person decided, by key."""
    judged: set[str] = field(default_factory=set)
    """Keys whose need for a person was checked in an earlier month."""
    conversations: int = 0
    seen: Counter[str] = field(default_factory=Counter)

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

    async def decide(self, person: str) -> None:
        """Have one or two people decide about what waits for a person, or nobody; the deed is left for later."""
        approvals = self.opened.store.approvals
        for key in [kept.key for kept in await self.kept() if kept.person == person and kept.state == "prepared"]:
            what = random.Random(f"decide {key}").choice(("approve", "approve", "race", "decline", "leave"))
            if key in self.decisions or what == "leave":
                continue
            self.decisions[key] = what
            self.seen[what] += 1
            shown = (await approvals.get(key)).hash
            if what == "decline":
                await approvals.decline(key, shown, 1, "No.", "No.")
                continue
            asked = [approvals.approve(key, shown, agent) for agent in (1, 2)[: 1 + (what == "race")]]
            results = await asyncio.gather(*asked, return_exceptions=True)
            assert sum(isinstance(result, PreparedEffect) for result in results) == 1, results

    async def finish(self) -> None:
        """Carry out what was approved, over and over, until the business has answered about all of it."""
        approvals = self.opened.store.approvals
        while left := await approvals.unfinished(-1, limit=50):
            for effect in left:
                try:
                    result = await carry_out(effect.order, effect.rule, self.business)
                except Died:
                    continue
                if result.state is not EffectState.UNCONFIRMED:
                    await approvals.finish(effect.order.key, result, "Hecho.", closes_case=True)

    async def kept(self) -> list[Kept]:
        """Give every recorded effect."""
        found = await self.opened.database.rows(
            "SELECT key, business_ref, state, rule, amount, decided_by IS NOT NULL,"
            " coalesce(decided_at, intended_at) > now() - interval '30 days' FROM effects"
        )
        return [Kept(*row) for row in found]

    async def paid(self) -> dict[str, int]:
        """Give what Aurora really paid back, by key."""
        return dict(await self.opened.database.rows("SELECT key, amount FROM aurora_refunds"))


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """A store on a database of this test alone."""
    async with open_store(database, size=AT_A_TIME, name="relevo money") as store:
        for name in ("one", "two"):
            await store.store.accounts.add_agent(f"{name}@aurora.example", name, "supervisor", "no hash")
        yield store


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_goes_back_is_what_the_rules_give(opened: OpenStore, seed: int) -> None:
    """To the cent, for every charge of every order, whoever says yes how often and whatever fails."""
    month = await _begin(opened, seed)
    for _ in range(MONTHS):
        await _all(_one_person(month, person, month.chance.randint(0, 2**40)) for person in month.sold)
        await month.finish()
        await _check(month)
        await _let_a_month_pass(month)
    assert month.conversations >= 2000
    assert month.seen.keys() >= SIGHTS, f"never seen: {SIGHTS - month.seen.keys()}"
    print(f"\n{month.conversations} conversations: {dict(month.seen)}")


async def _begin(opened: OpenStore, seed: int) -> Month:
    chance, mistakes = random.Random(seed), Mistakes()
    policies = read_policies(Path(__file__).parents[2] / "policies.yml", mistakes)
    mistakes.raise_if_any()
    business = FailingAurora(Aurora(opened.database), seed)
    services = TurnServices(business=business, effects=opened.store.effects, policies=policies)
    return Month(opened, services, business, await open_market(opened.database, chance, PEOPLE), chance)


async def _one_person(month: Month, person: str, seed: int) -> None:
    """Hold a person's conversations, some one after the other and some at the same moment; people decide meanwhile."""
    chance, left = random.Random(seed), CONVERSATIONS
    if chance.random() < 0.4:
        await month.say_yes_at_once(person)
    while left:
        together = min(left, chance.choice((1, 1, 2, 3)))
        left -= together
        talks = [month.talk(person, chance.randint(0, 2**40)) for _ in range(together)]
        await asyncio.gather(*talks, *([month.decide(person)] if chance.random() < 0.4 else []))


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do much at once, but not everything."""
    gate = asyncio.Semaphore(AT_A_TIME)

    async def one(task: Coroutine[Any, Any, None]) -> None:
        async with gate:
            await task

    await asyncio.gather(*map(one, work))


async def _check(month: Month) -> None:
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
    _check_limits(month, kept)
    await _check_books(month)


def _check_effect(month: Month, effect: Kept, paid: dict[str, int]) -> None:
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


def _check_limits(month: Month, kept: list[Kept]) -> None:
    """Check the sum of 30 days, from both sides: not above it without a person, and no person without need."""
    spent: Counter[str] = Counter()
    at_once: Counter[str] = Counter()
    for effect in (effect for effect in kept if effect.is_spent):
        spent[effect.person] += effect.amount
        at_once[effect.person] += 0 if effect.is_by_person else effect.amount
    assert max(at_once.values()) <= IN_30_DAYS, "more went back in 30 days than may without a person"
    for effect in kept:
        if effect.key in month.judged or not (effect.is_by_person or effect.state == "prepared"):
            continue
        month.judged.add(effect.key)
        month.seen[effect.rule] += 1
        others = spent[effect.person] - (effect.amount if effect.is_spent else 0)
        assert effect.amount > AT_ONCE or effect.amount + others > IN_30_DAYS, f"{effect} needed no person"


async def _check_books(month: Month) -> None:
    """Check that no payment gave back more than it brought, and that the payments tell the same sum as the refunds."""
    ((refunded, above),) = await month.opened.database.rows(
        "SELECT sum(refunded)::bigint, count(*) FILTER (WHERE refunded > amount) FROM aurora_payments"
    )
    assert above == 0
    assert refunded == sum((await month.paid()).values())


async def _let_a_month_pass(month: Month) -> None:
    """Let everything that was done so far be 31 days old."""
    await month.opened.database.run(
        "UPDATE effects SET intended_at = intended_at - interval '31 days',"
        " decided_at = decided_at - interval '31 days'"
    )
