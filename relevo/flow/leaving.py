"""Sees to what somebody leaves whose account was removed: nothing waits for them, and nothing they wrote is lost.

    what they sent a moment ago goes out ─► their conversations are in the queue, their open cases nobody's
        ─► what they had begun to write stands there as a private note

Promised times stay as they are. Each step may be taken again: who dies in the middle is followed by the next look.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec
import structlog

from relevo.contracts.live import Live
from relevo.contracts.store import Store
from relevo.flow.waiting import keep_looking

_LOOK_SECONDS = 60.0
_log = structlog.get_logger()


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the work of whoever is gone."""

    store: Store
    live: Live

    async def run(self, stop: asyncio.Event) -> None:
        """Look after what was left half done, until told to stop."""
        await keep_looking(stop, self.step, what="leaving", pause_seconds=_LOOK_SECONDS, first_seconds=0.0)

    async def step(self) -> None:
        """Look once."""
        for agent_id in await self.store.handoffs.left_behind():
            await self.leave(agent_id)

    async def leave(self, agent_id: int) -> list[UUID]:
        """Put everything back that somebody has, and give the conversations that are in the queue now."""
        for conversation_id in await self.store.handoffs.held_by(agent_id):
            await self.store.composer.unsent.send(conversation_id)
        freed = await self.store.handoffs.release(agent_id)
        noted = await self.store.composer.unsent.note_drafts(agent_id)
        for conversation_id in {*freed, *noted}:
            self.live.changed(conversation_id)
        self.live.wake_routers()
        self.live.wake_senders()
        _log.info("leaving", agent=agent_id, conversations=len(freed), drafts=len(noted))
        return freed
