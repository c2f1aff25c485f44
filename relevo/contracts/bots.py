"""Which bot processes live, as each describes itself."""

from __future__ import annotations

from typing import Protocol

import msgspec


class BotLine(msgspec.Struct, frozen=True, kw_only=True):
    """One bot process, as it describes itself."""

    name: str
    host: str
    process: int
    model: str | None
    problem: str | None
    """Why it cannot answer, as a sentence; None when it can."""
    knows: frozenset[str] = frozenset()
    """Intents, actions, slots and requests that it knows, as ``kind:name``."""


class Bots(Protocol):
    """Which bot processes live."""

    async def seen(self, bot: BotLine) -> bool:
        """Keep what a bot says about itself, and tell whether messages wait; one that stays silent counts as gone."""
        ...

    async def gone(self, name: str) -> None:
        """Forget a bot that ended."""
        ...

    async def knowing(self, names: frozenset[str], within_seconds: float) -> list[str]:
        """Give the bots, seen within so many seconds, that can answer and know all of these names."""
        ...

    async def living(self, within_seconds: float) -> list[BotLine]:
        """Give the bots that were seen within so many seconds."""
        ...
