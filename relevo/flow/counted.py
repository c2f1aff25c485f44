"""Has a process without a door leave its numbers in the database, where the web processes' doors find them."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from relevo.contracts.metrics import Metrics
from relevo.errors import Unavailable
from relevo.flow.waiting import keep_looking
from relevo.metrics.exposition import families
from relevo.metrics.numbers import REGISTRY

PUBLISH_SECONDS = 5.0
_log = structlog.get_logger()


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Leaves a process's numbers every few seconds; making them takes a few milliseconds."""

    metrics: Metrics
    process: str

    async def run(self, stop: asyncio.Event) -> None:
        """Tell until told to stop, then take them back: who is gone has no numbers."""
        await keep_looking(stop, self.step, what="counted", pause_seconds=PUBLISH_SECONDS, first_seconds=1.0)
        try:
            await self.metrics.withdraw(self.process)
        except Unavailable:
            _log.warning("counted.database_unreachable")

    async def step(self) -> None:
        """Tell them once."""
        told = await asyncio.to_thread(families, REGISTRY, self.process)  # else turns would wait for it
        await self.metrics.publish(self.process, told)
