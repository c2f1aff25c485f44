"""Counts what waits, and keeps what bots have counted for whoever has a door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relevo.metrics.load import Load
from relevo.store import rows
from relevo.store.overload import CALM_SECONDS
from relevo.store.pool import Database

# Each part reads an index of what is not done, and no more than that.
_LOAD = """
WITH open AS MATERIALIZED (
    SELECT DISTINCT ON (conversation_id) state, due_at,
        count(*) FILTER (WHERE state = 'waiting') OVER (PARTITION BY conversation_id) AS waiting,
        count(*) FILTER (WHERE state = 'held') OVER (PARTITION BY conversation_id) AS held
    FROM inbox WHERE workspace_id = 1 AND state IN ('waiting', 'held')
    ORDER BY conversation_id, position
), heads AS (
    SELECT count(*) AS lanes, max(extract(epoch FROM clock_timestamp() - due_at)) AS oldest
    FROM open WHERE state = 'waiting'
), sent AS (
    SELECT channel, count(*) AS n, max(extract(epoch FROM clock_timestamp() - created_at)) AS oldest
    FROM deliveries WHERE workspace_id = 1 AND state IN ('queued', 'sending') AND channel = ANY(%(channels)s)
    GROUP BY channel
), told AS (
    SELECT channel, count(*) AS n FROM platform_events
    WHERE workspace_id = 1 AND state IN ('waiting', 'held') GROUP BY channel
), living AS (
    SELECT problem FROM bots WHERE workspace_id = 1 AND seen_at > now() - make_interval(secs => %(lost)s)
)
SELECT (SELECT coalesce(sum(waiting), 0) FROM open), lanes, coalesce(oldest, 0),
    (SELECT coalesce(sum(held), 0) FROM open),
    (SELECT coalesce(jsonb_object_agg(channel, n), '{}') FROM told),
    (SELECT coalesce(jsonb_object_agg(channel, n), '{}') FROM sent),
    (SELECT coalesce(max(oldest), 0) FROM sent),
    (SELECT count(*) FROM inbox WHERE workspace_id = 1 AND state = 'dead'),
    (SELECT count(*) FROM platform_events WHERE workspace_id = 1 AND state = 'dead'),
    (SELECT count(*) FROM living WHERE problem IS NULL),
    (SELECT count(*) FROM living WHERE problem IS NOT NULL),
    EXISTS (SELECT FROM overload WHERE workspace_id = 1 AND seen_at > now() - make_interval(secs => %(calm)s))
FROM heads
"""
_PUBLISH = """
INSERT INTO process_numbers (process, families) VALUES (%s, %s)
ON CONFLICT (workspace_id, process) DO UPDATE SET families = excluded.families, told_at = now()
"""


class PostgresMetrics:
    """Numbers on PostgreSQL; see contracts.metrics.Metrics."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, bot_lost_seconds: float, pushing: Sequence[str]) -> Load:
        """Give what waits, of deliveries those of channels that push; who has been silent for so long is no bot."""
        values = {"lost": bot_lost_seconds, "channels": list(pushing), "calm": CALM_SECONDS}
        row = (await self._database.rows(_LOAD, values))[0]
        return Load(
            messages_waiting=int(row[0]),
            lanes_waiting=row[1],
            oldest_wait_seconds=max(0.0, float(row[2])),
            messages_held=int(row[3]),
            platform_events_waiting=row[4],
            deliveries_waiting=row[5],
            oldest_delivery_seconds=max(0.0, float(row[6])),
            dead_messages=row[7],
            dead_platform_events=int(row[8]),
            bots_ready=row[9],
            bots_not_ready=row[10],
            is_overloaded=row[11],
        )

    async def publish(self, process: str, families: Mapping[str, str]) -> None:
        """Leave a process's numbers, in place of those that it left before."""
        await self._database.run(_PUBLISH, (process, rows.json_text(families)))

    async def published(self, within_seconds: float) -> Sequence[Mapping[str, str]]:
        """Give what was left within so many seconds, by the process's name."""
        found = await self._database.rows(
            "SELECT families FROM process_numbers"
            " WHERE workspace_id = 1 AND told_at > now() - make_interval(secs => %s) ORDER BY process",
            (within_seconds,),
        )
        return [row[0] for row in found]

    async def withdraw(self, process: str) -> None:
        """Forget the numbers of a process that ends, and those of processes that have been silent for a day."""
        await self._database.run(
            "DELETE FROM process_numbers"
            " WHERE workspace_id = 1 AND (process = %s OR told_at < now() - interval '1 day')",
            (process,),
        )
