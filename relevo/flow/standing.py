"""Knows how much waits, for whoever asks often: read at most every two seconds, and less often where that is slow."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

from relevo.contracts.metrics import Metrics
from relevo.errors import Unavailable
from relevo.metrics.exposition import families, given, together
from relevo.metrics.load import Load, gauges
from relevo.metrics.numbers import REGISTRY

_SHARE = 20
"""Counting what waits takes at most one twentieth of a connection's time, however much that is."""
PUBLISHED_SECONDS = 30.0
"""Who has told no numbers for so long is gone."""


@dataclass(kw_only=True)
class Standing:
    """What waits in the database, and what bots have counted."""

    metrics: Metrics
    bot_lost_seconds: float = 10.0
    pushing: Sequence[str] = ()
    """Channels that deliveries are sent to by us."""
    fresh_seconds: float = 2.0
    """How long what was read stays; 0: it is read each time."""
    _read: Load | None = None
    _read_again_at: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def load(self) -> Load:
        """Give what waits, as it was a moment ago; raises Unavailable."""
        async with self._lock:
            began = monotonic()
            if self._read is None or began >= self._read_again_at:
                self._read = await self.metrics.load(self.bot_lost_seconds, self.pushing)
                again_seconds = max(self.fresh_seconds, _SHARE * (monotonic() - began))
                self._read_again_at = monotonic() + (again_seconds if self.fresh_seconds else 0.0)
            return self._read

    async def told(self, process: str) -> str:
        """Give every number that is known here, as Prometheus reads it, whether the database answers or not."""
        own, load, others = families(REGISTRY, process), None, list[Mapping[str, str]]()
        try:
            load = await self.load()
            others = list(await self.metrics.published(PUBLISHED_SECONDS))
        except Unavailable:
            load = None
        return together([own, given(gauges(load)), *others])
