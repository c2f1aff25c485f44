"""Which bot processes live, with which model."""

from __future__ import annotations

from relevo.contracts.bots import BotLine
from relevo.store.pool import Database

_SEEN = """
INSERT INTO bots AS b (name, host, process, model, problem, knows) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, name) DO UPDATE SET
    host = excluded.host, process = excluded.process, model = excluded.model, problem = excluded.problem,
    knows = excluded.knows, seen_at = now()
RETURNING EXISTS (SELECT FROM inbox w WHERE w.workspace_id = 1 AND w.attempts >= 0 AND w.due_at <= now()
    AND (w.state = 'waiting' OR w.state = 'held' AND w.lease_until < now()))
"""


class PostgresBots:
    """The bots on PostgreSQL; see contracts.store.Bots."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seen(self, bot: BotLine) -> bool:
        """Keep what a bot says about itself, under its name, and tell whether messages wait for any."""
        values = (bot.name, bot.host, bot.process, bot.model, bot.problem, sorted(bot.knows))
        ((is_waited_for,),) = await self._database.rows(_SEEN, values)
        return bool(is_waited_for)

    async def gone(self, name: str) -> None:
        """Forget a bot that ended, and those that have been silent for a day."""
        await self._database.run(
            "DELETE FROM bots WHERE workspace_id = 1 AND (name = %s OR seen_at < now() - interval '1 day')", (name,)
        )

    async def knowing(self, names: frozenset[str], within_seconds: float) -> list[str]:
        """Give the bots that can answer and know all of these names."""
        found = await self._database.rows(
            "SELECT name FROM bots WHERE workspace_id = 1 AND problem IS NULL AND knows @> %s::text[]"
            " AND seen_at > now() - make_interval(secs => %s) ORDER BY name",
            (sorted(names), within_seconds),
        )
        return [name for (name,) in found]

    async def living(self, within_seconds: float) -> list[BotLine]:
        """Give the bots that were seen within so many seconds, by name."""
        found = await self._database.rows(
            "SELECT name, host, process, model, problem FROM bots"
            # Both ways: a clock that was put back must not keep the dead alive.
            " WHERE workspace_id = 1 AND abs(extract(epoch FROM now() - seen_at)) < %s ORDER BY name",
            (within_seconds,),
        )
        return [
            BotLine(name=name, host=host, process=process, model=model, problem=problem)
            for name, host, process, model, problem in found
        ]
