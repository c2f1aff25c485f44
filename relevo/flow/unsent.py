"""Sends replies that waited their moment, in whichever web process looks first; nothing is kept in memory."""

from __future__ import annotations

import asyncio
import math

import msgspec
import structlog

from relevo.contracts.composer import Unsents
from relevo.contracts.live import Live
from relevo.errors import Unavailable
from relevo.flow.waiting import ASLEEP_SECONDS, MOMENT_SECONDS, stopped_within, woken

_IDLE_SECONDS = 1.0
_log = structlog.get_logger()


class UnsentWatch(msgspec.Struct, frozen=True, kw_only=True):
    """Puts replies on their timelines when they are due."""

    unsent: Unsents
    live: Live

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until told to stop; that a reply begins to wait is told, as anything that happens."""
        while not stop.is_set():
            stirs = self.live.stirs
            seconds = await self._tried()
            if not await stopped_within(stop, min(seconds, _IDLE_SECONDS)) and seconds == math.inf:
                await woken(stop, self.live.stirred(stirs, ASLEEP_SECONDS))
                await stopped_within(stop, MOMENT_SECONDS)

    async def _tried(self) -> float:
        """Send what is due, and give how long nothing will be."""
        try:
            soonest = await self.unsent.seconds_to_next()
            if soonest is not None and soonest <= 0:
                await self.step()
                soonest = await self.unsent.seconds_to_next()
        except Unavailable:
            _log.warning("unsent.database_unreachable")
            return _IDLE_SECONDS
        return math.inf if soonest is None else max(soonest, 0.0) + 0.01

    async def step(self) -> int:
        """Send what is due once, and give in how many conversations."""
        changed = await self.unsent.send()
        for conversation_id in changed:
            self.live.changed(conversation_id)
        if changed:
            self.live.wake_senders()
        return len(changed)
