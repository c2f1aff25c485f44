"""Says to contacts, once, that they wait or write too fast: who was told is marked in the statement that tells them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from relevo.contracts.overload import Texts
from relevo.store import rows
from relevo.store.pool import Database

CALM_SECONDS = 60.0
"""After so long without anybody waiting too long, the next time is another one."""
_FLOOD_SECONDS = 600.0
_AT_A_TIME = 200
_SAID = """
grown AS (
    UPDATE conversations c SET last_position = c.last_position + 1, updated_at = now(), {told} = now()
    FROM told WHERE c.workspace_id = 1 AND c.id = told.id
    RETURNING c.id, c.channel, c.language, c.last_position
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position, 'message', 'system',
        coalesce(%(texts)s::jsonb -> language, %(texts)s::jsonb -> '') FROM grown
), queued AS (
    INSERT INTO deliveries (conversation_id, position, channel) SELECT id, last_position, channel FROM grown
)"""
_SLOW = f"""
WITH now_overloaded AS (
    INSERT INTO overload AS o (workspace_id) VALUES (1)
    ON CONFLICT (workspace_id) DO UPDATE SET seen_at = now(),
        began_at = CASE WHEN o.seen_at < now() - make_interval(secs => %(calm)s) THEN now() ELSE o.began_at END
    RETURNING began_at
), told AS (
    SELECT c.id FROM now_overloaded o, inbox w JOIN conversations c ON c.workspace_id = 1 AND c.id = w.conversation_id
    WHERE w.workspace_id = 1 AND w.state = 'waiting' AND w.due_at <= now() - make_interval(secs => %(waited)s)
      AND w.attempts >= 0 AND w.kind = 'message' AND c.control IN ('bot', 'closed', 'expired', 'failed')
      AND c.channel <> ALL(%(unheard)s::text[]) AND (c.told_slow_at IS NULL OR c.told_slow_at < o.began_at)
      AND NOT EXISTS (
        SELECT FROM inbox b WHERE b.workspace_id = 1 AND b.conversation_id = w.conversation_id
          AND b.position < w.position AND b.state IN ('waiting', 'held') OFFSET 0)
    ORDER BY w.due_at LIMIT %(most)s FOR NO KEY UPDATE OF c SKIP LOCKED
), {_SAID.format(told="told_slow_at")}
SELECT id FROM grown
"""
_FLOODED = f"""
WITH flooded AS (
    UPDATE inbox q SET state = 'settled', settled_at = now(), error = 'Its contact wrote faster than is answered.'
    WHERE q.workspace_id = 1 AND q.id = %(id)s AND q.state = 'waiting' AND %(most)s < (
        SELECT count(*) FROM inbox b WHERE b.workspace_id = 1 AND b.conversation_id = q.conversation_id
          AND b.state IN ('waiting', 'held'))
    RETURNING q.conversation_id
), told AS (
    SELECT c.id FROM flooded f JOIN conversations c ON c.workspace_id = 1 AND c.id = f.conversation_id
    WHERE c.told_flood_at IS NULL OR c.told_flood_at < now() - make_interval(secs => %(again)s)
), {_SAID.format(told="told_flood_at")}
SELECT FROM flooded
"""


class PostgresOverload:
    """What contacts are told, on PostgreSQL; see contracts.overload.Overload."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def slow(self, waited_seconds: float, texts: Texts, unheard: Sequence[str]) -> list[UUID]:
        """Tell whose message has waited so long for the bot, once in this time of overload, and give whom."""
        values = {
            "waited": waited_seconds, "texts": _documents(texts), "unheard": list(unheard), "calm": CALM_SECONDS,
            "most": _AT_A_TIME,
        }  # fmt: skip
        return [row[0] for row in await self._database.rows(_SLOW, values)]

    async def flooded(self, inbox_id: int, most: int, texts: Texts) -> bool:
        """Leave a message unanswered where more than so many of its lane wait, and tell whether it is."""
        values = {"id": inbox_id, "most": most, "texts": _documents(texts), "again": _FLOOD_SECONDS}
        return bool(await self._database.rows(_FLOODED, values))


def _documents(texts: Texts) -> str:
    return rows.json_text({language: rows.content_document(content) for language, content in texts.items()})
