"""Clients as platforms are: they send again what was not confirmed, twice at once, too late and out of turn.

A message is sent with the same id until it is answered. What came back for each id is kept, to be compared with what
the database holds at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from time import monotonic, perf_counter

from bench.kit.conversations import CONFIRMING_STEP, Conversation
from bench.kit.raw_http import HttpAnswer, HttpConnection

GIVE_UP_SECONDS = 600.0
"""After so long a message counts as never answered: far above what troubles on a busy machine come to."""
PATIENCE_SECONDS = 12.0
"""A platform's usual timeout, after which it sends again."""


@dataclass(kw_only=True)
class Said:
    """One message of a customer and everything that came back for its id."""

    text: str
    answers: list[list[str]] = field(default_factory=list)
    rejections: list[str] = field(default_factory=list)
    posts: int = 0
    seconds: float = 0.0
    """From the first post to the first answer."""


@dataclass(kw_only=True)
class Impatient:
    """Plays corrections of points, and tells whoever listens when a message is on its way."""

    connect: Callable[[Random], HttpConnection]
    """Connects to where messages are posted; to another door now and then, where there are several."""
    seed: int
    on_its_way: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when any message is posted."""
    confirming: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when one is posted upon which points are credited."""
    said: dict[str, list[Said]] = field(default_factory=dict)
    refused_seconds: list[float] = field(default_factory=list)
    """How long each post took that was answered with "not now"."""

    async def play(self, conversation: Conversation, begin_seconds: float, think_seconds: float) -> None:
        """Play one conversation, thinking about so long between its messages."""
        chance = Random(f"{self.seed}/{conversation.sender}")
        await asyncio.sleep(begin_seconds)
        self.said[conversation.sender] = [Said(text=text) for text in conversation.texts]
        *first, before_last, last = range(len(conversation.texts))
        for step in first:
            await self._say(conversation, step, chance)
            await asyncio.sleep(chance.expovariate(1 / think_seconds))
        # Two in one breath: the second must wait for the first's turn, whoever dies meanwhile.
        between = chance.choice((0.0, 0.01, think_seconds))
        await asyncio.gather(self._say(conversation, before_last, chance), self._say_later(between, conversation, last))

    async def _say_later(self, seconds: float, conversation: Conversation, step: int) -> None:
        await asyncio.sleep(seconds)
        await self._say(conversation, step, Random(f"{self.seed}/{conversation.sender}/{step}"))

    async def _say(self, conversation: Conversation, step: int, chance: Random) -> None:
        said = self.said[conversation.sender][step]
        began = perf_counter()
        odd = chance.random()
        if odd < 0.1:
            await asyncio.gather(self._stray(conversation, step, chance), self._insist(conversation, step, chance))
        elif odd < 0.2:
            await self._hang_up(conversation, step, chance)
            await self._insist(conversation, step, chance)
        elif odd < 0.3 and step:
            earlier = chance.randrange(step)
            await asyncio.gather(self._stray(conversation, earlier, chance), self._insist(conversation, step, chance))
        else:
            await self._insist(conversation, step, chance)
        said.seconds = perf_counter() - began

    async def _insist(self, conversation: Conversation, step: int, chance: Random) -> None:
        """Send until an answer comes."""
        deadline = monotonic() + GIVE_UP_SECONDS
        pause = 0.05
        while monotonic() < deadline:
            if await self._post(conversation, step, chance, PATIENCE_SECONDS):
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, 1.0)

    async def _stray(self, conversation: Conversation, step: int, chance: Random) -> None:
        """Send once more, beside; nobody minds whether it arrives."""
        await self._post(conversation, step, chance, PATIENCE_SECONDS)

    async def _hang_up(self, conversation: Conversation, step: int, chance: Random) -> None:
        """Send and go away before the answer."""
        await self._post(conversation, step, chance, chance.uniform(0.0, 0.04))

    async def _post(self, conversation: Conversation, step: int, chance: Random, seconds: float) -> bool:
        connection = self.connect(chance)
        said = self.said[conversation.sender][step]
        said.posts += 1
        message = {"sender": conversation.sender, "message": said.text, "message_id": f"m{step}"}
        self.on_its_way.set()
        if step == CONFIRMING_STEP:
            self.confirming.set()
        try:
            answer = await asyncio.wait_for(connection.say(message), seconds)
        except (OSError, asyncio.TimeoutError):
            return False
        finally:
            connection.close()
        if answer.status >= 500:
            self.refused_seconds.append(answer.seconds)
        return _keep(said, answer)


def _keep(said: Said, answer: HttpAnswer) -> bool:
    if answer.status == 200:
        said.answers.append(answer.texts())
    elif answer.status != 429 and answer.status < 500:
        said.rejections.append(f"{answer.status} {answer.body[:200].decode(errors='replace')}")
    return answer.status == 200
