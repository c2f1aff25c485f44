"""Keeps a bot process busy: claims the heads of free lanes, renews what takes long, looks again when woken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

import structlog

from relevo.contracts.live import Live, Subscription
from relevo.contracts.store import Claim, Inbox
from relevo.errors import LeaseLost, Unavailable
from relevo.flow.waiting import stopped_within

_log = structlog.get_logger()
_IDLE_SECONDS = 1.0
"""How long to wait for a wake-up before looking anyway; twice as long each time that nothing comes."""
_BUSY_SECONDS = 5.0
_STAND_BY_SECONDS = 0.12
"""How long a bot that has a conversation in memory is given to take its message, before others look whether it has."""


@dataclass(kw_only=True)
class Worker:
    """Runs a verb on every message it can claim, at most so many at once."""

    inbox: Inbox
    live: Live
    verb: Callable[[Claim], Awaitable[None]]
    name: str | None = None
    """What this bot is called among those that a message may be left to."""
    lease_seconds: float = 60.0
    at_once: int = 4
    longest_idle_seconds: float = 5.0
    """What a lost wake-up costs, where nobody else notices that something waits."""
    _running: dict[asyncio.Task[None], Claim] = field(default_factory=dict)
    _idle_seconds: float = _IDLE_SECONDS

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, then finish what was begun; cut off meanwhile, give it back for others."""
        renewing = asyncio.create_task(self._renew())
        try:
            await self._work(stop)
            if self._running:
                await asyncio.wait(self._running)
        finally:
            renewing.cancel()
            await self._give_up()

    async def _give_up(self) -> None:
        """Have what is still running begun again elsewhere at once, where it would wait for the lease's end."""
        left = dict(self._running)
        for task in left:
            task.cancel()
        for claim in left.values():
            with suppress(LeaseLost, Unavailable):
                await self.inbox.defer(claim, seconds=0.0)
        if left:
            self.live.wake_bots()

    async def _work(self, stop: asyncio.Event) -> None:
        with self.live.bots(self.name) as wake:
            ending = asyncio.create_task(_wake_at_end(stop, wake))
            try:
                while not stop.is_set():
                    await self._tried(wake, stop)
            finally:
                ending.cancel()

    async def _tried(self, wake: Subscription, stop: asyncio.Event) -> None:
        try:
            await self._step(wake, stop)
        except Unavailable:
            _log.warning("worker.database_unreachable")
            await stopped_within(stop, _IDLE_SECONDS)

    async def _step(self, wake: Subscription, stop: asyncio.Event) -> None:
        free = self.at_once - len(self._running)
        claims = await self.inbox.claim(free, self.name) if free else []
        if stop.is_set():
            await self.inbox.release(claims)
            self.live.wake_bots()
            return
        if claims:
            self._idle_seconds = _IDLE_SECONDS  # what is put back is due soon
        for claim in claims:
            earlier = [task for task, held in self._running.items() if held.conversation.id == claim.conversation.id]
            task = asyncio.create_task(self._do(claim, earlier))
            self._running[task] = claim
            task.add_done_callback(self._running.pop)
        if len(claims) < max(free, 1):  # else there may be more
            await self._wait(wake)

    async def _wait(self, wake: Subscription) -> None:
        if len(self._running) < self.at_once:
            was_woken = await wake.wait(self._idle_seconds)
            self._idle_seconds = _IDLE_SECONDS if was_woken else min(2 * self._idle_seconds, self.longest_idle_seconds)
            if was_woken and not self._is_meant(wake):
                await self._stand_by(wake)
        elif await self._is_woken_before_an_end(wake) and self.name is not None:
            self.live.bot_is_busy(self.name)

    async def _is_woken_before_an_end(self, wake: Subscription) -> bool:
        waking = asyncio.create_task(wake.wait(_BUSY_SECONDS))
        try:
            await asyncio.wait({*self._running, waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
        return waking.done() and not waking.cancelled() and waking.result() and self._is_meant(wake)

    async def _stand_by(self, wake: Subscription) -> None:
        """Leave a message to the bot that it is for, and look whether it was taken: that one may be busy, or gone."""
        until = monotonic() + _STAND_BY_SECONDS
        while (left := until - monotonic()) > 0:
            if await wake.wait(left) and self._is_meant(wake):
                return

    def _is_meant(self, wake: Subscription) -> bool:
        about = wake.heard()
        return self.name is None or "" in about or about <= {self.name}  # which it said itself, being busy

    async def _do(self, claim: Claim, earlier: Sequence[asyncio.Task[None]]) -> None:
        if earlier:  # whose lease ran out here, of all places: two would answer from one conversation's memory
            await asyncio.wait(earlier)
        try:
            await self.verb(claim)
        # The row's lease runs out and it is tried again: nothing is lost, and everything is seen.
        except Exception as error:  # noqa: BLE001
            _log.error("worker.unexpected", inbox_id=claim.inbox_id, exc_info=error)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self.lease_seconds / 3)
            if self._running:
                try:
                    await self.inbox.renew(list(self._running.values()))
                except Unavailable:
                    _log.warning("worker.lease_not_renewed")


async def _wake_at_end(stop: asyncio.Event, wake: Subscription) -> None:
    """Have a worker that waits for messages hear that there will be none: it may be long before it looks by itself."""
    await stop.wait()
    wake.wake()
