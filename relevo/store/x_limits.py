"""How much X still takes from an account: counted under a lock before anybody asks, corrected by what X says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from relevo.contracts.channel import Priority
from relevo.contracts.clock import Clock
from relevo.contracts.x import Wait, Window
from relevo.store.pool import Connection, Database
from relevo.store.rows import json_text

SECONDS: Mapping[str, int] = {"short": 900, "user_day": 86_400, "app_day": 86_400}
DEFAULTS: Mapping[str, Mapping[str, int]] = {
    "send_dm": {"short": 15, "user_day": 1_440, "app_day": 1_440},
    "read_dms": {"short": 15},
    "mentions": {"short": 300},
}
"""Of X's table, August 2026; its headers know better."""

KEPT: Mapping[Priority, float] = {Priority.AGENT: 0.0, Priority.ANSWER: 0.2, Priority.PROACTIVE: 0.4}
"""What part of each window is left to those who go first."""
_MARGIN = timedelta(seconds=1)
"""X's clock and ours differ."""
_TRIAL_SECONDS = 60

_NOW = "coalesce(%(time)s::timestamptz, now())"

_LAY_OUT = f"""
INSERT INTO x_windows AS w (account_id, endpoint, span, most, resets_at)
SELECT %(account)s, %(endpoint)s, n.span, n.most, {_NOW} + make_interval(secs => n.seconds)
FROM jsonb_to_recordset(%(defaults)s::jsonb) AS n(span text, most integer, seconds integer)
ON CONFLICT (workspace_id, account_id, endpoint, span) DO UPDATE SET
    used = 0, resets_at = excluded.resets_at, most = CASE WHEN w.most > 0 THEN w.most ELSE excluded.most END
    WHERE w.resets_at <= {_NOW}
"""
_LOCKED = f"""
SELECT span, most, used, resets_at FROM x_windows
WHERE workspace_id = 1 AND account_id = %(account)s AND endpoint = %(endpoint)s AND resets_at > {_NOW}
ORDER BY span FOR UPDATE
"""
_TAKE = f"""
UPDATE x_windows SET used = used + %(more)s WHERE workspace_id = 1 AND account_id = %(account)s
  AND endpoint = %(endpoint)s AND resets_at > {_NOW} AND used + %(more)s >= 0
"""
# What was reserved and has not reached X yet is not in X's number, so that one only ever adds. An answer of a window
# that is over says nothing about this one; one that ends later is a new one, of which X has seen what it tells.
_LEARN = f"""
INSERT INTO x_windows AS w (account_id, endpoint, span, most, used, resets_at)
SELECT %(account)s, %(endpoint)s, n.span, n.most, greatest(n.most - n.remaining, 0), n.resets_at
FROM jsonb_to_recordset(%(windows)s::jsonb) AS n(span text, most integer, remaining integer, resets_at timestamptz)
WHERE n.resets_at > {_NOW}
ON CONFLICT (workspace_id, account_id, endpoint, span) DO UPDATE SET
    most = CASE WHEN excluded.most > 0 THEN excluded.most ELSE w.most END,
    used = CASE WHEN excluded.most <= 0 THEN greatest(w.used, w.most)
        WHEN w.resets_at < greatest({_NOW}, excluded.resets_at - interval '1 minute') THEN excluded.used
        ELSE greatest(w.used, excluded.used) END,
    resets_at = CASE WHEN excluded.most <= 0 THEN greatest(w.resets_at, excluded.resets_at)
        ELSE excluded.resets_at END
"""
_STOP = f"""
INSERT INTO x_stops AS s (account_id, why, since, until) VALUES (%(account)s, %(why)s, {_NOW}, %(until)s)
ON CONFLICT (workspace_id, account_id) DO UPDATE SET
    why = excluded.why, until = greatest(s.until, excluded.until)
"""
_STOPPED = f"""
SELECT why, until, until > {_NOW} FROM x_stops WHERE workspace_id = 1 AND account_id = %(account)s FOR UPDATE
"""
_TRY = f"""
UPDATE x_stops SET until = {_NOW} + make_interval(secs => %(trial)s)
WHERE workspace_id = 1 AND account_id = %(account)s
"""


class PostgresXLimits:
    """Limits on PostgreSQL; see contracts.x.Limits."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        """Without a clock the database's own time counts, which is the same for all hosts."""
        self._database = database
        self._clock = clock

    async def reserve(self, account_id: str, endpoint: str, priority: Priority = Priority.ANSWER) -> Wait | None:
        """Take one slot, or say why there is none."""
        async with self._database.connection() as connection, connection.transaction():
            values = self._values(account_id, endpoint=endpoint, more=1)
            wait = await _window_wait(connection, values, priority) or await _stop_wait(connection, values)
            if wait is None:
                await connection.execute(_TAKE, values)
            return wait

    async def release(self, account_id: str, endpoint: str) -> None:
        """Give back a slot."""
        await self._database.run(_TAKE, self._values(account_id, endpoint=endpoint, more=-1))

    async def learn(self, account_id: str, endpoint: str, windows: Sequence[Window]) -> None:
        """Correct what is counted by what X says."""
        told = [
            {
                "span": each.span,
                "most": each.limit,
                "remaining": each.remaining,
                "resets_at": (each.resets_at + _MARGIN).isoformat(),
            }
            for each in windows
        ]
        await self._database.run(_LEARN, self._values(account_id, endpoint=endpoint, windows=json_text(told)))

    async def stop(self, account_id: str, why: str, until: datetime) -> None:
        """Have nobody ask until then."""
        await self._database.run(_STOP, self._values(account_id, why=why, until=until))

    async def resume(self, account_id: str) -> None:
        """Say that X takes something again."""
        await self._database.run("DELETE FROM x_stops WHERE workspace_id = 1 AND account_id = %s", (account_id,))

    async def stopped(self, account_id: str) -> Wait | None:
        """Give why nothing is sent at all."""
        found = await self._database.rows(_STOPPED, self._values(account_id))
        return Wait(until=found[0][1], why=found[0][0]) if found else None

    async def windows(self, account_id: str, endpoint: str) -> Sequence[Window]:
        """Give the windows as they stand."""
        found = await self._database.rows(_LOCKED, self._values(account_id, endpoint=endpoint))
        return [
            Window(span=span, limit=most, remaining=max(most - used, 0), resets_at=resets_at)
            for span, most, used, resets_at in found
        ]

    def _values(self, account_id: str, **values: Any) -> dict[str, Any]:
        return {"account": account_id, "time": self._clock() if self._clock else None, **values}


async def _window_wait(connection: Connection, values: Mapping[str, Any], priority: Priority) -> Wait | None:
    defaults = [
        {"span": span, "most": most, "seconds": SECONDS[span]}
        for span, most in DEFAULTS.get(values["endpoint"], {}).items()
    ]
    await connection.execute(_LAY_OUT, {**values, "defaults": json_text(defaults)})
    found = await (await connection.execute(_LOCKED, values)).fetchall()
    full = [resets_at for _, most, used, resets_at in found if used >= most - math.ceil(most * KEPT[priority])]
    return Wait(until=max(full), why="limit") if full else None


async def _stop_wait(connection: Connection, values: Mapping[str, Any]) -> Wait | None:
    """Give why an account is stopped; where its time is over, whoever comes first tries, and the others wait on."""
    found = await (await connection.execute(_STOPPED, values)).fetchone()
    if found is None:
        return None
    why, until, holds = found
    if holds:
        return Wait(until=until, why=why)
    await connection.execute(_TRY, {**values, "trial": _TRIAL_SECONDS})
    return None
