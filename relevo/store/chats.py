"""What a web chat shows beside its messages, on PostgreSQL; none of it is part of a turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from relevo.contracts.visits import ChatState, ContactSigns
from relevo.domain.conversations import WAITING, Control
from relevo.domain.ratings import Rating, Stage
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.handoffs import end_waiting
from relevo.store.pool import Connection, Database
from relevo.store.ratings import write_rating

_STATE = """
SELECT c.control, a.name, h.told_place, h.told_wait_seconds,
    CASE c.control
    WHEN 'bot' THEN EXISTS (SELECT FROM inbox q WHERE q.workspace_id = 1 AND q.conversation_id = c.id
        AND q.state IN ('waiting', 'held'))
    WHEN 'agent' THEN EXISTS (SELECT FROM lookers l WHERE l.workspace_id = 1 AND l.conversation_id = c.id
        AND l.agent_id = c.agent_id AND l.is_typing AND l.seen_at > now() - make_interval(secs => %(seconds)s))
    ELSE false END,
    (SELECT coalesce(max(k.position), 0) FROM conversation_looks k
     WHERE k.workspace_id = 1 AND k.conversation_id = c.id),
    CASE WHEN c.rating_stage = 'score' THEN c.rating_position END,
    c.control = 'closed' OR c.ended_position IS NOT NULL AND NOT EXISTS (SELECT FROM entries e
        WHERE e.workspace_id = 1 AND e.conversation_id = c.id AND e.position > c.ended_position
          AND e.author = 'contact')
FROM conversations c
LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = c.agent_id
LEFT JOIN handoffs h ON h.workspace_id = 1 AND h.conversation_id = c.id AND h.state IN ('queued', 'offered')
WHERE c.workspace_id = 1 AND c.id = %(id)s
"""
_TYPES = """
INSERT INTO typing_contacts AS t (conversation_id) VALUES (%s)
ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET typed_at = now()
"""
_SIGNS = """
SELECT EXISTS (SELECT FROM typing_contacts t WHERE t.workspace_id = 1 AND t.conversation_id = %(id)s
        AND t.typed_at > now() - make_interval(secs => %(seconds)s)
        AND NOT EXISTS (SELECT FROM entries e WHERE e.workspace_id = 1 AND e.conversation_id = %(id)s
            AND e.author = 'contact' AND e.created_at >= t.typed_at)),
    (SELECT coalesce(max(d.position), 0) FROM deliveries d
     WHERE d.workspace_id = 1 AND d.conversation_id = %(id)s AND d.state = 'read')
"""
_PAGES = """
SELECT position, url FROM (
    SELECT e.position, q.metadata #>> '{page,url}' AS url,
        lag(q.metadata #>> '{page,url}') OVER (ORDER BY e.position) AS was
    FROM entries e JOIN inbox q ON q.workspace_id = 1 AND q.id = e.inbox_id
    WHERE e.workspace_id = 1 AND e.conversation_id = %(id)s AND e.position > %(after)s AND e.author = 'contact'
      AND q.metadata ? 'page'
) told WHERE url IS NOT NULL AND url IS DISTINCT FROM was ORDER BY position LIMIT 1000
"""
_READ = """
UPDATE deliveries SET state = 'read', ended_at = coalesce(ended_at, now())
WHERE workspace_id = 1 AND conversation_id = %s AND position <= %s AND state IN ('queued', 'sent', 'delivered')
"""
# The bot's next turn reads its slots empty; a turn that is being made finds another version and is made anew.
_FORGET = """
WITH ended AS (
    UPDATE conversations SET tracker_version = tracker_version + 1, rating_stage = NULL
    WHERE workspace_id = 1 AND id = %(id)s AND tracker_version > 0 RETURNING id, tracker_version
)
INSERT INTO tracker_events (conversation_id, version, events)
SELECT id, tracker_version, %(events)s FROM ended
"""
_MARK = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 1, ended_position = last_position + 1, updated_at = now()
    WHERE workspace_id = 1 AND id = %(id)s RETURNING id, last_position
)
INSERT INTO entries (conversation_id, position, kind, author, content)
SELECT id, last_position, 'ended', 'system', '{}' FROM grown
"""


class PostgresChats:
    """Chats on PostgreSQL; see contracts.visits.Chats."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def state(self, conversation_id: UUID, typing_seconds: float) -> ChatState:
        """Give what a chat shows."""
        found = await self._database.rows(_STATE, {"id": conversation_id, "seconds": typing_seconds})
        if not found:
            raise NotFound("There is no such conversation.")
        control, name, place, wait, types, seen, rating, ended = found[0]
        return ChatState(
            control=Control(control),
            agent_name=name,
            place=place,
            wait_seconds=wait,
            is_typing=types,
            seen_position=seen,
            rating_position=rating,
            is_ended=ended,
        )

    async def contact_types(self, conversation_id: UUID) -> None:
        """Note that the contact is typing just now."""
        await self._database.run(_TYPES, (conversation_id,))

    async def signs(self, conversation_id: UUID, within_seconds: float) -> ContactSigns:
        """Tell whether the contact typed lately, and has sent nothing since, and how far they have read."""
        found = await self._database.rows(_SIGNS, {"id": conversation_id, "seconds": within_seconds})
        return ContactSigns(is_typing=found[0][0], read_position=found[0][1])

    async def contact_read(self, conversation_id: UUID, up_to: int) -> bool:
        """Note how far the contact has read."""
        return await self._database.run(_READ, (conversation_id, up_to)) > 0

    async def pages(self, conversation_id: UUID, after: int) -> Mapping[int, str]:
        """Give on which page the contact wrote each message after a position, where that changed."""
        return dict(await self._database.rows(_PAGES, {"id": conversation_id, "after": after}))

    async def rate(self, conversation_id: UUID, score: int, comment: str | None) -> None:
        """Keep a rating for the newest question of how it was."""
        async with self._database.connection() as connection, connection.transaction():
            row = await (
                await connection.execute(
                    "UPDATE conversations SET rating_stage = NULL WHERE workspace_id = 1 AND id = %s"
                    " AND rating_position IS NOT NULL RETURNING rating_position",
                    (conversation_id,),
                )
            ).fetchone()
            if row is None:
                raise Conflict("Nobody has asked how it was; there is nothing to rate.", code="no_rating")
            rating = Rating(position=row[0], score=score, comment=comment, next_stage=Stage.OFFERED)
            await write_rating(connection, conversation_id, rating)

    async def end(self, conversation_id: UUID, said: str) -> None:
        """End what the contact wanted."""
        async with self._database.connection() as connection, connection.transaction():
            control = await _control(connection, conversation_id)
            if control in WAITING:
                await end_waiting(connection, conversation_id, said, "ended")
            if control in WAITING or control is Control.BOT:
                await connection.execute(_FORGET, _forgotten(conversation_id))
            await connection.execute(_MARK, {"id": conversation_id})


async def _control(connection: Connection, conversation_id: UUID) -> Control:
    row = await (
        await connection.execute(
            "SELECT control FROM conversations WHERE workspace_id = 1 AND id = %s FOR NO KEY UPDATE", (conversation_id,)
        )
    ).fetchone()
    if row is None:
        raise NotFound("There is no such conversation.")
    return Control(row[0])


def _forgotten(conversation_id: UUID) -> dict[str, Any]:
    return {"id": conversation_id, "events": rows.json_text([{"event": "reset_slots"}]).encode()}
