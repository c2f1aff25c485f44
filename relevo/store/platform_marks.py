"""What hosts share about a platform: turns taken one at a time, and values by name."""

from __future__ import annotations

from datetime import datetime, timezone

from relevo.contracts.platform import Mark
from relevo.store.pool import Database

_LONG_AGO = datetime(1970, 1, 1, tzinfo=timezone.utc)
_TURN = """
WITH before AS (
    SELECT value, marked_at FROM platform_marks
    WHERE workspace_id = 1 AND channel = %(channel)s AND name = %(name)s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE platform_marks m SET marked_at = now() FROM before b
    WHERE m.workspace_id = 1 AND m.channel = %(channel)s AND m.name = %(name)s
      AND b.marked_at <= now() - make_interval(secs => %(every)s)
    RETURNING b.value, b.marked_at
)
SELECT value, marked_at FROM taken
"""
_BEGIN = """
INSERT INTO platform_marks (channel, name, marked_at) VALUES (%(channel)s, %(name)s, %(long_ago)s)
ON CONFLICT (workspace_id, channel, name) DO NOTHING
"""
_PUT = """
INSERT INTO platform_marks AS m (channel, name, value) VALUES (%(channel)s, %(name)s, %(value)s)
ON CONFLICT (workspace_id, channel, name) DO UPDATE SET value = excluded.value, marked_at = now()
"""


class PostgresPlatformMarks:
    """Marks on PostgreSQL; see contracts.platform.PlatformMarks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def turn(self, channel: str, name: str, every_seconds: float) -> Mark | None:
        """Take a turn, where it is time."""
        values = {"channel": channel, "name": name, "every": every_seconds, "long_ago": _LONG_AGO}
        await self._database.run(_BEGIN, values)
        found = await self._database.rows(_TURN, values)
        return Mark(value=found[0][0], marked_at=found[0][1]) if found else None

    async def put(self, channel: str, name: str, value: str | None) -> None:
        """Keep a value."""
        await self._database.run(_PUT, {"channel": channel, "name": name, "value": value})

    async def get(self, channel: str, name: str) -> Mark | None:
        """Give a mark."""
        found = await self._database.rows(
            "SELECT value, marked_at FROM platform_marks WHERE workspace_id = 1 AND channel = %s AND name = %s",
            (channel, name),
        )
        return Mark(value=found[0][0], marked_at=found[0][1]) if found else None
