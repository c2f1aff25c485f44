"""Reads what platforms have told, and makes of it what it means: messages, receipts, signs, posts.

    claim ─► read (and decrypt) ─► files fetched ─► inbox · delivery confirmed · read up to · post ─► settle
               │ not now: again later, its lane waits       │ a file is refused: the rest arrives, and says so
               └ never: given up, and kept to be looked at

Any number of processes do this at once. Everything that an event becomes is the same however often it is read, so that
whoever is killed between two steps leaves nothing to repair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any

import structlog

from relevo.contracts.channel_log import ChannelLog, Unlogged
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.platform import ClaimedEvent, Platform, PlatformEvents
from relevo.errors import LeaseLost, PlatformAway, RequestError, Unavailable
from relevo.flow.hearing import Hearing
from relevo.flow.waiting import Naps
from relevo.metrics.numbers import few, platform_events

AT_ONCE = 8
MAX_ATTEMPTS = 8
"""How often an event is begun that always fails, before it is given up."""
PATIENCE = timedelta(days=3)
"""How long an event waits for a platform that cannot be asked."""
KEPT_SECONDS, KEPT_EVENTS = 30 * 86_400.0, 200_000
_FORGET_EVERY_SECONDS = 3_600.0
_IDLE_SECONDS = 1.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=10)
"""Between two tries: as long as it has waited already."""
_log = structlog.get_logger()


@dataclass(kw_only=True)
class Intake:
    """Reads events of platforms."""

    platforms: Mapping[str, Platform]
    events: PlatformEvents
    live: Live
    hearing: Hearing
    log: ChannelLog = field(default_factory=Unlogged)
    clock: Clock = field(default=system_clock)
    _forgets_at: float = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Read until told to stop, then finish what was begun; what takes long holds up nothing but its lane."""
        running: set[asyncio.Task[None]] = set()
        naps = Naps(self.live, _IDLE_SECONDS)
        with self.live.intakes() as wake:
            while not stop.is_set():
                stirs = self.live.stirs
                begun = [asyncio.create_task(self._take(each)) for each in await self._claimed(AT_ONCE - len(running))]
                running = {task for task in (*running, *begun) if not task.done()}
                if len(running) >= AT_ONCE or not begun:
                    await _first_of(running, wake.wait(_IDLE_SECONDS))
                if running:
                    naps.end()
                else:
                    await naps.nap(stop, stirs)
        if running:
            await asyncio.wait(running)

    async def step(self) -> int:
        """Read the heads of free lanes once and give their number."""
        claimed = await self._claimed(AT_ONCE)
        await asyncio.gather(*map(self._take, claimed))
        return len(claimed)

    async def _claimed(self, limit: int) -> list[ClaimedEvent]:
        try:
            if monotonic() >= self._forgets_at:
                await self.events.forget_old(KEPT_SECONDS, KEPT_EVENTS)
                self._forgets_at = monotonic() + _FORGET_EVERY_SECONDS
            return await self.events.claim(list(self.platforms), limit)
        except Unavailable:
            _log.warning("intake.database_unreachable")
            self.live.stir()
            return []

    async def _take(self, claimed: ClaimedEvent) -> None:
        began, result = monotonic(), "lease_lost"
        try:
            result = await self._read(claimed)
        except LeaseLost:
            pass
        except Unavailable:  # its lease runs out, and it is read again
            result = "database_unreachable"
        self.log.count(claimed.event.channel, claimed.event.kind, result)
        platform_events.labels(few("channel", claimed.event.channel), few("outcome", result)).inc()
        _log.info(
            "intake",
            number=claimed.id,
            channel=claimed.event.channel,
            kind=claimed.event.kind,
            attempt=claimed.attempts,
            outcome=result,
            seconds=round(monotonic() - began, 4),
        )

    async def _read(self, claimed: ClaimedEvent) -> str:
        platform = self.platforms[claimed.event.channel]
        try:
            heard = await platform.read(claimed.event)
            for each in heard:
                await self.hearing.hear(platform, each, self.clock() - claimed.received_at)
        except PlatformAway as error:
            return await self._wait(claimed, error)
        except (LeaseLost, Unavailable):
            raise
        except RequestError as error:
            await self.events.bury(claimed, f"{type(error).__name__}: {error}")
            return error.reason
        except Exception as error:  # noqa: BLE001 - one event's mistake must not stop the others
            return await self._failed(claimed, error)
        await self.events.settle(claimed)
        return "ok" if heard else "ignored"

    async def _wait(self, claimed: ClaimedEvent, error: PlatformAway) -> str:
        now = self.clock()
        if now - claimed.received_at > PATIENCE:
            await self.events.bury(claimed, f"Waited for three days: {error}")
            return "given_up"
        pause = max(_SHORTEST_PAUSE, min(now - claimed.received_at, _LONGEST_PAUSE))
        await self.events.defer(claimed, error.until or now + pause, counts=False)
        return "platform_away"

    async def _failed(self, claimed: ClaimedEvent, error: Exception) -> str:
        _log.error("intake.failed", number=claimed.id, kind=claimed.event.kind, exc_info=error)
        if claimed.attempts >= MAX_ATTEMPTS:
            await self.events.bury(claimed, f"Reading it raised {type(error).__name__}.")
            return "given_up"
        again_at = self.clock() + timedelta(seconds=2.0**claimed.attempts)
        await self.events.defer(claimed, again_at)
        return "failed"


async def _first_of(running: set[asyncio.Task[None]], news: Coroutine[Any, Any, bool]) -> None:
    """Wait until something ends, for its lane goes on then, or until there is news."""
    waiting = asyncio.ensure_future(news)
    await asyncio.wait({*running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
