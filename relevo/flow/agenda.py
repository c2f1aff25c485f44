"""Wakes what sleeps while nothing happens: for what comes due, and now and then for what nobody told of.

    something is told or heard ─► each watch looks, pauses, looks ─► nothing found, nothing more told: it sleeps
                                       what comes due next, here, for all of them in one statement ─┘

Nobody has to know whom a piece of news concerns: while any comes, everybody looks at their usual pace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic

import msgspec
import structlog

from relevo.contracts.agenda import Agenda
from relevo.contracts.live import Live
from relevo.errors import Unavailable
from relevo.flow.waiting import REST_SECONDS, stopped_within, woken

_QUIET_SECONDS = 2.0
"""So long nothing was told before it is asked what is due; until then watches look, or have looked."""
_SHARE = 20
"""Asking takes at most one twentieth of a connection's time, however much there is that cannot be done yet."""
_log = structlog.get_logger()


class AgendaWatch(msgspec.Struct, frozen=True, kw_only=True):
    """Stirs the watches of one process when something is due."""

    agenda: Agenda
    live: Live
    pushing: Sequence[str] = ()
    """Channels that this process sends to."""

    async def run(self, stop: asyncio.Event) -> None:
        """Wake others until told to stop."""
        stirs, pause = self.live.stirs, _QUIET_SECONDS
        while not await stopped_within(stop, pause):
            pause = _QUIET_SECONDS
            if self.live.stirs == stirs:
                began = monotonic()
                seconds = await self._seconds()
                pause = max(_QUIET_SECONDS, _SHARE * (monotonic() - began))
                await woken(stop, self.live.stirred(stirs, seconds))
                if self.live.stirs == stirs:
                    self.live.stir()
            stirs = self.live.stirs

    async def _seconds(self) -> float:
        try:
            seconds = await self.agenda.seconds_to_next(self.pushing)
        except Unavailable:
            _log.warning("agenda.database_unreachable")
            return 0.0
        return REST_SECONDS if seconds is None else min(max(seconds, 0.0) + 0.01, REST_SECONDS)
