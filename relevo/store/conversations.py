"""Timelines and who holds control."""

from __future__ import annotations

from uuid import UUID

from relevo.domain.conversations import Control, Conversation, may_change
from relevo.domain.messages import Author, Content, Entry
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.pool import Database

_SELECT = f"""
SELECT {rows.CONVERSATION_COLUMNS} FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id WHERE c.workspace_id = 1 AND
"""

_SAY = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 1, updated_at = now()
    WHERE workspace_id = 1 AND id = %(id)s RETURNING id, channel, last_position
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position, 'message', %(author)s, %(content)s::jsonb FROM grown
)
INSERT INTO deliveries (conversation_id, position, channel) SELECT id, last_position, channel FROM grown
RETURNING position
"""

# Who is taken for somebody else by now, is told nothing of theirs.
_JOINED = """
SELECT e.position, e.kind, e.author, e.content, e.created_at, e.external_id FROM entries e
WHERE e.workspace_id = 1 AND e.conversation_id = %(other)s AND e.position > %(after)s AND e.position <= %(up_to)s
  AND e.kind = 'message' AND EXISTS (SELECT FROM conversations c
    JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
    JOIN identities o ON o.workspace_id = 1 AND o.contact_id = i.contact_id
    JOIN conversations p ON p.workspace_id = 1 AND p.identity_id = o.id
    WHERE c.workspace_id = 1 AND c.id = %(other)s AND p.id = %(own)s)
ORDER BY e.position LIMIT %(limit)s
"""
_PASS_CONTROL = """
WITH passed AS (
    UPDATE conversations SET control = %(to)s, control_version = control_version + 1,
        last_position = last_position + 1, updated_at = now()
    WHERE workspace_id = 1 AND id = %(id)s AND control_version = %(version)s AND control = %(before)s
    RETURNING id, last_position, control_version
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position, 'control', 'system', %(content)s::jsonb FROM passed
)
SELECT control_version FROM passed
"""


class PostgresConversations:
    """Conversations on PostgreSQL; see contracts.store.Conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(self, conversation_id: UUID, after: int, limit: int = 200) -> list[Entry]:
        """Give timeline entries after a position, oldest first."""
        found = await self._database.rows(
            "SELECT position, kind, author, content, created_at, external_id FROM entries"
            " WHERE workspace_id = 1 AND conversation_id = %s AND position > %s ORDER BY position LIMIT %s",
            (conversation_id, after, limit),
        )
        return [rows.entry(row) for row in found]

    async def joined(self, other: UUID, own: UUID, between: tuple[int, int], limit: int) -> list[Entry]:
        """Give messages of another chat of the same contact, after a position and up to one."""
        after, up_to = between
        values = {"other": other, "own": own, "after": after, "up_to": up_to, "limit": limit}
        found = await self._database.rows(_JOINED, values)
        return [rows.entry(row) for row in found]

    async def find(self, channel: str, address: str) -> Conversation | None:
        """Give the conversation with an address on a channel."""
        found = await self._database.rows(f"{_SELECT} i.channel = %s AND i.address = %s", (channel, address))
        return rows.conversation(found[0]) if found else None

    async def get(self, conversation_id: UUID) -> Conversation:
        """Give a conversation."""
        found = await self._database.rows(f"{_SELECT} c.id = %s", (conversation_id,))
        if not found:
            raise NotFound("There is no such conversation.")
        return rows.conversation(found[0])

    async def pass_control(self, conversation_id: UUID, expected_version: int, to: Control) -> int:
        """Change who answers, by compare-and-set, and give the new version."""
        before = (await self.get(conversation_id)).control
        if not may_change(before, to):
            raise Conflict(f"Control is {before.value}; it cannot pass to {to.value} from there.", code="control")
        values = {
            "id": conversation_id,
            "version": expected_version,
            "before": before.value,
            "to": to.value,
            "content": rows.json_text({"custom": {"from": before.value, "to": to.value}}),
        }
        passed = await self._database.rows(_PASS_CONTROL, values)
        if not passed:
            raise Conflict("Somebody else changed who answers this conversation; look again.", code="control")
        version: int = passed[0][0]
        return version

    async def say(self, conversation_id: UUID, author: Author, content: Content) -> int:
        """Put a message on the timeline and in the outbox, and give its position."""
        values = {
            "id": conversation_id,
            "author": author.value,
            "content": rows.json_text(rows.content_document(content)),
        }
        written = await self._database.rows(_SAY, values)
        if not written:
            raise NotFound("There is no such conversation.")
        position: int = written[0][0]
        return position
