"""Erases what visitors said whom nobody ever verified, once they were silent for as long as their site keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
import structlog

from relevo.contracts.personal import PersonalData, Subject
from relevo.contracts.visits import Visits
from relevo.errors import Conflict
from relevo.flow.waiting import keep_looking

_log = structlog.get_logger()


class VisitorExpirer(msgspec.Struct, frozen=True, kw_only=True):
    """Erases visitors by the retention of their site."""

    visits: Visits
    held: PersonalData
    days: Mapping[str, int]
    """Days of silence by site; sites that are not in it keep what was said."""
    pause_seconds: float = 3_600.0

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop."""
        pause = self.pause_seconds
        await keep_looking(
            stop, self.expire, what="visitors", pause_seconds=pause, first_seconds=0.0, again_seconds=1.0
        )

    async def expire(self) -> int:
        """Erase those whose time is over, some at a time, and give their number; forget tokens that nobody used."""
        await self.visits.forget_unused()
        erased = 0
        for site, days in self.days.items():
            for contact_id in await self.visits.silent(site, days):
                erased += await self._erase(Subject(contact_id=contact_id))
        if erased:
            _log.info("visitors.erased", erased=erased)
        return erased

    async def _erase(self, subject: Subject) -> int:
        try:
            await self.held.erase(subject)
        except Conflict:
            return 0  # something of theirs is going on; it is looked at again
        return 1
