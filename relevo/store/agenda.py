"""Tells in one statement when anything kept comes due: each part is the first of an index of what is not done."""

from __future__ import annotations

from collections.abc import Sequence

from relevo.contracts.agenda import UNFINISHED_SECONDS
from relevo.store.pool import Database

_SOON_SECONDS = 5
"""A message that waits so long is something to look at: bots take others at once."""
# least() leaves out what is not there. The hour keeps what never comes, which is 'infinity', from being subtracted.
_NEXT = f"""
SELECT extract(epoch FROM least(
    (SELECT min(wakes_at) FROM case_sla WHERE workspace_id = 1 AND ended_at IS NULL),
    (SELECT min(h.expires_at) FROM handoffs h JOIN conversations c ON c.workspace_id = 1 AND c.id = h.conversation_id
        WHERE h.workspace_id = 1 AND h.state IN ('queued', 'offered')
            AND c.control IN ('requested', 'queued', 'offered')),
    (SELECT min(promised_at) FROM cases
        WHERE workspace_id = 1 AND status = 'open' AND promised_at IS NOT NULL AND promise_missed_at IS NULL),
    (SELECT min(coalesce(expires_at, intended_at)) FROM effects WHERE workspace_id = 1 AND state = 'prepared'),
    (SELECT min(coalesce(decided_at, intended_at)) + interval '{UNFINISHED_SECONDS} seconds'
        FROM effects WHERE workspace_id = 1 AND state = 'intended'),
    (SELECT min(due_at) + interval '{_SOON_SECONDS} seconds'
        FROM inbox WHERE workspace_id = 1 AND state IN ('waiting', 'held') AND attempts >= 0),
    (SELECT min(CASE d.state WHEN 'queued' THEN d.due_at ELSE d.lease_until END)
        FROM webhook_deliveries d JOIN webhooks w ON w.workspace_id = 1 AND w.id = d.webhook_id
        WHERE d.workspace_id = 1 AND d.state IN ('queued', 'sending') AND w.removed_at IS NULL
            AND w.disabled_at IS NULL),
    (SELECT min(CASE state WHEN 'queued' THEN due_at ELSE lease_until END) FROM deliveries
        WHERE workspace_id = 1 AND channel = ANY(%(pushing)s) AND state IN ('queued', 'sending') AND priority >= 0),
    (SELECT min(due_at) FROM platform_events
        WHERE workspace_id = 1 AND channel = ANY(%(pushing)s) AND state IN ('waiting', 'held')),
    (SELECT min(due_at) FROM password_links WHERE workspace_id = 1 AND is_mailed AND expires_at > now()),
    now() + interval '1 hour'
) - now())::float8
"""
_HOUR = 3_600.0


class PostgresAgenda:
    """What comes due on PostgreSQL; see contracts.agenda.Agenda."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seconds_to_next(self, pushing: Sequence[str] = ()) -> float | None:
        """Give in how long something is due, less than none where it is late, None where nothing is for an hour."""
        ((seconds,),) = await self._database.rows(_NEXT, {"pushing": list(pushing)})
        return None if seconds >= _HOUR else float(seconds)
