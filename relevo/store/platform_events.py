"""Events of messaging platforms: kept once, claimed in order within a lane, forgotten when they became something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import structlog

from relevo.contracts.platform import ClaimedEvent, PlatformEvent
from relevo.domain.messages import clean_text
from relevo.errors import Damaged, LeaseLost
from relevo.store.pool import Database
from relevo.store.sealing import Sealer

_KEEP = """
INSERT INTO platform_events (channel, key, lane, kind, sorted_by, body, sealed_for)
SELECT channel, key, lane, kind, sorted_by, body, sealed_for
FROM unnest(%(channels)s::text[], %(keys)s::text[], %(lanes)s::text[], %(kinds)s::text[], %(orders)s::bigint[],
    %(bodies)s::bytea[], %(seals)s::uuid[]) WITH ORDINALITY
    AS n (channel, key, lane, kind, sorted_by, body, sealed_for, number)
ORDER BY number
ON CONFLICT (workspace_id, channel, key) DO NOTHING
"""
# What is held keeps its lane, also from what happened before it and came late. Two may be held in one lane, where both
# were taken in the same moment; once their leases are over, the earlier one is first.
_CLAIM = """
WITH head AS (
    SELECT e.id FROM platform_events e
    WHERE e.workspace_id = 1 AND e.channel = ANY(%(channels)s)
      AND (e.state = 'waiting' AND e.due_at <= now() OR e.state = 'held'
        AND (e.lease_until < now() OR e.lease_until > now() + make_interval(secs => 2 * %(lease)s)))
      AND (e.lane = '' OR NOT EXISTS (
        SELECT FROM platform_events b WHERE b.workspace_id = 1 AND b.channel = e.channel AND b.lane = e.lane
          AND (b.state = 'held' AND b.id <> e.id
              AND b.lease_until BETWEEN now() AND now() + make_interval(secs => 2 * %(lease)s)
            OR b.state IN ('waiting', 'held') AND (b.sorted_by, b.id) < (e.sorted_by, e.id))))
    ORDER BY e.id LIMIT %(limit)s FOR UPDATE OF e SKIP LOCKED
)
UPDATE platform_events q SET state = 'held', token = gen_random_uuid(), attempts = q.attempts + 1,
    lease_until = now() + make_interval(secs => %(lease)s)
FROM head WHERE q.workspace_id = 1 AND q.id = head.id
RETURNING q.id, q.token, q.attempts, q.received_at, q.channel, q.key, q.lane, q.kind, q.body, q.sealed_for, q.sorted_by
"""
_END = """
UPDATE platform_events SET state = %(state)s, reason = %(reason)s, ended_at = now(), token = NULL, lease_until = NULL,
    body = CASE WHEN %(state)s = 'dead' THEN body END
WHERE workspace_id = 1 AND id = %(id)s AND token = %(token)s AND state = 'held'
"""
_DEFER = """
UPDATE platform_events SET state = 'waiting', due_at = %(until)s, attempts = attempts - %(off)s, token = NULL,
    lease_until = NULL
WHERE workspace_id = 1 AND id = %(id)s AND token = %(token)s AND state = 'held'
"""
_REPLAY = """
UPDATE platform_events SET state = 'waiting', attempts = 0, due_at = now(), ended_at = NULL, reason = NULL
WHERE workspace_id = 1 AND state = 'dead' AND id = coalesce(%s, id)
"""
_GIVEN_UP = "SELECT count(*) FROM platform_events WHERE workspace_id = 1 AND channel = %s AND state = 'dead'"
_FORGET = """
DELETE FROM platform_events WHERE workspace_id = 1 AND ended_at IS NOT NULL
  AND (ended_at < now() - make_interval(secs => %(seconds)s) OR ended_at <= (SELECT ended_at FROM platform_events
    WHERE workspace_id = 1 AND ended_at IS NOT NULL ORDER BY ended_at DESC OFFSET %(most)s LIMIT 1))
"""
_log = structlog.get_logger()


class PostgresPlatformEvents:
    """Events on PostgreSQL; see contracts.platform.PlatformEvents. Bodies are sealed where there is a key."""

    def __init__(self, database: Database, key: bytes | None, *, lease_seconds: float = 60.0) -> None:
        self._database = database
        self._sealer = Sealer(key) if key is not None else None
        self._lease_seconds = lease_seconds

    async def keep(self, events: Sequence[PlatformEvent]) -> int:
        """Keep a batch, and give how many of it were new."""
        seals = [uuid4() if self._sealer else None for _ in events]
        values = {
            "channels": [event.channel for event in events],
            "keys": [event.key for event in events],
            "lanes": [event.lane for event in events],
            "kinds": [event.kind for event in events],
            "orders": [event.order for event in events],
            "bodies": [self._sealed(event.body, seal) for event, seal in zip(events, seals, strict=True)],
            "seals": seals,
        }
        return (await self._database.quick(_KEEP, values)).touched

    async def claim(self, channels: Sequence[str], limit: int) -> list[ClaimedEvent]:
        """Take the heads of free lanes, oldest first; what cannot be opened is given up at once."""
        values = {"channels": list(channels), "limit": limit, "lease": self._lease_seconds}
        claimed = []
        for row in sorted(await self._database.rows(_CLAIM, values)):
            try:
                claimed.append(self._claimed(row, self._opened(row[8], row[9])))
            except Damaged:
                _log.error("platform_event.damaged", number=row[0], channel=row[4])
                reason = "What was kept of it cannot be opened: the key is another one, or it is damaged."
                await self.bury(self._claimed(row, b""), reason)
        return claimed

    async def settle(self, claimed: ClaimedEvent) -> None:
        """End it and forget its body."""
        await self._end(claimed, "settled", None)

    async def defer(self, claimed: ClaimedEvent, until: datetime, *, counts: bool = True) -> None:
        """Read it again at that time; its lane waits."""
        values = {"id": claimed.id, "token": claimed.token, "until": until, "off": 0 if counts else 1}
        if not await self._database.run(_DEFER, values):
            raise LeaseLost

    async def bury(self, claimed: ClaimedEvent, reason: str) -> None:
        """Give it up, and keep it to be looked at."""
        await self._end(claimed, "dead", clean_text(reason)[:500])

    async def given_up(self, channel: str) -> int:
        """Count what was given up and not replayed."""
        return int((await self._database.rows(_GIVEN_UP, (channel,)))[0][0])

    async def replay(self, event_id: int | None) -> int:
        """Have one that was given up read again, or every one of them."""
        return await self._database.run(_REPLAY, (event_id,))

    async def forget_old(self, seconds: float, most: int) -> int:
        """Delete what ended so long ago, and whatever has ended beyond so many."""
        return await self._database.run(_FORGET, {"seconds": seconds, "most": most})

    async def _end(self, claimed: ClaimedEvent, state: str, reason: str | None) -> None:
        values = {"id": claimed.id, "token": claimed.token, "state": state, "reason": reason}
        if not await self._database.run(_END, values):
            raise LeaseLost

    @staticmethod
    def _claimed(row: tuple[Any, ...], body: bytes) -> ClaimedEvent:
        event = PlatformEvent(channel=row[4], key=row[5], lane=row[6], kind=row[7], body=body, order=row[10])
        return ClaimedEvent(id=row[0], token=row[1], attempts=row[2], received_at=row[3], event=event)

    def _sealed(self, body: bytes, seal: UUID | None) -> bytes:
        return body if self._sealer is None or seal is None else self._sealer.seal_one(seal, 0, body)

    def _opened(self, body: Any, seal: UUID | None) -> bytes:
        if seal is None:
            return bytes(body or b"")
        if self._sealer is None:
            raise Damaged
        return self._sealer.open(seal, [(0, bytes(body))])
