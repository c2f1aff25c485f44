"""Processes that go from halt to halt when told to, and can be killed at each: every interleaving, in one thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from relevo.contracts.store import Claim

_walking: ContextVar[Walker | None] = ContextVar("walking", default=None)


async def halt(point: str) -> None:
    """Stop here until told to go on, when a walker comes by."""
    walker = _walking.get()
    if walker is not None:
        await walker.halt(point)


def is_overtaken() -> bool:
    """Tell whether the walker that comes by has lost its lease."""
    walker = _walking.get()
    return walker is not None and walker.is_overtaken


class Walker:
    """One process at work; killed, it writes nothing more, as after kill -9."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        name: str,
        work: Callable[[], Awaitable[object]],
        claim: Claim | None = None,
    ) -> None:
        self.name = name
        self.claim = claim
        self.at = "its beginning"
        self.is_overtaken = False
        """Whether its lease ran out while it was halted: somebody else may have done its work."""
        self._loop = loop
        self._go, self._halted = asyncio.Event(), asyncio.Event()
        self._task = loop.create_task(self._walk(work))

    @property
    def is_done(self) -> bool:
        """Whether it has come to its end."""
        return self._task.done()

    def advance(self, halts: int) -> None:
        """Go on for so many halts, or to the end; raises what the work raised."""
        for _ in range(halts):
            if not self.is_done:
                self._loop.run_until_complete(self._advance())
        if self.is_done:
            self._task.result()

    def kill(self) -> None:
        """End it where it stands."""
        self._task.cancel()
        self._loop.run_until_complete(asyncio.wait({self._task}))

    async def halt(self, point: str) -> None:
        """Stop until told to go on."""
        self.at = point
        self._halted.set()
        await self._go.wait()
        self._go.clear()

    async def _walk(self, work: Callable[[], Awaitable[object]]) -> None:
        _walking.set(self)
        await self.halt(self.at)
        await work()

    async def _advance(self) -> None:
        self._halted.clear()
        self._go.set()
        halted = asyncio.ensure_future(self._halted.wait())
        await asyncio.wait({self._task, halted}, return_when=asyncio.FIRST_COMPLETED)
        halted.cancel()
