"""Waits for the end of a process, or for so long; and looks again and again until then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from relevo.errors import Unavailable

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
        seconds = pause_seconds
        try:
            if await look() and again_seconds is not None:
                seconds = again_seconds
        except Unavailable:
            _log.warning(f"{what}.database_unreachable")


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
