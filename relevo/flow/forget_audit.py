"""Ends entries of the audit log that are older than the business keeps them; that it did is an entry, too."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from relevo.contracts.audit import AuditLog
from relevo.flow.waiting import keep_looking

_LOOK_SECONDS = 12 * 3_600.0
_FIRST_LOOK_SECONDS = 300.0
"""Whoever has just started has other things to do."""
_log = structlog.get_logger()


class AuditWatch(msgspec.Struct, frozen=True, kw_only=True):
    """Looks twice a day."""

    audit: AuditLog
    days: int

    async def run(self, stop: asyncio.Event) -> None:
        """End what is old, until told to stop."""
        first = _FIRST_LOOK_SECONDS
        await keep_looking(stop, self.step, what="audit", pause_seconds=_LOOK_SECONDS, first_seconds=first)

    async def step(self) -> None:
        """End what is old by now."""
        ended = await self.audit.end_old(self.days)
        if ended:
            _log.info("audit.ended", entries=ended)
