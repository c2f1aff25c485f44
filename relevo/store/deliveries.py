"""Deliveries as agents see them, and queueing again what ended badly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from relevo.contracts.deliveries import ENDED_BADLY, GONE_OUT, DeliveryState, Place
from relevo.domain.messages import Entry
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.pool import Database

_COLUMNS = """
d.conversation_id, d.position, d.channel, d.state, d.reason, d.retries, d.created_at,
CASE WHEN d.state = 'queued' THEN d.due_at END, d.ended_at, d.expires_at
"""
# What waits behind another message waits as long as that one, and for the same reason.
_WAITING = """
d.conversation_id, d.position, d.channel, d.state, CASE WHEN d.state = 'queued' THEN coalesce(d.reason, b.reason)
    ELSE d.reason END, d.retries, d.created_at, CASE WHEN d.state = 'queued' THEN greatest(d.due_at, b.due_at) END,
d.ended_at, d.expires_at
"""
_BEFORE = """
LEFT JOIN LATERAL (
    SELECT due_at, reason FROM deliveries p WHERE p.workspace_id = 1 AND p.conversation_id = d.conversation_id
      AND p.position < d.position AND p.state = 'queued' AND d.state = 'queued' ORDER BY p.position LIMIT 1) b ON true
"""
_AT = f"""
SELECT {_WAITING} FROM unnest(%(ids)s::uuid[], %(positions)s::bigint[]) w(id, position)
JOIN deliveries d ON d.workspace_id = 1 AND d.conversation_id = w.id AND d.position = w.position {_BEFORE}
"""
_AFTER = f"""
SELECT {_WAITING} FROM deliveries d {_BEFORE}
WHERE d.workspace_id = 1 AND d.conversation_id = %s AND d.position > %s ORDER BY d.position LIMIT %s
"""
_ENTRIES = """
SELECT e.conversation_id, e.position, e.kind, e.author, e.content, e.created_at, e.external_id
FROM unnest(%(ids)s::uuid[], %(positions)s::bigint[]) w(id, position)
JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = w.id AND e.position = w.position
"""
# It waits from now on: what was too old to wait any longer is given the whole time again.
_RETRY = f"""
UPDATE deliveries d SET state = 'queued', attempts = 0, retries = d.retries + 1, due_at = now(), created_at = now(),
    reason = NULL, ended_at = NULL
WHERE d.workspace_id = 1 AND d.conversation_id = %(id)s AND d.position = %(position)s AND d.retries = %(retries)s
  AND d.state = ANY(%(bad)s) AND d.expires_at IS NULL
RETURNING {_COLUMNS}
"""


class PostgresDeliveries:
    """Deliveries on PostgreSQL; see contracts.deliveries.Deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def at(self, places: Sequence[Place]) -> Mapping[Place, DeliveryState]:
        """Give how messages fare."""
        found = [_state(row) for row in await self._database.rows(_AT, _values(places))] if places else []
        return {(each.conversation_id, each.position): each for each in found}

    async def after(self, conversation_id: UUID, position: int, limit: int = 200) -> list[DeliveryState]:
        """Give how a conversation's messages fare after a position."""
        return [_state(row) for row in await self._database.rows(_AFTER, (conversation_id, position, limit))]

    async def entries(self, places: Sequence[Place]) -> Mapping[Place, Entry]:
        """Give what was said at these places."""
        found = await self._database.rows(_ENTRIES, _values(places)) if places else []
        return {(row[0], row[1]): rows.entry(row[1:]) for row in found}

    async def retry(self, conversation_id: UUID, position: int, retries: int) -> DeliveryState:
        """Queue again what ended badly, once for each time that somebody asks."""
        values = {"id": conversation_id, "position": position, "retries": retries, "bad": sorted(ENDED_BADLY)}
        found = await self._database.rows(_RETRY, values)
        if found:
            return _state(found[0])
        state = (await self.at([(conversation_id, position)])).get((conversation_id, position))
        if state is None:
            raise NotFound("No message went out there.")
        return _demand_waiting(state)


def _demand_waiting(state: DeliveryState) -> DeliveryState:
    """Give a delivery that waits by now, since somebody was quicker; raises Conflict for any other."""
    if state.state in GONE_OUT:
        raise Conflict("It went out meanwhile; nothing was sent again.", code="went_out")
    if state.expires_at is not None:
        raise Conflict("It was worth something only for a while. Have a new one sent.", code="worthless")
    if state.state in ENDED_BADLY:
        raise Conflict("Somebody had it tried again, and it failed anew; look again.", code="retried_meanwhile")
    return state


def _values(places: Sequence[Place]) -> Mapping[str, Any]:
    return {"ids": [place[0] for place in places], "positions": [place[1] for place in places]}


def _state(row: tuple[Any, ...]) -> DeliveryState:
    return DeliveryState(**dict(zip(DeliveryState.__struct_fields__, row, strict=True)))
