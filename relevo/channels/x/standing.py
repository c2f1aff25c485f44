"""Looks after how we stand with X: proves the webhook again, and has X tell once more what nobody was here to hear.

What is found is marked for all hosts: pollers ask seldom while the webhook works, and ``/ready`` and ``relevo check``
say what is wrong.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import structlog

from relevo.channels.x.answers import XError
from relevo.channels.x.marks import ALIVE, LOOK, TO_REPLAY, keep_standing
from relevo.channels.x.waiting import stopped_within
from relevo.channels.x.webhooks import XWebhooks
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.platform import Mark, PlatformMarks
from relevo.contracts.x import X
from relevo.errors import Unavailable

AWAY = timedelta(minutes=3)
"""After nobody was here for longer, X is asked to tell again."""
MARGIN = timedelta(minutes=2)
"""What was told just before may not have been kept."""
_ALIVE_SECONDS, _STANDING_SECONDS, _LOOK_SECONDS = 30.0, 300.0, 10.0
_NEVER = datetime(1971, 1, 1, tzinfo=timezone.utc)
_log = structlog.get_logger()


@dataclass(kw_only=True)
class XStanding:
    """Looks after one account's webhook, in all hosts together once in a while."""

    webhooks: XWebhooks
    marks: PlatformMarks
    clock: Clock = field(default=system_clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Look after it until told to stop."""
        while not stop.is_set():
            try:
                await self.step()
            except Unavailable:
                _log.warning("x.standing.database_unreachable")
            except XError as error:
                _log.warning("x.standing.failed", why=error.code)
            await stopped_within(stop, _LOOK_SECONDS)

    async def step(self) -> None:
        """Note that somebody is here, look how the webhook stands, and have told again what was missed."""
        await self._note_absence()
        if await self.marks.turn(X, LOOK, _STANDING_SECONDS) is not None:
            await self._look()
        await self._replay()

    async def _note_absence(self) -> None:
        before = await self.marks.turn(X, ALIVE, _ALIVE_SECONDS)
        if before is None or before.marked_at < _NEVER or self.clock() - before.marked_at < AWAY:
            return
        _log.warning("x.standing.was_away", since=before.marked_at.isoformat())
        if _moment(await self.marks.get(X, TO_REPLAY)) is None:
            await self.marks.put(X, TO_REPLAY, (before.marked_at - MARGIN).isoformat())

    async def _look(self) -> None:
        standing = await self.webhooks.standing()
        if standing.webhook_id is not None and not standing.is_valid:
            step = await self.webhooks.prove(standing.webhook_id)
            _log.warning("x.standing.webhook_invalid", now=step.done)
            standing = await self.webhooks.standing()
        await keep_standing(self.marks, is_healthy=standing.is_healthy, problem=standing.problem)

    async def _replay(self) -> None:
        since = _moment(await self.marks.get(X, TO_REPLAY))
        if since is None:
            return
        standing = await self.webhooks.standing()
        if standing.webhook_id is not None and standing.is_valid:
            await self.webhooks.replay(standing.webhook_id, since, self.clock())
            _log.info("x.standing.replayed", since=since.isoformat())
        await self.marks.put(X, TO_REPLAY, None)


def _moment(mark: Mark | None) -> datetime | None:
    return datetime.fromisoformat(mark.value) if mark is not None and mark.value else None
