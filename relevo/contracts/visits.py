"""Visitors of the web chat: their tokens, who their site says they are, and what the chat shows beside messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.domain.conversations import Control
from relevo.domain.sites import DEFAULT


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a site has vouched for."""

    ref: str
    """The business's own reference of the person."""
    name: str | None
    email: str | None
    verified_until: datetime


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor's token stands for."""

    address: str
    expires_at: datetime
    site: str = DEFAULT
    signed: Signed | None = None
    prechat: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What they answered before their first message."""
    consented_at: datetime | None = None
    is_introduced: bool = True
    """Whether what is known of them is on the timeline; before that it waits for their first message."""

    @property
    def has_something_to_tell(self) -> bool:
        """Whether agents should know more than the messages."""
        return self.signed is not None or bool(self.prechat) or self.consented_at is not None


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """Where a visitor goes on whom their site has vouched for."""

    visit: Visit
    conversation_id: UUID | None
    """Their conversation, where there is one already."""


class ChatState(msgspec.Struct, frozen=True, kw_only=True):
    """What a chat shows beside its messages."""

    control: Control
    agent_name: str | None = None
    place: int | None = None
    """In the queue, as the contact was told."""
    wait_seconds: int | None = None
    is_typing: bool = False
    """Whether whoever answers is at it."""
    seen_position: int = 0
    """How far agents have read."""
    rating_position: int | None = None
    """Where the open question of how it was stands."""
    is_ended: bool = False


class ContactSigns(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent sees of a contact without words."""

    is_typing: bool
    read_position: int
    """How far they have read; 0 where nobody knows."""


class RefusedOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Pages that tried to use the chat and may not."""

    origin: str
    site: str
    refused_at: datetime


class Visits(Protocol):
    """Visitors' tokens; only their hashes are kept."""

    async def open(self, token_hash: bytes, visit: Visit) -> None:
        """Keep a visitor's token."""
        ...

    async def find(self, token_hash: bytes) -> Visit | None:
        """Give what a token stands for that has not expired."""
        ...

    async def prolong(self, token_hash: bytes, expires_at: datetime) -> None:
        """Let a token hold for longer."""
        ...

    async def close(self, token_hash: bytes) -> None:
        """End a token."""
        ...

    async def introduce(self, token_hash: bytes) -> None:
        """Put what is known of a visitor on their timeline, once, making contact and conversation where needed."""
        ...

    async def identify(self, before: bytes | None, token_hash: bytes, visit: Visit) -> Identified:
        """Put a token for a signed visitor in the place of the one before.

        What was said with the one before becomes the person's own conversation, where they have none; is joined with
        their own, once nothing is under way in it; and stays somebody else's where anybody else was verified in it.
        """
        ...

    async def silent(self, site: str, days: int, limit: int = 50) -> Sequence[UUID]:
        """Give contacts of a site whom nobody ever verified, silent for so many days, with no case that is open."""
        ...

    async def forget_unused(self) -> None:
        """Forget tokens that are over and with which nothing was said."""
        ...

    async def refused(self, origin: str, site: str) -> None:
        """Note that pages of an origin were refused; of a hundred the oldest are forgotten."""
        ...

    async def refusals(self) -> Sequence[RefusedOrigin]:
        """Give the origins that were refused, newest first."""
        ...


class Chats(Protocol):
    """What passes between a visitor and whoever answers, beside messages."""

    async def state(self, conversation_id: UUID, typing_seconds: float) -> ChatState:
        """Give what a chat shows; who typed within so many seconds is typing."""
        ...

    async def contact_types(self, conversation_id: UUID) -> None:
        """Note that the contact is typing just now."""
        ...

    async def signs(self, conversation_id: UUID, within_seconds: float) -> ContactSigns:
        """Tell whether the contact typed within so many seconds, and how far they have read."""
        ...

    async def contact_read(self, conversation_id: UUID, up_to: int) -> bool:
        """Note how far the contact has read; tell whether that was news."""
        ...

    async def pages(self, conversation_id: UUID, after: int) -> Mapping[int, str]:
        """Give on which page the contact wrote each message after a position, where that changed."""
        ...

    async def rate(self, conversation_id: UUID, score: int, comment: str | None) -> None:
        """Keep a rating for the newest question of how it was; raises Conflict where none was asked."""
        ...

    async def end(self, conversation_id: UUID, said: str) -> None:
        """End what the contact wanted: the bot begins anew; who waited for a person hears ``said`` and waits no more.

        A person who has control keeps it, and sees that the contact has ended it.
        """
        ...
