"""Watches: they look again and again, sooner where there was something, through outages, and end at once."""

from __future__ import annotations

import asyncio

import pytest

from relevo.errors import Unavailable
from relevo.flow.waiting import keep_looking

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
