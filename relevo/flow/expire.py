"""Erases photos and files that were kept for long enough; what is known of them stays on the timeline."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from relevo.contracts.attachments import Attachments
from relevo.domain.attachments import Retention
from relevo.flow.waiting import keep_looking

_log = structlog.get_logger()


class Expirer(msgspec.Struct, frozen=True, kw_only=True):
    """Erases attachments by the retention of their kind."""

    attachments: Attachments
    retention: Retention = msgspec.field(default_factory=Retention)
    pause_seconds: float = 300.0
    """Time between two looks; retention is counted in days, and when a case ended is known this exactly."""

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop."""
        pause = self.pause_seconds
        await keep_looking(stop, self.expire, what="expire", pause_seconds=pause, first_seconds=0.0, again_seconds=0.0)

    async def expire(self) -> int:
        """Erase what is due once and give its number."""
        erased = await self.attachments.erase_due(self.retention)
        if erased:
            _log.info("expire", erased=erased)
        return erased
