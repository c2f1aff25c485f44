"""Keeps the channel log: what channels note is gathered in memory and written together, so that nobody waits for it.

A process that is killed loses the last seconds of it. While the database is away the newest lines are kept, and the
oldest are given up beyond a number.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from msgspec.structs import replace

from relevo.contracts.channel_log import IN, Exchange, Exchanges
from relevo.contracts.clock import Clock, system_clock
from relevo.errors import Unavailable
from relevo.flow.waiting import stopped_within

FLUSH_SECONDS = 2.0
KEPT_SECONDS = 30 * 86_400.0
KEPT_LINES = 50_000
_FORGET_EVERY = 1_800
_MOST_HELD = 2_000
_Counted = tuple[str, str, str, str, str]
_log = structlog.get_logger()


@dataclass(kw_only=True)
class Recorder:
    """A channel log that is written; see contracts.channel_log.ChannelLog."""

    exchanges: Exchanges
    clock: Clock = field(default=system_clock)
    _noted: deque[Exchange] = field(default_factory=lambda: deque(maxlen=_MOST_HELD))
    _counted: dict[_Counted, Exchange] = field(default_factory=dict)

    def note(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        self._noted.append(exchange)

    def count(self, channel: str, kind: str, result: str, *, direction: str = IN) -> None:
        """Count one more of a kind and result in this minute."""
        now = self.clock()
        minute = now.replace(second=0, microsecond=0)
        key = (channel, direction, kind, result, minute.isoformat())
        before = self._counted.get(key)
        if before is None and len(self._counted) >= _MOST_HELD:
            return
        self._counted[key] = Exchange(
            channel=channel,
            direction=direction,
            kind=kind,
            result=result,
            at=now,
            minute=minute,
            times=before.times + 1 if before else 1,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Write what was noted every two seconds until told to stop, and then the rest."""
        looks, is_stopped = 0, False
        while not is_stopped:
            is_stopped = await stopped_within(stop, FLUSH_SECONDS)
            try:
                await self.flush()
                if looks % _FORGET_EVERY == 0:
                    await self.exchanges.forget_old(KEPT_SECONDS, KEPT_LINES)
                looks += 1
            except Unavailable:
                _log.warning("channel_log.database_unreachable")

    async def flush(self) -> int:
        """Write what was noted, and give how many lines that were; what cannot be written is kept."""
        noted, counted = list(self._noted), dict(self._counted)
        if not noted and not counted:
            return 0
        self._noted.clear()
        self._counted.clear()
        try:
            await self.exchanges.keep([*noted, *counted.values()])
        except Unavailable:
            self._give_back(noted, counted)
            raise
        return len(noted) + len(counted)

    def _give_back(self, noted: list[Exchange], counted: Mapping[_Counted, Exchange]) -> None:
        since = list(self._noted)
        self._noted.clear()
        self._noted.extend([*noted, *since])
        for key, before in counted.items():
            more = self._counted.get(key)
            self._counted[key] = replace(more, times=more.times + before.times) if more else before
