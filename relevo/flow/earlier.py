"""Reads a chat as the contact knows it: with what they wrote before their site vouched for them in its place."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from relevo.contracts.conversations import Conversations
from relevo.domain.messages import JOINED, Entry


async def entries_of_contact(
    conversations: Conversations, conversation_id: UUID, after: int, limit: int
) -> Sequence[Entry]:
    """Give timeline entries after a position, oldest first; those of a joined chat at positions of this one.

    At least ``limit`` are given where there are more.
    """
    found: list[Entry] = []
    for entry in await conversations.entries(conversation_id, after, limit):
        earlier = await _earlier(conversations, conversation_id, entry, (after, limit))
        found += earlier
        if len(earlier) == limit:
            return found
        found.append(entry)
    return found


async def _earlier(
    conversations: Conversations, conversation_id: UUID, entry: Entry, asked: tuple[int, int]
) -> list[Entry]:
    """Give what an entry stands for: the positions before it are those of the other chat, moved on."""
    custom = entry.content.custom or {}
    if entry.kind != JOINED or "up_to" not in custom:
        return []
    (after, limit), up_to = asked, int(custom["up_to"])
    moved = entry.position - 1 - up_to
    begins = max(int(custom["after"]), after - moved)
    said = await conversations.joined(UUID(custom["conversation"]), conversation_id, (begins, up_to), limit)
    return [replace(each, position=each.position + moved) for each in said]
