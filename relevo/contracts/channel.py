"""How a message leaves for a platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from relevo.domain.messages import Author, Content


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One message on its way out."""

    id: int
    """Also its idempotency key towards the platform: the same in every attempt."""
    channel: str
    address: str
    conversation_id: UUID
    position: int
    content: Content
    author: Author
    queued_at: datetime
    attempts: int
    """How often it was handed over, this time included."""
    may_be_sent: bool = False
    """Whether a worker died while it was sending this."""
    expires_at: datetime | None = None
    """When it is worth nothing any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What the platform said on accepting a message."""

    external_id: str | None = None


class Channel(Protocol):
    """One configured connection to a platform that Relevo sends to."""

    name: str
    is_duplicate_safe: bool
    """Whether the platform drops a second send of the same delivery id, so that unconfirmed sends may be repeated."""

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one message.

        Raises SendDeferred (PlatformAway when nobody could be asked), SendRefused or SendUnconfirmed, nothing else.
        """
        ...
