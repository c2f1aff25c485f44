"""What lies on an agent's desk: drafts, who else looks at a conversation, colleagues, and notes that speak to them."""

from __future__ import annotations

from uuid import UUID

import psycopg

from relevo.contracts.composer import Colleague, Draft, Looker, Mention
from relevo.domain.messages import clean_text
from relevo.errors import NotFound
from relevo.store.pool import Database

_KEEP = """
INSERT INTO drafts (conversation_id, agent_id, kind, text, seen)
VALUES (%(id)s, %(agent)s, %(kind)s, %(text)s, %(seen)s)
ON CONFLICT (workspace_id, conversation_id, agent_id, kind)
DO UPDATE SET text = excluded.text, seen = excluded.seen, was_not_sent = false, updated_at = now()
"""
# A page says so every few seconds; only what says something new is written.
_LOOK = """
INSERT INTO lookers AS l (conversation_id, agent_id, is_typing) VALUES (%(id)s, %(agent)s, %(typing)s)
ON CONFLICT (workspace_id, conversation_id, agent_id) DO UPDATE SET is_typing = excluded.is_typing, seen_at = now()
WHERE l.seen_at < now() - interval '4 seconds' OR l.is_typing <> excluded.is_typing
"""
_OTHERS = """
SELECT l.agent_id, a.name, l.is_typing FROM lookers l JOIN agents a ON a.workspace_id = 1 AND a.id = l.agent_id
WHERE l.workspace_id = 1 AND l.conversation_id = %(id)s AND l.agent_id <> %(agent)s
  AND l.seen_at > now() - make_interval(secs => %(seconds)s) ORDER BY a.name, a.id
"""
_MENTIONS = """
SELECT m.id, m.conversation_id, m.position, e.content ->> 'text', b.name, k.display_name, m.created_at, m.read_at
FROM mentions m
JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = m.conversation_id AND e.position = m.position
JOIN agents b ON b.workspace_id = 1 AND b.id = m.by_agent_id
JOIN conversations c ON c.workspace_id = 1 AND c.id = m.conversation_id
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
WHERE m.workspace_id = 1 AND m.agent_id = %s ORDER BY m.id DESC LIMIT %s
"""
_READ = """
UPDATE mentions SET read_at = now() WHERE workspace_id = 1 AND agent_id = %(agent)s AND read_at IS NULL
  AND (%(up_to)s::bigint IS NULL OR id <= %(up_to)s)
  AND (%(conversation)s::uuid IS NULL OR conversation_id = %(conversation)s)
"""


class PostgresDesktop:
    """An agent's desk on PostgreSQL; see contracts.composer.Desktop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep_draft(self, conversation_id: UUID, agent_id: int, kind: str, text: str, seen: int | None) -> None:
        """Keep what an agent has begun to write; nothing forgets it."""
        if not text.strip():
            await self._database.run(
                "DELETE FROM drafts WHERE workspace_id = 1 AND conversation_id = %s AND agent_id = %s AND kind = %s",
                (conversation_id, agent_id, kind),
            )
            return
        values = {"id": conversation_id, "agent": agent_id, "kind": kind, "text": clean_text(text), "seen": seen}
        try:
            await self._database.run(_KEEP, values)
        except psycopg.errors.ForeignKeyViolation:
            raise NotFound("There is no such conversation.") from None

    async def drafts(self, conversation_id: UUID, agent_id: int) -> list[Draft]:
        """Give what an agent has begun to write."""
        found = await self._database.rows(
            "SELECT kind, text, seen, was_not_sent, updated_at FROM drafts"
            " WHERE workspace_id = 1 AND conversation_id = %s AND agent_id = %s ORDER BY kind",
            (conversation_id, agent_id),
        )
        names = ("kind", "text", "seen", "was_not_sent", "updated_at")
        return [Draft(**dict(zip(names, row, strict=True))) for row in found]

    async def look(
        self, conversation_id: UUID, agent_id: int, *, is_typing: bool, within_seconds: float
    ) -> list[Looker]:
        """Note that an agent looks at a conversation, and give who else did."""
        values = {"id": conversation_id, "agent": agent_id, "typing": is_typing, "seconds": within_seconds}
        await self._database.run(_LOOK, values)
        found = await self._database.rows(_OTHERS, values)
        return [Looker(agent_id=row[0], name=row[1], is_typing=row[2]) for row in found]

    async def leave(self, conversation_id: UUID, agent_id: int) -> None:
        """Note that an agent looks no more, and forget who looked long ago."""
        await self._database.run(
            "DELETE FROM lookers WHERE workspace_id = 1 AND (conversation_id = %s AND agent_id = %s"
            " OR seen_at < now() - interval '1 hour')",
            (conversation_id, agent_id),
        )

    async def colleagues(self) -> list[Colleague]:
        """Give everybody who may sign in."""
        found = await self._database.rows(
            "SELECT id, name, is_away FROM agents WHERE workspace_id = 1 AND removed_at IS NULL ORDER BY name, id"
        )
        return [Colleague(id=row[0], name=row[1], is_away=row[2]) for row in found]

    async def mentions(self, agent_id: int, limit: int = 50) -> list[Mention]:
        """Give the notes that speak to an agent."""
        names = ("id", "conversation_id", "position", "text", "by_name", "contact_name", "created_at", "read_at")
        found = await self._database.rows(_MENTIONS, (agent_id, limit))
        return [Mention(**dict(zip(names, row, strict=True))) for row in found]

    async def unread_mentions(self, agent_id: int) -> int:
        """Count the notes that an agent has not read."""
        found = await self._database.rows(
            "SELECT count(*) FROM mentions WHERE workspace_id = 1 AND agent_id = %s AND read_at IS NULL", (agent_id,)
        )
        return int(found[0][0])

    async def read_mentions(self, agent_id: int, up_to: int | None, conversation_id: UUID | None = None) -> None:
        """Mark mentions as read."""
        await self._database.run(_READ, {"agent": agent_id, "up_to": up_to, "conversation": conversation_id})
