"""Incidents: many posts about one flight or topic within minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relevo.contracts.posts import Incident, WatchedPost
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.pool import Database
from relevo.store.post_reads import WATCHED, read_watched

# One at a time: posts of the same minute make one incident.
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended('post incidents', 34))"
_IT = """
it AS (SELECT p.id, p.channel, p.flight, p.topic, p.incident_id FROM posts p
    WHERE p.workspace_id = 1 AND p.id = %(id)s AND p.sort IN ('complaint', 'question'))
"""
# The flight tells best; a topic gathers what names no flight.
_FIND = f"""
WITH {_IT}
SELECT n.id FROM it JOIN post_incidents n ON n.workspace_id = 1 AND n.channel = it.channel AND n.ended_at IS NULL
    AND (n.id = it.incident_id OR n.flight = it.flight OR n.flight IS NULL AND n.topic = it.topic)
ORDER BY n.flight IS NULL LIMIT 1
"""
_ALIKE = f"""
WITH {_IT}, near AS (
    SELECT o.id, o.identity_id, o.flight, o.topic FROM it JOIN posts o ON o.workspace_id = 1 AND o.channel = it.channel
      AND o.sort IN ('complaint', 'question') AND o.posted_at > now() - make_interval(secs => %(seconds)s)
      AND (o.flight = it.flight OR o.topic = it.topic)
), counted AS (
    SELECT it.channel, it.flight, it.topic,
        count(DISTINCT near.identity_id) FILTER (WHERE near.flight = it.flight) AS of_flight,
        count(DISTINCT near.identity_id) FILTER (WHERE near.topic = it.topic) AS of_topic
    FROM it LEFT JOIN near ON true GROUP BY it.channel, it.flight, it.topic
)
INSERT INTO post_incidents (channel, flight, topic)
SELECT channel, CASE WHEN of_flight >= %(least)s THEN flight END, CASE WHEN of_flight < %(least)s THEN topic END
FROM counted WHERE of_flight >= %(least)s OR of_topic >= %(least)s
ON CONFLICT DO NOTHING RETURNING id
"""
# Those that came before it was one belong to it, too, unless they were answered or dealt with by then.
_GATHER = """
UPDATE posts p SET incident_id = n.id FROM post_incidents n
WHERE n.workspace_id = 1 AND n.id = %(incident)s AND p.workspace_id = 1 AND p.incident_id IS NULL
  AND p.channel = n.channel AND p.sort IN ('complaint', 'question') AND p.state = 'waiting'
  AND p.posted_at > n.began_at - make_interval(secs => %(seconds)s)
  AND (p.flight = n.flight OR n.flight IS NULL AND p.topic = n.topic)
"""
_INCIDENTS = """
SELECT n.id, n.channel, n.topic, n.flight, n.began_at,
    count(p.id), count(p.id) FILTER (WHERE p.is_summoning), count(p.id) FILTER (WHERE p.reply_position IS NOT NULL),
    n.texts, a.name, n.approved_at, e.name, n.ended_at
FROM post_incidents n
LEFT JOIN posts p ON p.workspace_id = 1 AND p.incident_id = n.id
LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = n.approved_by
LEFT JOIN agents e ON e.workspace_id = 1 AND e.id = n.ended_by
WHERE n.workspace_id = 1 AND {which} GROUP BY n.workspace_id, n.id, a.name, e.name ORDER BY n.id DESC
"""
_NAMES = (
    "id", "channel", "topic", "flight", "began_at", "posts", "summoning", "answered", "texts", "approved_by",
    "approved_at", "ended_by", "ended_at",
)  # fmt: skip
_APPROVE = """
UPDATE post_incidents SET texts = %(texts)s::jsonb, approved_by = %(agent)s, approved_at = now()
WHERE workspace_id = 1 AND id = %(id)s AND approved_at IS NULL AND ended_at IS NULL
"""
_UNANSWERED = f"""
{WATCHED} AND p.id IN (SELECT q.id FROM posts q JOIN post_incidents n ON n.workspace_id = 1 AND n.id = q.incident_id
    WHERE q.workspace_id = 1 AND n.approved_at IS NOT NULL AND n.ended_at IS NULL
      AND q.state = 'waiting' AND q.is_summoning AND q.joined_at IS NULL AND NOT q.is_opt_out)
ORDER BY p.id LIMIT %s
"""
_END = "UPDATE post_incidents SET ended_by = %(agent)s, ended_at = now() WHERE id = %(id)s AND ended_at IS NULL"
_DEALT_WITH = """
UPDATE posts SET state = 'handled', agent_id = %(agent)s WHERE workspace_id = 1 AND incident_id = %(id)s
  AND state = 'waiting'
"""


class PostgresIncidents:
    """Incidents on PostgreSQL; see contracts.posts.Incidents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def gather(self, number: int, least: int, minutes: float) -> Incident | None:
        """Put a post into the incident that it belongs to."""
        values: dict[str, Any] = {"id": number, "least": least, "seconds": minutes * 60}
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_HOLD)
            row = await (await connection.execute(_FIND, values)).fetchone()
            row = row or await (await connection.execute(_ALIKE, values)).fetchone()
            if row is None:
                return None
            await connection.execute(_GATHER, {**values, "incident": row[0]})
        return await self.get(row[0])

    async def open(self) -> Sequence[Incident]:
        """Give those that nobody has ended."""
        return [_incident(row) for row in await self._database.rows(_INCIDENTS.format(which="n.ended_at IS NULL"))]

    async def get(self, number: int) -> Incident:
        """Give one."""
        found = await self._database.rows(_INCIDENTS.format(which="n.id = %s"), (number,))
        if not found:
            raise NotFound("There is no such incident.")
        return _incident(found[0])

    async def approve(self, number: int, texts: Mapping[str, str], agent_id: int) -> None:
        """Approve the words, once."""
        values = {"id": number, "texts": rows.json_text(texts), "agent": agent_id}
        if not await self._database.run(_APPROVE, values):
            await self.get(number)
            raise Conflict(
                "Its words were approved already, or it has ended; nothing was changed.", code="incident_decided"
            )

    async def unanswered(self, limit: int) -> Sequence[WatchedPost]:
        """Give posts of incidents with approved words that were not looked at for an answer yet."""
        return [read_watched(row) for row in await self._database.rows(_UNANSWERED, (limit,))]

    async def joined(self, number: int) -> None:
        """Keep that a post was looked at for an answer."""
        await self._database.run("UPDATE posts SET joined_at = now() WHERE workspace_id = 1 AND id = %s", (number,))

    async def end(self, number: int, agent_id: int) -> None:
        """End it: its posts are dealt with."""
        values = {"id": number, "agent": agent_id}
        async with self._database.connection() as connection, connection.transaction():
            if not (await connection.execute(_END, values)).rowcount:
                await self.get(number)
                raise Conflict("It has ended already.", code="incident_ended")
            await connection.execute(_DEALT_WITH, values)


def _incident(row: tuple[Any, ...]) -> Incident:
    return Incident(**dict(zip(_NAMES, row, strict=True)))
