"""Whoever meets whom: bots, agents, contacts and clocks in hundreds of schedules, and control, effects and words hold.

Some schedules are walked: everybody halts before each step, and chance says who goes on, who is killed and whose lease
runs out. In the others everybody acts at once on real connections. RELEVO_SEED and RELEVO_SCHEDULES choose others.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from random import Random
from typing import Any

import psycopg
import pytest
import structlog

from relevo.bootstrap.store import OpenStore, open_store
from tests.properties.relay_invariants import Kept, check, check_the_end, effects_are_allowed_and_wanted, kept, note
from tests.properties.relay_world import Relay, acts_of, hire
from tests.properties.walkers import Walker

SEED = int(os.environ.get("RELEVO_SEED", "1"))
WALKED, AT_ONCE = (int(os.environ.get("RELEVO_SCHEDULES", "500")) * part // 10 for part in (6, 4))
SECONDS = 90.0

RACES: dict[str, tuple[list[str], list[str]]] = {
    "a turn against taking over": (["hello"], ["person", "bot", "take", "yes", "bot", "take"]),
    "approving against expiry": (["please"], ["approve", "expiry", "expiry", "approve", "take up"]),
    "two approvals": (["please"], ["approve", "approve", "approve", "trouble", "take up"]),
    "approving against changing": (["please"], ["approve", "change", "approve", "change"]),
    "approving against declining": (["please"], ["approve", "decline", "please", "bot", "approve"]),
    "two sums against their limit": (["please", "please"], ["approve", "approve", "approve", "yes", "bot"]),
    "asking again while it is decided": (["please"], ["please", "bot", "approve", "trouble", "take up"]),
    "handing back against a message": (["hello", "take"], ["hand back", "hello", "bot", "yes", "bot", "take"]),
    "closing against a message": (["hello", "take"], ["close", "hello", "bot", "person", "sweep", "bot"]),
    "the queue's end against taking over": (["person"], ["queue expiry", "take", "queue expiry", "hello", "bot"]),
    "the queue's end against a new wait": (["person"], ["queue expiry", "cancel", "bot", "person", "bot"]),
    "cancel against taking over": (["person"], ["cancel", "bot", "take", "bot", "queue expiry"]),
    "a second handoff": (["person", "cancel"], ["person", "bot", "take", "hand back", "person", "bot"]),
    "failing and replaying": (["boom"], ["take", "hand back", "replay", "bot", "bot", "boom"]),
    "dying in the middle": (["hello"], ["dies", "yes", "bot", "please", "bot", "bot", "take"]),
    "dying after approving": (["please"], ["dies", "approve", "take up", "please", "bot", "take up"]),
    "a person who goes": (["person", "take"], ["release", "reply", "hand back", "take", "hello", "bot"]),
}
EXTRAS = [
    *("hello", "person", "cancel", "yes", "please", "boom", "bot", "bot", "sweep"),
    *("take", "hand back", "close", "reply", "approve", "queue expiry"),
]
SIGHTS = [
    "draft of bot",
    "message of agent",
    "queued to agent",
    "queued to bot",
    "expired to bot",
    "agent to bot",
    "agent to queued",
    "agent to wrap_up",
    "closed to bot",
    "later episodes",
    "effects done",
    "effects refused",
    "effects prepared",
    "inbox dead",
    "turns begun again",
    "killed",
    "died",
    "refused: taken_over",
    "refused: decided",
    "refused: changed",
    "refused: four_eyes",
    "refused: expired",
    "refused: policy",
    "refused: not_in_control",
]
"""What the schedules must have come by; else a change has made them too tame to find anything."""


class Schedules:
    """Runs one schedule after the other on one database."""

    def __init__(self, dsn: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.seen: Counter[str] = Counter()
        self.opened: OpenStore = self.run(self.stack.enter_async_context(open_store(dsn, size=6)))
        self.agents = self.run(hire(self.opened))

    def close(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def play(self, number: int, *, is_walked: bool) -> None:
        """Play a schedule of this number, and look at what came of it."""
        chance = Random(f"{SEED}/{number}")
        relay = Relay(
            opened=self.opened,
            number=number,
            agents=self.agents,
            seen=self.seen,
            is_anybody_online=chance.random() < 0.9,
        )
        name, (before, acts) = chance.choice(list(RACES.items()))
        self.run(self._prepare(relay, before, chance))
        plan = [*acts, *chance.choices(EXTRAS, k=chance.randrange(4))]
        chance.shuffle(plan)
        try:
            if is_walked:
                self._walk(relay, [*plan], chance)
            else:
                self.run(self._rush(relay, plan, chance))
            self.run(self._end(relay))
        except BaseException as error:
            error.args = (f"schedule {number} of seed {SEED}, {name}: {plan}\n{error}",)
            raise

    async def _prepare(self, relay: Relay, acts: list[str], chance: Random) -> None:
        for act in acts:
            await relay.attempted(acts_of(relay, chance)[act])
            await relay.play()

    def _walk(self, relay: Relay, plan: list[str], chance: Random) -> None:
        walkers: list[Walker] = []
        while plan or walkers:
            if plan and chance.random() < 0.4:
                act = acts_of(relay, chance)[plan.pop()]
                walkers.append(Walker(self.loop, "somebody", partial(relay.attempted, act)))
                self.run(asyncio.sleep(0))
            elif walkers:
                self._go_on(walkers, chance)
            if chance.random() < 0.05:
                self.run(relay.let_leases_expire())
        self.run(_checked(relay))

    def _go_on(self, walkers: list[Walker], chance: Random) -> None:
        walker = chance.choice(walkers)
        if chance.random() < 0.04:
            walker.kill()
            self.seen["killed"] += 1
        else:
            walker.advance(chance.choice([1, 1, 2, 4]))
        if walker.is_done:
            walkers.remove(walker)

    async def _rush(self, relay: Relay, plan: list[str], chance: Random) -> None:
        acts = [acts_of(relay, chance)[act] for act in plan]
        await asyncio.gather(*(relay.attempted(act) for act in acts))
        await _checked(relay)

    async def _end(self, relay: Relay) -> None:
        """Let everything come to its end, and look once more."""
        await relay.play()
        for _ in range(3):
            await relay.attempted(relay.take_up_what_was_left)
        await relay.play()
        found = await _found(relay)
        check_the_end(found, relay)
        note(found, self.seen)


async def _checked(relay: Relay) -> None:
    found = await _found(relay)
    check(found)
    effects_are_allowed_and_wanted(found, relay)


async def _found(relay: Relay) -> Kept:
    return await kept(relay.opened, (await relay.conversation()).id)


@pytest.fixture
def schedules(database: str) -> Iterator[Schedules]:
    """Give schedules on a database that need not survive a crash, and no logs: there are many."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET synchronous_commit = off")
    made = Schedules(database)
    yield made
    made.close()
    structlog.reset_defaults()


@pytest.mark.timeout(600)
def test_control_effects_and_words_hold_in_every_schedule(schedules: Schedules) -> None:
    """One holder, one word, one deed, and nothing lost, whoever meets whom and whoever is killed."""
    began = time.monotonic()
    for number in range(WALKED + AT_ONCE):
        schedules.play(number, is_walked=number < WALKED)
    seconds = time.monotonic() - began
    print(f"{WALKED} schedules walked and {AT_ONCE} at once, seed {SEED}, {seconds:.0f} s")
    print(f"seen in them: {dict(sorted(schedules.seen.items()))}")
    missing = [sight for sight in SIGHTS if not schedules.seen[sight]]
    assert not missing, f"no schedule tells of {missing}"
