"""Runs a real bot worker again and again and kills it with signal 9 at named points; prints what was lost or doubled.

Rasa is loaded once; each worker is a fork with connections of its own. Usage: killer.py DSN CONVERSATIONS ROUNDS SEED
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relevo.brain import lean

lean.install()

import logging

import psycopg
import rasa.model_training
import structlog

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

from relevo.bootstrap.store import OpenStore, open_store
from relevo.brain.rasa_brain import RasaBrain
from relevo.contracts.business import Person, Record
from relevo.contracts.store import Claim, Committed, Intent, TurnOutcome
from relevo.domain.contacts import Level
from relevo.domain.effects import Decision, EffectOrder, EffectResult, EffectState, Verdict
from relevo.domain.messages import Arrival
from relevo.flow.converse import Converser
from relevo.flow.turn import TurnServices
from relevo.flow.work import Worker
from relevo.store.effects import PostgresEffects
from relevo.store.inbox import PostgresInbox
from relevo.store.pool import Database

POINTS = ("after receive", "after claim", "after effect intent", "after effect result", "before commit", "after commit")
LEASE_SECONDS = 0.4
BOT = Path(__file__).parent / "bot"


class Killer:
    """Ends this process without warning when a named point is passed for the nth time."""

    def __init__(self, point: str, nth: int) -> None:
        self._point, self._left = point, nth

    def at(self, point: str) -> None:
        """Pass a point."""
        if point == self._point:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


class WatchedInbox(PostgresInbox):
    """The real inbox, with points to die at."""

    def __init__(self, database: Database, killer: Killer) -> None:
        super().__init__(database, lease_seconds=LEASE_SECONDS)
        self._killer = killer

    async def receive(self, arrivals: Sequence[Arrival]) -> Any:
        """Receive, then perhaps die unacknowledged."""
        received = await super().receive(arrivals)
        self._killer.at("after receive")
        return received

    async def claim(self, limit: int, bot: str | None = None) -> list[Claim]:
        """Claim, then perhaps die holding it."""
        claims = await super().claim(limit, bot)
        if claims:
            self._killer.at("after claim")
        return claims

    async def settle(self, claim: Claim, outcome: TurnOutcome) -> Committed:
        """Perhaps die just before or just after the commit."""
        self._killer.at("before commit")
        committed = await super().settle(claim, outcome)
        self._killer.at("after commit")
        return committed


class WatchedEffects(PostgresEffects):
    """The real record of effects, with points to die at."""

    def __init__(self, database: Database, killer: Killer) -> None:
        super().__init__(database)
        self._killer = killer

    async def intend(self, order: EffectOrder, state: EffectState, rule: str, intent: Intent) -> Any:
        """Record the intent, then perhaps die."""
        recorded = await super().intend(order, state, rule, intent)
        self._killer.at("after effect intent")
        return recorded

    async def conclude(self, result: EffectResult) -> None:
        """Perhaps die with the deed done and its result unrecorded."""
        self._killer.at("after effect result")
        await super().conclude(result)


class Ledger:
    """The outside business: it commits by itself, once for each key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def identify(self, facts: Mapping[str, str]) -> str | None:
        """Everybody is known."""
        return "someone"

    async def person(self, ref: str) -> Person:
        """Nobody in particular."""
        return Person(ref=ref, given_names="", surnames="", email="", language="en", loyalty_number=None, points=None)

    async def records(self, kind: type[Record], ref: str) -> Sequence[Record]:
        """Nothing."""
        return ()

    async def public(self, kind: type[Record], number: str) -> Sequence[Record]:
        """Nothing."""
        return ()

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        """Book once for each key; ``books`` counts what was really booked."""
        await self._database.run(
            "WITH booked AS (INSERT INTO ledger (key) VALUES (%s) ON CONFLICT DO NOTHING RETURNING 1)"
            " UPDATE books SET total = total + 1 WHERE EXISTS (SELECT FROM booked)",
            (order.key,),
        )
        return {"balance": 100}


class Everything:
    """A policy that allows everything to everybody."""

    def window_days(self, kind: str) -> int | None:
        """Know no cumulative limit."""
        return None

    def decide(self, kind: str, facts: Mapping[str, Any], on: Any) -> Verdict:
        """Allow."""
        return Verdict(decision=Decision.AUTO, rule="spike.allowed")

    def required_level(self, kind: str) -> Level:
        """Ask nothing."""
        return Level.CLAIMED


async def work(brain: RasaBrain, dsn: str, killer: Killer) -> None:
    """Answer what waits, until nothing does."""
    async with open_store(dsn, size=4) as opened:
        inbox = WatchedInbox(opened.database, killer)
        services = TurnServices(
            business=Ledger(opened.database), effects=WatchedEffects(opened.database, killer), policies=Everything()
        )
        converser = Converser(inbox=inbox, brain=brain, live=opened.live, services=services)
        stop = asyncio.Event()
        worker = Worker(inbox=inbox, live=opened.live, verb=converser.converse, lease_seconds=LEASE_SECONDS)
        working = asyncio.create_task(worker.run(stop))
        while await _unsettled(opened):
            await asyncio.sleep(0.05)
        stop.set()
        await working


async def feed(dsn: str, conversations: int, killer: Killer) -> None:
    """Send every conversation's messages; the same ids each time, as a platform that got no answer would."""
    async with open_store(dsn, size=2) as opened:
        inbox = WatchedInbox(opened.database, killer)
        for step, text in enumerate(("credit my points", "ticket {}", "yes")):
            for n in range(conversations):
                await inbox.receive(
                    [Arrival(channel="rest", address=f"p{n}", external_id=f"{n}/{step}", text=text.format(f"T{n:04}"))]
                )


async def _unsettled(opened: OpenStore) -> int:
    rows = await opened.database.rows("SELECT count(*) FROM inbox WHERE state IN ('waiting', 'held')")
    count: int = rows[0][0]
    return count


def fork(make: Any) -> int:
    """Run a coroutine in a fork and give how it ended."""
    pid = os.fork()
    if pid == 0:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 1)
        asyncio.run(make())
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(dsn: str, conversations: int, rounds: int, seed: int) -> None:
    """Kill, count and print."""
    chance = random.Random(seed)
    brain = RasaBrain(_train(), actions="tests.spike.bot.actions")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE ledger (key text PRIMARY KEY); CREATE TABLE books (total integer)")
        connection.execute("INSERT INTO books VALUES (0)")
    kills = dict.fromkeys(POINTS, 0)
    began = time.perf_counter()
    _feed_through_kills(dsn, conversations, rounds, kills, chance)
    for number in range(rounds):
        point = POINTS[1 + number % 5]
        killer = Killer(point, chance.randint(1, 4))
        kills[point] += fork(lambda killer=killer: work(brain, dsn, killer)) == -signal.SIGKILL
    fork(lambda: work(brain, dsn, Killer("", 0)))
    print(json.dumps({**_count(dsn, conversations), "kills": kills, "seconds": round(time.perf_counter() - began, 1)}))


def _feed_through_kills(
    dsn: str, conversations: int, rounds: int, kills: dict[str, int], chance: random.Random
) -> None:
    for _ in range(rounds // 5):
        killer = Killer("after receive", chance.randint(1, conversations * 2))
        kills["after receive"] += fork(lambda killer=killer: feed(dsn, conversations, killer)) == -signal.SIGKILL
    fork(lambda: feed(dsn, conversations, Killer("", 0)))


def _train() -> Path:
    folder = tempfile.mkdtemp()
    result = rasa.model_training.train(
        domain=str(BOT / "domain.yml"),
        config=str(BOT / "config.yml"),
        training_files=[str(BOT / "data.yml")],
        output=folder,
    )
    return Path(result.model)


def _count(dsn: str, conversations: int) -> dict[str, Any]:
    with psycopg.connect(dsn) as connection:
        timelines: dict[str, list[str]] = {}
        for address, author, text in connection.execute(
            "SELECT i.address, e.author, e.content ->> 'text' FROM entries e JOIN conversations c ON c.id ="
            " e.conversation_id JOIN identities i ON i.id = c.identity_id WHERE e.kind = 'message' ORDER BY e.position"
        ):
            timelines.setdefault(address, []).append(f"{author}:{text}")
        booked = connection.execute("SELECT total FROM books").fetchone()
        seconds = connection.execute(
            "SELECT extract(epoch FROM settled_at - received_at) FROM inbox WHERE attempts = 1"
        ).fetchall()
    said = [_said(timelines.get(f"p{n}", []), f"T{n:04}") for n in range(conversations)]
    return {
        "conversations": conversations,
        "lost": sum(lost for lost, _, _ in said),
        "doubled": sum(doubled for _, doubled, _ in said),
        "out_of_order": sum(disorder for _, _, disorder in said),
        "effects": booked[0] if booked else 0,
        "p50_seconds_in_queue": round(statistics.median(float(s[0]) for s in seconds), 3),
    }


def _said(timeline: list[str], ticket: str) -> tuple[int, int, int]:
    asked = ["contact:credit my points", f"contact:ticket {ticket}", "contact:yes"]
    answered = ["bot:Which ticket?", f"bot:Credit ticket {ticket}?", f"bot:{ticket} done: 100"]
    lost = sum(line not in timeline for line in asked + answered)
    doubled = len(timeline) - len(set(timeline))
    in_order = [t for t in timeline if t in answered] == answered and [t for t in timeline if t in asked] == asked
    return lost, doubled, int(not in_order)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
