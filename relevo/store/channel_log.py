"""What channels exchanged, as a ring: written together, read by channel, deleted by age and number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relevo.contracts.channel_log import GOOD, Exchange, LoggedExchange
from relevo.domain.messages import clean_text
from relevo.store import rows
from relevo.store.pool import Database

_KEEP = """
INSERT INTO channel_log AS l
    (channel, at, direction, kind, result, minute, times, duration_ms, external_id, address, conversation_id)
SELECT * FROM jsonb_to_recordset(%s::jsonb) AS n(channel text, at timestamptz, direction text, kind text, result text,
    minute timestamptz, times integer, duration_ms integer, external_id text, address text, conversation_id uuid)
ON CONFLICT (workspace_id, channel, direction, kind, result, minute) WHERE minute IS NOT NULL
DO UPDATE SET times = l.times + excluded.times, at = greatest(l.at, excluded.at)
"""
_READ = """
SELECT id, at, direction, kind, result, times, duration_ms, external_id, address FROM channel_log
WHERE workspace_id = 1 AND channel = %(channel)s AND (%(before)s::bigint IS NULL OR id < %(before)s)
  AND (NOT %(problems)s OR result <> ALL(%(good)s)) ORDER BY id DESC LIMIT %(limit)s
"""
_FORGET = """
DELETE FROM channel_log WHERE workspace_id = 1 AND (at < now() - make_interval(secs => %(seconds)s)
    OR id <= (SELECT id FROM channel_log WHERE workspace_id = 1 ORDER BY id DESC OFFSET %(most)s LIMIT 1))
"""
_WORDS = ("channel", "direction", "kind", "result", "external_id", "address")


class PostgresExchanges:
    """The channel log on PostgreSQL; see contracts.channel_log.Exchanges."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Write what was noted."""
        await self._database.run(_KEEP, (rows.json_text([_document(each) for each in exchanges]),))

    async def read(
        self, channel: str, before_id: int | None, limit: int, *, only_problems: bool = False
    ) -> list[LoggedExchange]:
        """Give a channel's lines, newest first."""
        values = {"channel": channel, "before": before_id, "problems": only_problems, "limit": limit}
        found = await self._database.rows(_READ, values | {"good": sorted(GOOD)})
        names = LoggedExchange.__struct_fields__
        return [LoggedExchange(**dict(zip(names, row, strict=True))) for row in found]

    async def forget_old(self, seconds: float, most: int) -> int:
        """Delete what is so old, and whatever is beyond so many lines."""
        return await self._database.run(_FORGET, {"seconds": seconds, "most": most})


def _document(exchange: Exchange) -> dict[str, Any]:
    told = {name: getattr(exchange, name) for name in Exchange.__struct_fields__}
    return {name: clean_text(value)[:300] if name in _WORDS and value else value for name, value in told.items()}
