"""Plays conversations beside whatever goes wrong meanwhile, lets everything settle, and counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from time import monotonic, perf_counter
from typing import Any

import psycopg

from bench.kit.conversations import CORRECTIONS, Conversation, Customer, conversations
from bench.kit.customers import add_customers, credits_of
from bench.kit.impatient import Impatient
from bench.kit.ledger import Entry, Findings, Timelines, answers_of, compare, read_timelines
from bench.kit.programs import BenchError

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
    """How long things go wrong; the conversations begin all over that time."""
    seed: int
    pauses: tuple[float, float] = (1.0, 4.0)
    """Shortest and longest time between two troubles, in seconds."""
    lasts: tuple[float, float] = (3.0, 12.0)
    """Shortest and longest time that something stays cut off, frozen or full, in seconds."""
    bots: int = 3
    """Hosts with a bot."""
    troubles: frozenset[str] = frozenset()
    """What happens, where that is less than everything."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it."""

    findings: Findings
    answer_seconds: Sequence[float]
    refused_seconds: Sequence[float]
    """How long each post took that was answered with "not now"."""
    posts: int
    turns_again: int
    """Turns that were begun more than once, because something failed in the middle of them."""
    effects_again: int
    """Effects that were asked for again, with an earlier try unfinished or its turn lost."""
    seconds: float


@dataclass(kw_only=True)
class Play:
    """One run against a Relevo that is ready."""

    chaos: Chaos
    dsn: str
    clients: Impatient
    ready: Callable[[float], Awaitable[object]]
    """Waits until everything is, for so many seconds."""
    _rehearsed: list[Conversation] = field(init=False)
    _played: list[Conversation] = field(init=False)

    def __post_init__(self) -> None:
        customers = [Customer(number) for number in range(self.chaos.conversations + len(CORRECTIONS))]
        add_customers(self.dsn, customers)
        free = iter(customers)
        self._rehearsed = conversations(CORRECTIONS, free, len(CORRECTIONS), "rehearsal")
        self._played = conversations(CORRECTIONS, free, self.chaos.conversations, "chaos")

    async def outcome(self, troubles: Callable[[float], Awaitable[None]]) -> Outcome:
        """Rehearse in peace, play with troubles, let everything settle, count."""
        await self._rehearse()
        began = perf_counter()
        await asyncio.gather(troubles(self.chaos.seconds), self._play())
        await self._settle()
        return await asyncio.to_thread(self._counted, perf_counter() - began)

    async def _rehearse(self) -> None:
        await asyncio.gather(*(self.clients.play(each, 0.0, 0.01) for each in self._rehearsed))
        with psycopg.connect(self.dsn) as connection:
            credited = credits_of(connection, [each.customer for each in self._rehearsed])
        if any(credit.is_missing or credit.times > 1 for credit in credited.values()):
            raise BenchError("The bot does not correct points even in peace; mend that first.")

    async def _play(self) -> None:
        chance = Random(f"{self.chaos.seed}/begin")
        think = max(0.05, self.chaos.seconds / 60)
        begins = [chance.uniform(0.0, self.chaos.seconds) for _ in self._played]
        await asyncio.gather(
            *(self.clients.play(each, begin, think) for each, begin in zip(self._played, begins, strict=True))
        )

    async def _settle(self) -> None:
        """Wait until nothing waits in the inbox; what still does then is counted."""
        await self.ready(DRAIN_SECONDS)
        deadline = monotonic() + DRAIN_SECONDS
        while await asyncio.to_thread(self._waiting) and monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.2)

    def _waiting(self) -> int:
        with psycopg.connect(self.dsn) as connection:
            return _number(connection, _WAITING)

    def _counted(self, seconds: float) -> Outcome:
        findings = Findings()
        with psycopg.connect(self.dsn) as connection:
            findings.note("unsettled", "still in the inbox", _number(connection, _WAITING))
            findings.note("given_up", "dead letters", _number(connection, _DEAD))
            self._compare(read_timelines(connection), findings)
            self._count_effects(connection, findings)
            again = _number(connection, _BEGUN_AGAIN), _number(connection, _EFFECTS_TRIED_AGAIN)
        said = [each for conversation in self._played for each in self.clients.said[conversation.sender]]
        return Outcome(
            findings=findings,
            answer_seconds=[each.seconds for each in said if each.answers],
            refused_seconds=self.clients.refused_seconds,
            posts=sum(each.posts for each in said),
            turns_again=again[0],
            effects_again=again[1],
            seconds=seconds,
        )

    def _compare(self, timelines: Timelines, findings: Findings) -> None:
        expected = [_expected(each, timelines[each.sender]) for each in self._rehearsed]
        for number, conversation in enumerate(self._played):
            said = self.clients.said[conversation.sender]
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
