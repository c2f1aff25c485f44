"""A month of conversations about money, much of it at once: who decides what waits, and what is kept of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relevo.bootstrap.store import OpenStore
from relevo.configuration import Mistakes, read_policies
from relevo.domain.effects import EffectState, PreparedEffect
from relevo.flow.effects import carry_out
from relevo.flow.turn import TurnServices
from relevo.store.aurora.company import Aurora
from relevo.testing import Died
from tests.properties.market import FailingAurora

AT_A_TIME = 8
AGENTS = ("one", "two")
"""Those who decide; their numbers are 1 and 2."""


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
    chance: random.Random
    decisions: dict[str, str] = field(default_factory=dict)
    """What a person decided, by key."""
    judged: set[str] = field(default_factory=set)
    """Keys whose need for a person was checked in an earlier month."""
    conversations: int = 0
    seen: Counter[str] = field(default_factory=Counter)

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

    async def pass_by(self) -> None:
        """Let everything that was done so far be 31 days old."""
        await self.opened.database.run(
            "UPDATE effects SET intended_at = intended_at - interval '31 days',"
            " decided_at = decided_at - interval '31 days'"
        )

    def tried(self, kept: list[Kept]) -> Counter[str]:
        """Give what else may have counted for a person while it was tried, though it does not count now."""
        return Counter()

    def check_limits(self, kept: list[Kept], at_once_limit: int, limit_in_30_days: int) -> None:
        """Check the sum of 30 days, from both sides: not above it without a person, and no person without need."""
        spent: Counter[str] = Counter()
        at_once: Counter[str] = Counter()
        tried = self.tried(kept)
        for effect in (effect for effect in kept if effect.is_spent):
            spent[effect.person] += effect.amount
            at_once[effect.person] += 0 if effect.is_by_person else effect.amount
        assert max(at_once.values()) <= limit_in_30_days, "more went back in 30 days than may without a person"
        for effect in kept:
            if effect.key in self.judged or not (effect.is_by_person or effect.state == "prepared"):
                continue
            self.judged.add(effect.key)
            self.seen[effect.rule] += 1
            others = spent[effect.person] - (effect.amount if effect.is_spent else 0) + tried[effect.person]
            is_much = effect.amount > at_once_limit or effect.amount + others > limit_in_30_days
            assert is_much, f"{effect} needed no person"


def services_of(opened: OpenStore, seed: int) -> tuple[TurnServices, FailingAurora]:
    """Give the world of a turn with the real rules, and the failing business in it."""
    mistakes = Mistakes()
    policies = read_policies(Path(__file__).parents[2] / "policies.yml", mistakes)
    mistakes.raise_if_any()
    business = FailingAurora(Aurora(opened.database), seed)
    services = TurnServices(business=business, effects=opened.store.effects, policies=policies, rights=policies.rights)
    return services, business


async def all_of(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do much at once, but not everything."""
    gate = asyncio.Semaphore(AT_A_TIME)

    async def one(task: Coroutine[Any, Any, None]) -> None:
        async with gate:
            await task

    await asyncio.gather(*map(one, work))
