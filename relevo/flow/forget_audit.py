"""Ends entries of the audit log that are older than the business keeps them; that it did is an entry, too."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from relevo.contracts.audit import AuditLog
from relevo.errors import Unavailable
from relevo.flow.waiting import stopped_within

_LOOK_SECONDS = 12 * 3_600.0
_FIRST_LOOK_SECONDS = 300.0
"""Whoever has just started has other things to do."""
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class AuditWatch:
    """Looks twice a day."""

    audit: AuditLog
    days: int

    async def run(self, stop: asyncio.Event) -> None:
        """End what is old, until told to stop."""
        pause = _FIRST_LOOK_SECONDS
        while not await stopped_within(stop, pause):
            pause = _LOOK_SECONDS
            try:
                ended = await self.audit.end_old(self.days)
            except Unavailable:
                _log.warning("audit.database_unreachable")
                continue
            if ended:
                _log.info("audit.ended", entries=ended)
