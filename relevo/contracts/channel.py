"""How a message leaves for a platform."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Protocol, runtime_checkable
from uuid import UUID

import msgspec

from relevo.domain.messages import Author, Content


class Priority(IntEnum):
    """Whose words go first where a platform takes few; the lower, the sooner."""

    AGENT = 0
    ANSWER = 1
    """To what a contact wrote."""
    PROACTIVE = 2


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
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
    """Whether a worker died while it was sending this, or the platform did not answer."""
    expires_at: datetime | None = None
    """When it is worth nothing any more."""
    priority: Priority = Priority.PROACTIVE
    language: str | None = None
    """The conversation's, for words that a channel adds; None where nobody knows yet."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
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


@runtime_checkable
class LooksUp(Protocol):
    """A channel that can find out what became of a message that may have been sent."""

    async def look_up(self, delivery: Delivery) -> Receipt | None:
        """Give the receipt of a message that arrived; None where it certainly did not, so that it may be sent again.

        Raises SendDeferred (PlatformAway when nobody could be asked) while that cannot be told.
        """
        ...
