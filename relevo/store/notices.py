"""What agents are told in person, once each."""

from __future__ import annotations

from relevo.contracts.sla import Notice
from relevo.store.pool import Database

TELL = """
INSERT INTO notices (agent_id, kind, key, case_id, conversation_id, detail)
SELECT a.id, %(kind)s, %(key)s, %(case)s, %(conversation)s, %(detail)s::jsonb FROM agents a
WHERE a.workspace_id = 1 AND a.removed_at IS NULL
  AND (a.id = %(agent)s OR %(to_leaders)s AND a.role IN ('supervisor', 'admin'))
ON CONFLICT (workspace_id, agent_id, key) DO NOTHING
"""
"""Told to ``agent``, and where it is for them to every supervisor; within the caller's transaction."""

_OF = """
SELECT id, kind, case_id, conversation_id, created_at, read_at, detail FROM notices
WHERE workspace_id = 1 AND agent_id = %s ORDER BY read_at IS NOT NULL, id DESC LIMIT %s
"""
# What was read a month ago is of no use to anybody.
_READ = """
WITH old AS (
    DELETE FROM notices WHERE workspace_id = 1 AND agent_id = %(agent)s AND read_at < now() - interval '30 days'
)
UPDATE notices SET read_at = now()
WHERE workspace_id = 1 AND agent_id = %(agent)s AND id <= %(up_to)s AND read_at IS NULL
"""


class PostgresNotices:
    """Notices on PostgreSQL; see contracts.sla.Notices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, agent_id: int, limit: int = 50) -> list[Notice]:
        """Give an agent's notices, unread and newest first."""
        found = await self._database.rows(_OF, (agent_id, limit))
        names = ("id", "kind", "case_id", "conversation_id", "created_at", "read_at", "detail")
        return [Notice(**dict(zip(names, row, strict=True))) for row in found]

    async def read(self, agent_id: int, up_to: int) -> None:
        """Mark an agent's notices up to one as read."""
        await self._database.run(_READ, {"agent": agent_id, "up_to": up_to})
