"""Waits until a business on a fake X has done all it can, and has time pass to when it can do more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import NamedTuple

from bench.kit.programs import BenchError
from bench.kit.x_business import XBusiness

STALLED_SECONDS, PATIENCE_SECONDS = 3.0, 120.0
"""So long nothing may move before a little time passes, and before the run is given up."""
A_LITTLE, POLLED = 5.0, 130.0
"""Seconds that pass then, and until what X did not tell is asked for."""
LOOK_SECONDS = 12.0
"""How long pollers may take to see that it is time."""
# What a killed process holds moves only when its time is over; so does what waits behind it.
_STATE = """
WITH e AS (SELECT * FROM platform_events WHERE state IN ('waiting', 'held')),
d AS (SELECT * FROM deliveries WHERE state IN ('queued', 'sending'))
SELECT (SELECT count(*) FROM inbox WHERE state IN ('waiting', 'held'))
  + (SELECT count(*) FROM e WHERE state = 'held' AND (lease_until < now() OR token <> ALL(%(orphans)s::uuid[])))
  + (SELECT count(*) FROM e WHERE state = 'waiting' AND due_at <= now() AND (lane = '' OR NOT EXISTS (
      SELECT FROM e b WHERE b.lane = e.lane AND (b.state = 'held' OR (b.sorted_by, b.id) < (e.sorted_by, e.id)))))
  + (SELECT count(*) FROM d WHERE state = 'sending' AND (lease_until < now() OR token <> ALL(%(orphans)s::uuid[])))
  + (SELECT count(*) FROM d WHERE state = 'queued' AND due_at <= now() AND NOT EXISTS (SELECT FROM d b
      WHERE b.conversation_id = d.conversation_id AND b.channel = d.channel AND b.position < d.position)),
  (SELECT count(*) FROM e) + (SELECT count(*) FROM d),
  extract(epoch FROM (SELECT min(t) FROM (SELECT due_at FROM e WHERE state = 'waiting' UNION ALL
      SELECT due_at FROM d WHERE state = 'queued' UNION ALL SELECT lease_until FROM e WHERE state = 'held' UNION ALL
      SELECT lease_until FROM d WHERE state = 'sending') AS x (t) WHERE t > now()) - now())::float8,
  (SELECT count(*) FROM entries WHERE kind = 'message' AND author = 'contact')
"""


class State(NamedTuple):
    """How the business stands."""

    moving: int
    """What somebody is at, or could be."""
    left: int
    """Events not read and deliveries not ended."""
    next_seconds: float | None
    heard: int
    """Messages of customers that arrived."""


@dataclass(kw_only=True)
class Settling:
    """Has time pass for a business."""

    business: XBusiness
    jumps: int = 0
    stalls: int = 0
    _seen: object = None
    _moved_at: float = field(default_factory=monotonic)

    async def settled(self, written: int) -> None:
        """Wait until so many messages have arrived and nothing is left to do; raises BenchError when that never is."""
        self._moved_at = monotonic()
        while True:
            state = await self._state()
            if state.moving or self.business.is_restarting:
                await self._wait(state)
            elif state.left and state.next_seconds is not None:
                await self._jump(state.next_seconds + 0.5)
            elif state.heard < written:
                await self._until_asked()
            elif not state.left:
                return

    async def _state(self) -> State:
        (row,) = await self.business.opened.database.rows(_STATE, {"orphans": self.business.orphans})
        return State(*row)

    async def _wait(self, state: State) -> None:
        progress = (
            state.moving,
            state.left,
            state.heard,
            len(self.business.x.seen),
            len(self.business.x.deliveries.statuses),
        )
        now = monotonic()
        if progress != self._seen or self.business.is_restarting:
            self._seen, self._moved_at = progress, now
        elif now - self._moved_at > PATIENCE_SECONDS:
            raise BenchError(f"Nothing moves any more: {state}; see {self.business.web.log}.")
        elif now - self._moved_at > STALLED_SECONDS:
            self.stalls += 1
            await self._jump(A_LITTLE)
        await asyncio.sleep(0.03)

    async def _jump(self, seconds: float) -> None:
        self.jumps += 1
        await asyncio.to_thread(self.business.clock.jump, seconds)
        self.business.opened.live.wake_senders()
        self.business.opened.live.wake_intakes()

    async def _until_asked(self) -> None:
        """Have X asked for what it has not told."""
        x, before = self.business.x, len(self.business.x.seen)
        await self._jump(POLLED)
        for _ in range(round(LOOK_SECONDS / 0.1)):
            if (await self._state()).moving:
                return
            await asyncio.sleep(0.1)
        if len(x.seen) == before:
            raise BenchError(f"Nobody asks X for what it has not told; see {self.business.web.log}.")
