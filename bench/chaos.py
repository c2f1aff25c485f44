"""Plays conversations that really credit points while any process is killed with signal 9, and counts what went wrong.

Everything should be zero; ends with status 1 where it is not. See bench/README.md. Run it with the project's Python:
.venv/bin/python bench/chaos.py [--conversations 500] [--seconds 180] [--seed N]
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from time import monotonic, perf_counter
from typing import Any

import psycopg
import uvloop

from bench.kit.conversations import CORRECTIONS, Conversation, Customer, conversations
from bench.kit.customers import add_customers, credits_of
from bench.kit.impatient import Impatient
from bench.kit.killer import Killer
from bench.kit.ledger import Entry, Findings, Timelines, answers_of, compare, read_timelines
from bench.kit.programs import BenchError, bench_folder, ready
from bench.kit.relevo_serve import RelevoServe, relevo_serve

START_SECONDS = 300.0
DRAIN_SECONDS = 120.0
_WAITING = "SELECT count(*) FROM inbox WHERE state IN ('waiting', 'held')"
_DEAD = "SELECT count(*) FROM inbox WHERE state = 'dead'"
_BEGUN_AGAIN = "SELECT count(*) FROM inbox WHERE attempts > 1"
_EFFECTS_TRIED_AGAIN = "SELECT count(*) FROM effects WHERE tries > 1"


@dataclass(frozen=True, kw_only=True)
class Chaos:
    """How much, how long, and with which chance."""

    conversations: int
    seconds: float
    """How long is killed; the conversations begin all over that time."""
    seed: int
    pauses: tuple[float, float] = (1.0, 4.0)
    """Shortest and longest time between two kills, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it."""

    findings: Findings
    kills: Mapping[str, int]
    ended_by_itself: int
    orphans: int
    answer_seconds: Sequence[float]
    posts: int
    turns_again: int
    """Turns that were begun more than once, because something died in the middle of them."""
    effects_again: int
    """Effects that were asked for again, with an earlier try unfinished or its turn lost."""
    seconds: float

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return self.findings.is_clean() and not self.ended_by_itself and not self.orphans


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long is killed")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep the logs of Relevo's processes there")
    chosen = parser.parse_args()
    chaos = Chaos(conversations=chosen.conversations, seconds=chosen.seconds, seed=chosen.seed)
    uvloop.install()
    try:
        with bench_folder() as folder:
            outcome = asyncio.run(run(chaos, folder))
            if chosen.logs:
                keep_logs(folder, chosen.logs)
    except BenchError as error:
        parser.exit(1, f"{error}\n")
    print(report(chaos, outcome))
    parser.exit(0 if outcome.is_clean else 1)


def keep_logs(folder: Path, kept: Path) -> None:
    """Copy the logs of a run to where they last."""
    kept.mkdir(parents=True, exist_ok=True)
    for log in folder.rglob("*.log*"):
        shutil.copy(log, kept / log.name)


async def run(chaos: Chaos, folder: Path, model: Path | None = None) -> Outcome:
    """Start Relevo in a folder, play, kill, and count; without a model of the present files it trains one first."""
    serve = relevo_serve(folder, model, RELEVO_BOTS="2")
    serve.program.start()
    try:
        await ready(serve.program, serve.port, START_SECONDS)
        return await _Run(chaos, serve).outcome()
    finally:
        serve.program.stop()


class _Run:
    """One run against a `relevo serve` that is ready."""

    def __init__(self, chaos: Chaos, serve: RelevoServe) -> None:
        self._chaos = chaos
        self._serve = serve
        self._dsn = serve.dsn()
        customers = [Customer(number) for number in range(chaos.conversations + len(CORRECTIONS))]
        add_customers(self._dsn, customers)
        free = iter(customers)
        self._rehearsed = conversations(CORRECTIONS, free, len(CORRECTIONS), "rehearsal")
        self._played = conversations(CORRECTIONS, free, chaos.conversations, "chaos")
        self._clients = Impatient(port=serve.port, seed=chaos.seed)
        self._killer = Killer(serve=serve, clients=self._clients, chance=Random(chaos.seed), pauses=chaos.pauses)

    async def outcome(self) -> Outcome:
        """Rehearse without kills, play with them, let everything settle, count."""
        await self._rehearse()
        began = perf_counter()
        await asyncio.gather(self._killer.run(self._chaos.seconds), self._play())
        await self._settle()
        return self._counted(perf_counter() - began)

    async def _rehearse(self) -> None:
        await asyncio.gather(*(self._clients.play(each, 0.0, 0.01) for each in self._rehearsed))
        with psycopg.connect(self._dsn) as connection:
            credited = credits_of(connection, [each.customer for each in self._rehearsed])
        if any(credit.is_missing or credit.times > 1 for credit in credited.values()):
            raise BenchError("The bot does not correct points even without kills; mend that first.")

    async def _play(self) -> None:
        chance = Random(f"{self._chaos.seed}/begin")
        think = max(0.05, self._chaos.seconds / 60)
        begins = [chance.uniform(0.0, self._chaos.seconds) for _ in self._played]
        await asyncio.gather(
            *(self._clients.play(each, begin, think) for each, begin in zip(self._played, begins, strict=True))
        )

    async def _settle(self) -> None:
        """Wait until nothing waits in the inbox; what still does then is counted."""
        await ready(self._serve.program, self._serve.port, DRAIN_SECONDS)
        deadline = monotonic() + DRAIN_SECONDS
        while await asyncio.to_thread(self._waiting) and monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.2)

    def _waiting(self) -> int:
        with psycopg.connect(self._dsn) as connection:
            return _number(connection, _WAITING)

    def _counted(self, seconds: float) -> Outcome:
        findings = Findings()
        with psycopg.connect(self._dsn) as connection:
            findings.note("unsettled", "still in the inbox", _number(connection, _WAITING))
            findings.note("given_up", "dead letters", _number(connection, _DEAD))
            self._compare(read_timelines(connection), findings)
            self._count_effects(connection, findings)
            again = _number(connection, _BEGUN_AGAIN), _number(connection, _EFFECTS_TRIED_AGAIN)
        said = [each for conversation in self._played for each in self._clients.said[conversation.sender]]
        return Outcome(
            findings=findings,
            kills=self._killer.kills,
            ended_by_itself=self._killer.ended_by_itself,
            orphans=self._killer.orphans,
            answer_seconds=[each.seconds for each in said if each.answers],
            posts=sum(each.posts for each in said),
            turns_again=again[0],
            effects_again=again[1],
            seconds=seconds,
        )

    def _compare(self, timelines: Timelines, findings: Findings) -> None:
        expected = [_expected(each, timelines[each.sender]) for each in self._rehearsed]
        for number, conversation in enumerate(self._played):
            said = self._clients.said[conversation.sender]
            timeline = timelines.get(conversation.sender, [])
            compare(conversation, said, timeline, expected[number % len(expected)], findings)

    def _count_effects(self, connection: psycopg.Connection[Any], findings: Findings) -> None:
        credited = credits_of(connection, [each.customer for each in self._played])
        for conversation in self._played:
            credit = credited[conversation.customer.ref]
            findings.note("effects_twice", f"{conversation.sender} {credit}", credit.times > 1)
            findings.note("effects_missing", f"{conversation.sender} {credit}", credit.is_missing)


def _expected(rehearsed: Conversation, timeline: Sequence[Entry]) -> list[list[str]]:
    """The answers to each message, as the customer would say them."""
    answers = dict(answers_of(timeline))
    return [answers[text] for text in rehearsed.texts]


def _number(connection: psycopg.Connection[Any], statement: str) -> int:
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def report(chaos: Chaos, outcome: Outcome) -> str:
    """Give what somebody wants to read at the end."""
    findings, answers = outcome.findings, outcome.answer_seconds
    kills = ", ".join(f"{kind} {count}" for kind, count in outcome.kills.items())
    numbers = statistics.quantiles(answers, n=100, method="inclusive") if len(answers) > 1 else [0.0] * 99
    counts = {**findings.counts(), "ended by itself": outcome.ended_by_itself, "orphans": outcome.orphans}
    heard = f"{len(answers)} messages answered after {outcome.posts} posts, {outcome.seconds:.0f} s"
    times = (
        f"p50 {1000 * numbers[49]:.0f} ms, p95 {1000 * numbers[94]:.0f} ms, longest {max(answers, default=0.0):.1f} s"
    )
    lines = [
        f"seed {chaos.seed}: {chaos.conversations} conversations, {heard}",
        f"killed with signal 9: {kills} (together {sum(outcome.kills.values())})",
        f"turns begun again: {outcome.turns_again}; effects asked for again: {outcome.effects_again}",
        f"from the first post to the answer, kills and all: {times}",
        *(f"{name.replace('_', ' '):>18}  {count}" for name, count in counts.items()),
        *findings.examples,
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
