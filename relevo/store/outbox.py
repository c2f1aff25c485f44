"""What must go out: claimed by priority and in order, with three endings; the same lanes as the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from relevo.contracts.channel import Delivery, Priority
from relevo.domain.messages import Author, clean_text
from relevo.errors import LeaseLost
from relevo.store import rows
from relevo.store.pool import Database

# Priorities are never negative, and OFFSET 0 changes nothing: see the inbox's claim.
_CLAIM = """
WITH head AS (
    SELECT d.id, d.state = 'sending' OR d.doubted_at IS NOT NULL AS may_be_sent FROM deliveries d
    WHERE d.workspace_id = 1 AND d.channel = ANY(%(channels)s) AND d.state IN ('queued', 'sending') AND d.priority >= 0
      AND (d.state = 'queued' AND d.due_at <= now() OR d.state = 'sending'
        AND (d.lease_until < now() OR d.lease_until > now() + make_interval(secs => 2 * %(lease)s)))
      AND NOT EXISTS (
        SELECT FROM deliveries b WHERE b.workspace_id = 1 AND b.conversation_id = d.conversation_id
          AND b.channel = d.channel AND b.position < d.position AND b.state IN ('queued', 'sending') OFFSET 0)
    ORDER BY d.priority, d.id LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
), held AS (
    UPDATE deliveries q SET state = 'sending', token = gen_random_uuid(), attempts = q.attempts + 1,
        lease_until = now() + make_interval(secs => %(lease)s)
    FROM head WHERE q.workspace_id = 1 AND q.id = head.id
    RETURNING q.id, q.channel, q.conversation_id, q.position, q.attempts, q.token, q.sent_instead, q.created_at,
        q.expires_at, q.priority, head.may_be_sent
)
SELECT h.id, h.channel, i.address, h.conversation_id, h.position, coalesce(h.sent_instead, e.content), h.attempts,
    h.token, h.may_be_sent, e.author, h.created_at, h.expires_at, h.priority, c.language
FROM held h
JOIN conversations c ON c.workspace_id = 1 AND c.id = h.conversation_id
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = h.conversation_id AND e.position = h.position
ORDER BY h.priority, h.id
"""
_DEFER = """
UPDATE deliveries SET state = 'queued', due_at = %(until)s, attempts = attempts - %(back)s, token = NULL,
    lease_until = NULL, reason = %(reason)s,
    doubted_at = CASE WHEN %(doubted)s THEN coalesce(doubted_at, now()) END
WHERE workspace_id = 1 AND id = %(id)s AND token = %(token)s AND state = 'sending'
"""


class PostgresOutbox:
    """The outbox on PostgreSQL; see contracts.store.Outbox."""

    def __init__(self, database: Database, *, lease_seconds: float = 60.0) -> None:
        self._database = database
        self._lease_seconds = lease_seconds

    async def claim(self, channels: Sequence[str], limit: int) -> list[tuple[Delivery, UUID]]:
        """Take the heads of free lanes of these channels, by priority and then oldest first.

        What nobody answered for, or whose lease ran out while it was being sent, comes back as possibly sent already.
        """
        values = {"channels": list(channels), "limit": limit, "lease": self._lease_seconds}
        return [
            (
                Delivery(
                    id=row[0],
                    channel=row[1],
                    address=row[2],
                    conversation_id=row[3],
                    position=row[4],
                    content=rows.content(row[5]),
                    attempts=row[6],
                    may_be_sent=row[8],
                    author=Author(row[9]),
                    queued_at=row[10],
                    expires_at=row[11],
                    priority=Priority(row[12]),
                    language=row[13],
                ),
                row[7],
            )
            for row in await self._database.rows(_CLAIM, values)
        ]

    async def conclude(
        self, delivery: Delivery, token: UUID, state: str, *, external_id: str | None = None, reason: str | None = None
    ) -> None:
        """Record ``sent``, ``refused`` or ``unconfirmed``."""
        changed = await self._database.run(
            "UPDATE deliveries SET state = %s, external_id = %s, reason = %s, ended_at = now(), token = NULL,"
            " lease_until = NULL, sent_instead = NULL, doubted_at = NULL"
            " WHERE workspace_id = 1 AND id = %s AND token = %s AND state = 'sending'",
            (state, clean_text(external_id or "") or None, clean_text(reason or "") or None, delivery.id, token),
        )
        if not changed:
            raise LeaseLost

    async def defer(
        self,
        delivery: Delivery,
        token: UUID,
        until: datetime,
        *,
        counts: bool = True,
        reason: str | None = None,
        is_doubted: bool = False,
    ) -> None:
        """Try again at that time; what is behind it waits."""
        values: dict[str, Any] = {"until": until, "back": 0 if counts else 1, "doubted": is_doubted}
        values |= {"reason": clean_text(reason or "") or None, "id": delivery.id, "token": token}
        if not await self._database.run(_DEFER, values):
            raise LeaseLost

    async def collect(self, conversation_id: UUID, up_to: int) -> None:
        """Mark everything up to a timeline position as delivered."""
        await self._database.run(
            "UPDATE deliveries SET state = 'delivered', ended_at = now()"
            " WHERE workspace_id = 1 AND conversation_id = %s AND position <= %s AND state = 'queued'",
            (conversation_id, up_to),
        )
