"""Watches: they look again and again, sooner where there was something, through outages, and end at once."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from relevo.contracts.live import Live
from relevo.errors import Unavailable
from relevo.flow.waiting import keep_looking, keep_watch

pytestmark = pytest.mark.anyio


async def test_a_watch_looks_again_at_once_while_it_finds_something_and_ends_when_told() -> None:
    """Even where there is always more: the end is not put off."""
    stop, looks = asyncio.Event(), 0

    async def look() -> bool:
        nonlocal looks
        looks += 1
        if looks == 3:
            stop.set()
        return True

    watching = keep_looking(stop, look, what="test", pause_seconds=3_600.0, first_seconds=0.0, again_seconds=0.0)
    await asyncio.wait_for(watching, 10)
    assert looks == 3


async def test_an_outage_is_waited_through_and_nothing_found_is_a_pause() -> None:
    """The look that failed is made again after the usual pause, and so is one that found nothing."""
    stop, looks = asyncio.Event(), list[int]()

    async def look() -> bool:
        looks.append(len(looks))
        if len(looks) == 1:
            raise Unavailable("gone")
        if len(looks) == 3:
            stop.set()
        return False

    await asyncio.wait_for(keep_looking(stop, look, what="test", pause_seconds=0.01, again_seconds=3_600.0), 10)
    assert len(looks) == 3


class Told:
    """What wakes, as of contracts.live.Live: whoever would sleep is seen to, and is woken by the test."""

    def __init__(self) -> None:
        self.stirs = 0
        self.asleep = asyncio.Event()

    async def stirred(self, since: int, seconds: float) -> bool:
        """Sleep until something is told."""
        while self.stirs == since:
            self.asleep.set()
            await asyncio.sleep(0)
        return True


async def test_a_watch_sleeps_where_nothing_was_found_and_nothing_told_until_something_is() -> None:
    """While it finds something, while the database is away, and after news, it looks again after its pause."""
    stop, told, found = asyncio.Event(), Told(), [2, None, 0, 1, 0]
    looks = list[int]()

    async def look() -> int:
        looks.append(len(looks))
        now = found[looks[-1]]
        if now is None:
            raise Unavailable("gone")
        return now

    live = cast("Live", told)
    watching = asyncio.create_task(keep_watch(stop, look, live=live, what="test", pause_seconds=0.001))
    await asyncio.wait_for(told.asleep.wait(), 10)
    assert looks == [0, 1, 2]
    told.asleep.clear()
    told.stirs += 1
    await asyncio.wait_for(told.asleep.wait(), 10)
    assert looks == [0, 1, 2, 3, 4]
    stop.set()
    await asyncio.wait_for(watching, 10)


async def test_what_was_told_while_a_watch_looked_has_it_look_again() -> None:
    """It may have been kept behind the look's back."""
    stop, told = asyncio.Event(), Told()
    looks = list[int]()

    async def look() -> int:
        looks.append(len(looks))
        if len(looks) == 1:
            told.stirs += 1
        return 0

    live = cast("Live", told)
    watching = asyncio.create_task(keep_watch(stop, look, live=live, what="test", pause_seconds=0.001))
    await asyncio.wait_for(told.asleep.wait(), 10)
    assert looks == [0, 1]
    stop.set()
    await asyncio.wait_for(watching, 10)
