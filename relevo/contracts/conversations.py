"""Timelines read, and who answers."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from relevo.domain.conversations import Control, Conversation
from relevo.domain.messages import Author, Content, Entry


class Conversations(Protocol):
    """Reading timelines and passing control."""

    async def entries(self, conversation_id: UUID, after: int, limit: int = 200) -> list[Entry]:
        """Give timeline entries after a position, oldest first, of every kind."""
        ...

    async def joined(self, other: UUID, own: UUID, between: tuple[int, int], limit: int) -> list[Entry]:
        """Give messages of another chat, after a position and up to one, where it belongs to the same contact."""
        ...

    async def find(self, channel: str, address: str) -> Conversation | None:
        """Give the conversation with an address on a channel."""
        ...

    async def get(self, conversation_id: UUID) -> Conversation:
        """Give a conversation; raises NotFound."""
        ...

    async def pass_control(self, conversation_id: UUID, expected_version: int, to: Control) -> int:
        """Change who answers, by compare-and-set, and give the new version; raises Conflict when it may not pass so."""
        ...

    async def say(self, conversation_id: UUID, author: Author, content: Content) -> int:
        """Put a message on the timeline and in the outbox outside any turn, and give its position."""
        ...
