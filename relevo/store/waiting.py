"""What is to be seen of the queues: who waits where and for how long, who is there, and what contacts were told."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from relevo.contracts.routing import HeldConversation, Member, QueueEntry
from relevo.domain.conversations import Control
from relevo.store import rows
from relevo.store.handoff_reads import LOAD, USUAL
from relevo.store.handoffs import SAY
from relevo.store.pool import Database

_LINE = """
SELECT h.conversation_id, c.control_version, h.queue, coalesce(c.language, h.record ->> 'language'), c.channel,
    k.display_name, i.address, h.case_id, coalesce(s.type, h.record ->> 'case_type', 'other'),
    coalesce(s.goal, h.record ->> 'goal'), h.trigger,
    greatest(s.priority, (h.record #>> '{priority,score}')::integer, 0) AS score,
    coalesce(h.waits_since, h.created_at) AS since, h.expires_at, h.offered_to, a.name,
    extract(epoch FROM h.offer_ends_at - now())::float, h.told_place, h.told_wait_seconds, h.told_at
FROM handoffs h
JOIN conversations c ON c.workspace_id = 1 AND c.id = h.conversation_id
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
LEFT JOIN cases s ON s.workspace_id = 1 AND s.id = h.case_id
LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = h.offered_to
WHERE h.workspace_id = 1 AND h.state IN ('queued', 'offered') AND c.control IN ('queued', 'offered')
ORDER BY score DESC, since, h.id LIMIT 500
"""
# Who was told meanwhile, by another process, is not told again; the conversation is locked first, as turns do it.
_TOLD = """
UPDATE handoffs SET told_place = %(place)s, told_wait_seconds = %(wait)s, told_at = now()
WHERE workspace_id = 1 AND conversation_id = %(id)s AND state IN ('queued', 'offered')
  AND told_at IS NOT DISTINCT FROM %(told_at)s
"""
_HOLD_WAITING = """
SELECT FROM conversations WHERE workspace_id = 1 AND id = %(id)s AND control IN ('queued', 'offered')
FOR NO KEY UPDATE
"""
_TEAM = f"""
SELECT a.id, a.name, a.role, a.queues, a.languages, a.skills, a.capacity, {LOAD},
    coalesce(a.seen_at > now() - make_interval(secs => %s), false), a.is_away, a.seen_at
FROM agents a WHERE a.workspace_id = 1 AND a.removed_at IS NULL ORDER BY a.name, a.id
"""
_HELD = """
SELECT c.agent_id, c.id, c.control, c.control_version, k.display_name, i.address, c.updated_at
FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
WHERE c.workspace_id = 1 AND c.agent_id IS NOT NULL ORDER BY c.updated_at
"""
_ENTRY = (
    "conversation_id",
    "control_version",
    "queue",
    "language",
    "channel",
    "contact_name",
    "address",
    "case_id",
    "case_type",
    "goal",
    "trigger",
    "score",
    "since",
    "expires_at",
    "offered_to",
    "offered_to_name",
    "seconds_left",
    "told_place",
    "told_wait_seconds",
    "told_at",
)


class WaitingReads:
    """The reading half of contracts.routing.Routing on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def line(self) -> list[QueueEntry]:
        """Give everything that waits, in the order in which it is served."""
        return [_entry(row) for row in await self._database.rows(_LINE)]

    async def usual_waits(self) -> dict[str, int]:
        """Give by queue how many seconds it took lately until a person answered."""
        return dict(await self._database.rows(USUAL, {"queue": None}))

    async def tell(self, entry: QueueEntry, place: int, wait_seconds: int | None, text: str) -> bool:
        """Write to a contact who still waits about place and wait."""
        values = {"id": entry.conversation_id, "place": place, "wait": wait_seconds, "told_at": entry.told_at}
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_HOLD_WAITING, values)
            if not (await connection.execute(_TOLD, values)).rowcount:
                return False
            await connection.execute(SAY, {"id": entry.conversation_id, "content": rows.json_text({"text": text})})
        return True

    async def team(self, within_seconds: float) -> list[Member]:
        """Give everybody who may sign in, by name."""
        held: dict[int, list[HeldConversation]] = defaultdict(list)
        for agent_id, *rest in await self._database.rows(_HELD):
            held[agent_id].append(_held(rest))
        found = await self._database.rows(_TEAM, (within_seconds,))
        return [_member(row, tuple(held[row[0]])) for row in found]


def _entry(row: tuple[Any, ...]) -> QueueEntry:
    values = dict(zip(_ENTRY, row, strict=True))
    level = "urgent" if values["score"] >= 60 else "high" if values["score"] >= 30 else "normal"
    return QueueEntry(**values, priority=level)


def _held(row: list[Any]) -> HeldConversation:
    conversation_id: UUID = row[0]
    return HeldConversation(
        conversation_id=conversation_id,
        control=Control(row[1]),
        control_version=row[2],
        contact_name=row[3],
        address=row[4],
        updated_at=row[5],
    )


def _member(row: tuple[Any, ...], held: tuple[HeldConversation, ...]) -> Member:
    return Member(
        id=row[0],
        name=row[1],
        role=row[2],
        queues=tuple(row[3]),
        languages=tuple(row[4]),
        skills=tuple(row[5]),
        capacity=row[6],
        load=row[7],
        is_online=row[8],
        is_away=row[9],
        seen_at=row[10],
        held=held,
    )
