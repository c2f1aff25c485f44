"""What became of each message on its way out, and trying again what did not get through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.domain.messages import Entry

Place = tuple[UUID, int]
"""A conversation and a position in it."""
ENDED_BADLY = frozenset({"refused", "unconfirmed"})
GONE_OUT = frozenset({"sent", "delivered", "read"})


class DeliveryState(msgspec.Struct, frozen=True, kw_only=True):
    """How one message fares."""

    conversation_id: UUID
    position: int
    channel: str
    state: str
    """queued, sending, sent, delivered, read, unconfirmed or refused."""
    reason: str | None
    """Why it was refused, or nobody knows; while it is queued, why it has to wait."""
    retries: int
    """How often people had it tried again."""
    queued_at: datetime
    due_at: datetime | None
    """When it is tried next, while it waits."""
    ended_at: datetime | None
    expires_at: datetime | None
    """When it is worth nothing any more: what has such a time is not tried again."""

    @property
    def may_retry(self) -> bool:
        """Whether somebody may have it tried again."""
        return self.state in ENDED_BADLY and self.expires_at is None


class Deliveries(Protocol):
    """Deliveries as agents see them."""

    async def at(self, places: Sequence[Place]) -> Mapping[Place, DeliveryState]:
        """Give how messages fare; what is not sent anywhere is left out."""
        ...

    async def after(self, conversation_id: UUID, position: int, limit: int = 200) -> list[DeliveryState]:
        """Give how a conversation's messages fare after a position, oldest first."""
        ...

    async def entries(self, places: Sequence[Place]) -> Mapping[Place, Entry]:
        """Give what was said at these places."""
        ...

    async def retry(self, conversation_id: UUID, position: int, retries: int) -> DeliveryState:
        """Queue again what ended badly, where it was tried again so often before; pressed twice it is queued once.

        Raises NotFound, and Conflict: ``went_out``; ``retried_meanwhile`` when somebody had it tried again and it
        failed anew; ``worthless`` for what was worth something only for a while.
        """
        ...
