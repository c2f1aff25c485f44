"""Tells contacts that answers take longer, once while that lasts, and who writes too fast that not all is answered.

    lanes wait too long ─► seen twice ─► each contact who waits is told, once ─► a minute without: over

Nothing is refused for it: what is kept is answered in its turn. Where no bot is there at all, flow/sweep.py tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from relevo.contracts.live import Live
from relevo.contracts.overload import Overload, Texts
from relevo.contracts.reaching import REACHES, Reach
from relevo.domain.messages import Content
from relevo.flow.standing import Standing
from relevo.flow.texts import languages, say
from relevo.flow.waiting import keep_watch
from relevo.metrics.numbers import told_slow

MOST_WAITING = 20
"""Messages of one conversation on a platform that may wait at once. More than people write at a time."""
_LOOK_SECONDS = 2.0
_log = structlog.get_logger()


@dataclass(kw_only=True)
class OverloadWatch:
    """Looks whether anybody waits too long, and tells them."""

    standing: Standing
    overload: Overload
    live: Live
    seconds: float = 10.0
    default_language: str = "es"
    reaches: Mapping[str, Reach] = field(default_factory=lambda: REACHES)
    _is_seen: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop."""
        await keep_watch(stop, self.step, live=self.live, what="overload", pause_seconds=_LOOK_SECONDS)

    async def step(self) -> int:
        """Look once, and give how many were told; once may be a clock that was put forward."""
        load = await self.standing.load()
        was_seen, self._is_seen = self._is_seen, load.bots_ready > 0 and load.oldest_wait_seconds > self.seconds
        if not (was_seen and self._is_seen):
            return 0
        # Who is asked for answers hears what was said with the answer itself, when it is news no more.
        unheard = [name for name, reach in self.reaches.items() if reach.is_asked]
        told = await self.overload.slow(self.seconds, _texts("answers_take_longer", self.default_language), unheard)
        for conversation_id in told:
            self.live.changed(conversation_id)
        if told:
            self.live.wake_senders()
            told_slow.inc(len(told))
        _log.warning(
            "overload", lanes=load.lanes_waiting, oldest_wait_seconds=round(load.oldest_wait_seconds, 1), told=len(told)
        )
        return len(told)


async def keep_within(overload: Overload, inbox_id: int, default_language: str) -> bool:
    """Have a message that just came be answered only where few of its conversation wait; tells whether it is not."""
    is_flood = await overload.flooded(inbox_id, MOST_WAITING, _texts("too_fast", default_language))
    if is_flood:
        _log.info("flood", inbox_id=inbox_id)
    return is_flood


def _texts(key: str, default_language: str) -> Texts:
    return {language: Content(text=say(language, key)) for language in languages()} | {
        "": Content(text=say(default_language, key))
    }
