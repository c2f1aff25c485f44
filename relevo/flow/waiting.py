"""Waits for the end of a process, or for so long; and looks again and again until then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from relevo.contracts.live import Live
from relevo.errors import Unavailable

MOMENT_SECONDS = 0.25
"""After what wakes it: a message that just came goes first."""
T = TypeVar("T")
REST_SECONDS = 30.0
"""How long all that looks now and then sleeps at most while nothing happens: what a lost wake-up costs."""
ASLEEP_SECONDS = 2 * REST_SECONDS
"""How long one of them sleeps should nobody wake it (see flow.agenda), as where it runs alone."""
_log = structlog.get_logger()


async def keep_looking(
    stop: asyncio.Event,
    look: Callable[[], Awaitable[object]],
    *,
    what: str,
    pause_seconds: float,
    first_seconds: float | None = None,
    again_seconds: float | None = None,
) -> None:
    """Look now and then until told to stop; while the database is away that is logged as ``what``, and looked again.

    ``first_seconds`` come before the first look, else a whole pause; ``again_seconds`` after one that found something.
    """
    seconds = pause_seconds if first_seconds is None else first_seconds
    while not await stopped_within(stop, seconds):
        found = await _looked(look, what)
        seconds = again_seconds if found and again_seconds is not None else pause_seconds


async def keep_watch(
    stop: asyncio.Event,
    look: Callable[[], Awaitable[int]],
    *,
    live: Live,
    what: str,
    pause_seconds: float,
    first_seconds: float | None = None,
) -> None:
    """Look now and then while anything happens; after a look that found nothing, sleep until something does.

    That is something told or heard by this process, or due (see flow.agenda), or the end of a whole rest.
    """
    seconds = pause_seconds if first_seconds is None else first_seconds
    while not await stopped_within(stop, seconds):
        stirs, seconds = live.stirs, pause_seconds
        if await _looked(look, what) == 0:
            if await stopped_within(stop, pause_seconds):
                return
            await woken(stop, live.stirred(stirs, ASLEEP_SECONDS))
            seconds = min(pause_seconds, MOMENT_SECONDS)


@dataclass
class Naps:
    """Sleeps that are longer each time that nothing comes: what was put back is due soon."""

    live: Live
    shortest_seconds: float
    _seconds: float = 0.0

    def end(self) -> None:
        """Begin with short ones again: something came."""
        self._seconds = 0.0

    async def nap(self, stop: asyncio.Event, stirs: int) -> None:
        """Sleep until anything was told since ``stirs``, or the end."""
        self._seconds = min(max(2 * self._seconds, self.shortest_seconds), ASLEEP_SECONDS)
        await woken(stop, self.live.stirred(stirs, self._seconds))


async def _looked(look: Callable[[], Awaitable[T]], what: str) -> T | None:
    """Give what a look found; None while the database is away."""
    try:
        return await look()
    except Unavailable:
        _log.warning(f"{what}.database_unreachable")
        return None


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Return True as soon as the process stops, False after so many seconds."""
    if stop.is_set():
        return True
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except asyncio.TimeoutError:
        return False
    return True


async def woken(stop: asyncio.Event, news: Awaitable[object]) -> None:
    """Wait for news or for the end, whichever comes first."""
    waiting = [asyncio.ensure_future(news), asyncio.ensure_future(stop.wait())]
    _, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
