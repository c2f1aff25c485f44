"""Routes what waits for a person: offers it, sees to offers that run out, and tells contacts how long it takes.

    something is queued, somebody comes or has room ─► look ─► offers ─► desks hear of it at once
                                  an offer's time is up ─┘      └─ nobody can: the contact hears place and usual wait

Any number of web processes look; the store lets one at a time decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.reaching import REACHES, Reach
from relevo.contracts.routing import Manner, QueueEntry, Routed, Routing
from relevo.domain.service import Service
from relevo.domain.waits import Told, is_news, places
from relevo.errors import Unavailable
from relevo.flow.reception import said_wait
from relevo.flow.texts import say
from relevo.flow.waiting import REST_SECONDS, woken

_log = structlog.get_logger()


@dataclass(kw_only=True)
class Router:
    """Offers what waits to whoever may take it; its service may be replaced while it runs."""

    routing: Routing
    live: Live
    service: Service = field(default_factory=Service)
    clock: Clock = field(default=system_clock)
    default_language: str = "es"
    look_seconds: float = 5.0
    """How often it looks where nothing wakes it: for agents who have gone, and waits that have changed."""
    reaches: Mapping[str, Reach] = field(default_factory=lambda: REACHES)
    """How the configured channels take words: where they take few, places in a queue are told once."""

    async def run(self, stop: asyncio.Event) -> None:
        """Look whenever something may have changed, until told to stop."""
        with self.live.routers() as news:
            while not stop.is_set():
                wait_seconds = self.look_seconds
                try:
                    wait_seconds = self._pause(await self.step())
                except Unavailable:
                    _log.warning("routing.database_unreachable")
                await woken(stop, news.wait(wait_seconds))

    def _pause(self, routed: Routed) -> float:
        """Give how long nothing needs a look: where nobody waits, agents who go change nothing."""
        if routed.next_at_seconds is not None:
            return min(self.look_seconds, routed.next_at_seconds + 0.05)
        return self.look_seconds if routed.waiting else REST_SECONDS

    async def step(self) -> Routed:
        """Look once."""
        routed = await self.routing.route(self._manner())
        for conversation_id in routed.touched:
            self.live.changed(conversation_id)
        for offer in routed.offers:
            _log.info("routing.offered", conversation=str(offer.conversation_id), agent=offer.agent_id)
        told = await self._tell_waits(routed.waiting)
        if told or any(offer.is_requested for offer in routed.offers):
            self.live.wake_senders()
        return routed

    def _manner(self) -> Manner:
        service = self.service
        return Manner(
            rules=service.rules,
            offer_seconds=service.offer_seconds,
            presence_seconds=service.presence_seconds,
            queue_seconds=service.queue_seconds,
            here_now=lambda language: say(language or self.default_language, "queue_here_now"),
        )

    async def _tell_waits(self, seen: Collection[UUID]) -> int:
        """Tell those who wait what is news, and give how many were told; who came since the look is offered first."""
        line = await self.routing.line()
        waits = await self.routing.usual_waits() if line else {}
        told = 0
        for entry, place in zip(line, places(entry.queue for entry in line), strict=True):
            is_new = entry.offered_to is None and entry.conversation_id not in seen
            if not is_new and self._is_news(entry, place, waits.get(entry.queue)):
                told += await self._tell(entry, place, waits.get(entry.queue))
        return told

    def _is_news(self, entry: QueueEntry, place: int, wait_seconds: int | None) -> bool:
        reach = self.reaches.get(entry.channel)
        if reach is not None and reach.joins_turns and entry.told_at is not None:
            return False
        told = Told(place=entry.told_place, wait_seconds=entry.told_wait_seconds, at=entry.told_at)
        is_offered = entry.offered_to is not None
        return is_news(told, place, wait_seconds, since=entry.since, is_offered=is_offered, now=self.clock())

    async def _tell(self, entry: QueueEntry, place: int, wait_seconds: int | None) -> bool:
        text = said_wait(entry.language or self.default_language, place, wait_seconds)
        if not await self.routing.tell(entry, place, wait_seconds, text):
            return False
        self.live.changed(entry.conversation_id)
        return True
