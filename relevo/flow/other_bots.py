"""Leaves a message to the bots that know what its conversation is about, while models are exchanged one by one."""

from __future__ import annotations

import msgspec

from relevo.contracts.bots import Bots
from relevo.contracts.live import Live
from relevo.contracts.store import Claim, Inbox


class OtherBots(msgspec.Struct, frozen=True, kw_only=True):
    """The bots beside this one."""

    name: str
    """This one's, which is not left to itself."""
    bots: Bots
    inbox: Inbox
    live: Live
    lost_seconds: float = 10.0
    """Silence after which a bot counts as gone; after that long, a message that was left is anybody's again."""

    async def leave(self, claim: Claim, names: frozenset[str]) -> bool:
        """Leave a message, with its place and its attempts, to those who know these names; False if there are none."""
        knowing = await self.bots.knowing(names, self.lost_seconds)
        others = [name for name in knowing if name != self.name]
        if others:
            await self.inbox.leave(claim, others, self.lost_seconds)
            self.live.wake_bots()
        return bool(others)
