"""Plays conversations against a REST door with so many clients at once, and says how long each answer took."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter, process_time

from bench.kit.conversations import Conversation
from bench.kit.programs import BenchError
from bench.kit.raw_http import HttpConnection


@dataclass(kw_only=True)
class Round:
    """What one round of load measured."""

    seconds: float = 0.0
    generator_share: float = 0.0
    """Share of one processor that the load generator itself used."""
    latencies: list[float] = field(default_factory=list)
    wordless: int = 0
    """Answers without any text."""

    @property
    def messages_per_second(self) -> float:
        """Answers a second, of all clients together."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """Seconds within which so many of a hundred answers came."""
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


async def play(port: int, conversations: Sequence[Conversation], clients: int) -> Round:
    """Play every conversation once; each client takes the next one when its last has ended."""
    measured = Round()
    waiting = iter(conversations)
    began, cpu_began = perf_counter(), process_time()
    await asyncio.gather(*(_client(port, waiting, measured) for _ in range(clients)))
    measured.seconds = perf_counter() - began
    measured.generator_share = (process_time() - cpu_began) / measured.seconds
    return measured


async def say(port: int, conversation: Conversation) -> list[float]:
    """Play one conversation and give the seconds of each answer."""
    measured = Round()
    await _client(port, iter([conversation]), measured)
    return measured.latencies


async def _client(port: int, waiting: Iterator[Conversation], measured: Round) -> None:
    connection = HttpConnection(port)
    for conversation in waiting:
        for text in conversation.texts:
            answer = await connection.say({"sender": conversation.sender, "message": text})
            if answer.status != 200:
                raise BenchError(f"A message was answered with {answer.status}: {answer.body[:300]!r}")
            measured.latencies.append(answer.seconds)
            measured.wordless += not answer.texts()
    connection.close()
