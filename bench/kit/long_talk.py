"""How much longer the 400th message of a conversation takes than the 4th of another, with the same words."""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass, field

from bench.kit.conversations import Conversation, Customer
from bench.kit.load import say

WORDS = ("hola", "¿qué equipaje puedo llevar?", "gracias", "¿eres un robot?")
"""Said again and again; what is compared is the last one. Nothing of it begins a request, or asks for a person."""
_SPREAD = 36
"""So many messages before and after the 400th are compared, too: the words return every fourth time."""
_LONG = 400


@dataclass(kw_only=True)
class LongTalk:
    """Seconds of the answers to the same words, early and late in conversations."""

    early: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How much longer the late ones took, by medians."""
        return statistics.median(self.late) / statistics.median(self.early)


async def talk_long(port: int, conversations: int) -> LongTalk:
    """Let conversations grow side by side, then measure each around its 400th message, in turns with fresh ones."""
    measured = LongTalk()
    names = [f"long-{port}-{number}" for number in range(conversations)]
    await asyncio.gather(*(_grow(port, name) for name in names))
    for name in names:
        for number in range(2 * _SPREAD // len(WORDS) + 1):
            measured.late.append(await _round(port, name))
            measured.early.append(await _round(port, f"{name}-short-{number}"))
    return measured


async def _grow(port: int, sender: str) -> None:
    rounds = (_LONG - _SPREAD) // len(WORDS) - 1
    await say(port, Conversation(sender, WORDS * rounds, Customer(0)))


async def _round(port: int, sender: str) -> float:
    """Say all words and give the seconds of the last answer."""
    return (await say(port, Conversation(sender, WORDS, Customer(0))))[-1]
