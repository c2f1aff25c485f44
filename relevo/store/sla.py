"""The clocks of handoffs: read off the timeline under their row's lock, so that nothing is told or raised twice.

Neither turns nor agents write here. Whoever looks finds on the timeline what has happened since the last look; a look
that ends half-way wrote nothing, and one that comes late dates everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from relevo.contracts.sla import Round, RoundChange
from relevo.domain.clocks import Clocks, Event, Goal, Happened, Remark
from relevo.domain.sla import happened
from relevo.store import rows
from relevo.store.cases import RAISED, read_priority, reasons_text
from relevo.store.notices import TELL
from relevo.store.pool import Connection, Database

# One at a time, everywhere: the resolution is counted once for each case.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(720019)"
_SPOKEN = "coalesce((h.record #>> '{transcript,last_position}')::bigint, 0)"
# Only once it is known what came before it in its conversation: whether a person had handed back.
_IS_NEW = f"""h.workspace_id = 1 AND NOT h.has_clocks AND NOT EXISTS (SELECT FROM case_sla o WHERE o.workspace_id = 1
    AND o.conversation_id = h.conversation_id AND o.ended_at IS NULL AND o.position < {_SPOKEN})"""
# Whoever asks again for a person, before one has come, is still owed the first answer.
_BEGIN = f"""
WITH fresh AS (
    SELECT h.id, h.case_id, h.conversation_id, h.record, h.created_at, {_SPOKEN} AS position
    FROM handoffs h WHERE {_IS_NEW}
    ORDER BY h.created_at LIMIT 200 FOR UPDATE SKIP LOCKED
), marked AS (
    UPDATE handoffs h SET has_clocks = true FROM fresh f WHERE h.workspace_id = 1 AND h.id = f.id
)
INSERT INTO case_sla (handoff_id, case_id, conversation_id, position, level, has_resolution, started_at, wakes_at)
SELECT f.id, f.case_id, f.conversation_id, f.position,
    coalesce(f.record #>> '{{priority,level}}', 'normal'),
    row_number() OVER (PARTITION BY f.case_id ORDER BY f.created_at) = 1 AND NOT EXISTS (
        SELECT FROM case_sla o WHERE o.workspace_id = 1 AND o.case_id = f.case_id AND o.has_resolution
            AND o.ended_at IS NULL),
    coalesce((f.record #>> '{{sla,clock_started_at}}')::timestamptz, f.created_at), 'epoch'
FROM fresh f WHERE f.case_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM case_sla o WHERE o.workspace_id = 1 AND o.case_id = f.case_id AND o.conversation_id = f.conversation_id
        AND o.ended_at IS NULL AND coalesce((o.state ->> 'is_answered_by_people')::boolean, true))
ON CONFLICT DO NOTHING
"""
_LATELY = """
SELECT r.handoff_id FROM case_sla r WHERE r.workspace_id = 1 AND r.ended_at IS NULL AND r.wakes_at < %(now)s
UNION SELECT r.handoff_id FROM conversations c
JOIN case_sla r ON r.workspace_id = 1 AND r.conversation_id = c.id AND r.ended_at IS NULL
WHERE c.workspace_id = 1 AND c.updated_at > now() - make_interval(secs => %(within)s) AND c.last_position > r.position
UNION SELECT r.handoff_id FROM cases s
JOIN case_sla r ON r.workspace_id = 1 AND r.case_id = s.id AND r.ended_at IS NULL
WHERE s.workspace_id = 1 AND s.closed_at > now() - make_interval(secs => %(within)s)
LIMIT %(limit)s
"""
# Also what changed while nobody looked, and what changed in a case alone.
_EVER = """
SELECT r.handoff_id FROM case_sla r
JOIN cases s ON s.workspace_id = 1 AND s.id = r.case_id
LEFT JOIN conversations c ON c.workspace_id = 1 AND c.id = r.conversation_id
WHERE r.workspace_id = 1 AND r.ended_at IS NULL AND (r.wakes_at < %(now)s OR s.status <> 'open'
    OR s.priority <> r.priority OR c.last_position > r.position)
ORDER BY r.started_at LIMIT %(limit)s
"""
_HOLD = """
SELECT r.case_id, r.conversation_id, r.position, r.state, r.started_at, r.level, r.has_resolution,
    s.status, s.closed_at, s.priority_reasons, s.agent_id,
    coalesce((SELECT h.queue FROM handoffs h WHERE h.workspace_id = 1 AND h.id = r.handoff_id), 'default')
FROM case_sla r JOIN cases s ON s.workspace_id = 1 AND s.id = r.case_id
WHERE r.workspace_id = 1 AND r.handoff_id = %s AND r.ended_at IS NULL FOR UPDATE OF r SKIP LOCKED
"""
_SINCE = """
SELECT c.last_position, e.kind, e.author, e.content #>> '{custom,from}', e.content #>> '{custom,to}', e.created_at
FROM conversations c LEFT JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = c.id AND e.position > %s
    AND e.kind IN ('message', 'control', 'sent_elsewhere')
WHERE c.workspace_id = 1 AND c.id = %s ORDER BY e.position
"""
_RAISE = f"UPDATE cases SET {RAISED} WHERE workspace_id = 1 AND id = %(case)s AND status = 'open' RETURNING id"
_NOTE = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 1, updated_at = now()
    WHERE workspace_id = 1 AND id = %(conversation)s RETURNING id, last_position
)
INSERT INTO entries (conversation_id, position, kind, author, content)
SELECT id, last_position, 'sla', 'system', %(content)s::jsonb FROM grown
"""
_NAMES = (
    *("position", "level", "state", "due_at", "wakes_at", "paused_at", "ended_at"),
    *("first_response_due_at", "first_response_at", "first_response_kept_at", "first_response_breached_at"),
    *("next_response_due_at", "next_response_kept_at", "next_response_breached_at"),
    *("next_responses", "next_responses_late"),
    *("resolution_due_at", "resolved_at", "resolution_kept_at", "resolution_breached_at"),
)
_KEEP = f"""
UPDATE case_sla r SET {", ".join(f"{name} = %({name})s" for name in _NAMES)},
    priority = (SELECT s.priority FROM cases s WHERE s.workspace_id = 1 AND s.id = r.case_id)
WHERE r.workspace_id = 1 AND r.handoff_id = %(handoff)s
"""
_DUE = """
UPDATE cases s SET due_at = least(s.promised_at, (SELECT min(r.due_at) FROM case_sla r
    WHERE r.workspace_id = 1 AND r.case_id = s.id AND r.ended_at IS NULL))
WHERE s.workspace_id = 1 AND s.id = %(case)s AND s.status = 'open'
"""
# Whoever answered, or was told that it is late, needs no warning any more.
_OUTDATED = """
UPDATE notices SET read_at = now()
WHERE workspace_id = 1 AND case_id = %(case)s AND kind = 'sla_warning' AND read_at IS NULL
    AND detail ->> 'goal' <> ALL(%(goals)s)
"""


class PostgresRounds:
    """Clocks on PostgreSQL; see contracts.sla.Rounds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self) -> int:
        """Give every handoff that has a case its clocks."""
        if not (await self._database.rows(f"SELECT EXISTS (SELECT FROM handoffs h WHERE {_IS_NEW})"))[0][0]:
            return 0
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_ONE_AT_A_TIME)
            return (await connection.execute(_BEGIN)).rowcount

    async def wanted(self, now: datetime, within: float | None = None, limit: int = 100) -> Sequence[UUID]:
        """Give handoffs whose clocks somebody must look at."""
        values = {"now": now, "within": within, "limit": limit}
        return [row[0] for row in await self._database.rows(_EVER if within is None else _LATELY, values)]

    async def look(self, handoff_id: UUID, now: datetime, decide: Callable[[Round], RoundChange]) -> UUID | None:
        """Keep what becomes of a handoff's clocks, with all that follows."""
        async with self._database.connection() as connection, connection.transaction():
            held = await (await connection.execute(_HOLD, (handoff_id,))).fetchone()
            if held is None:
                return None
            case_id, conversation_id, position, state, started_at, level, has_resolution, *case = held
            since = await (await connection.execute(_SINCE, (position, conversation_id))).fetchall()
            before = None if state is None else msgspec.convert(state, Clocks)
            status, closed_at, reasons, agent_id, queue = case
            closed = [] if status == "open" else [Event(what=Happened.CLOSED, at=closed_at or now)]
            known = Round(
                clocks=before,
                started_at=started_at,
                level=level,
                has_resolution=has_resolution,
                events=[*_events(since), *closed],
                priority=read_priority(reasons),
                queue=queue,
            )
            change = decide(known)
            found = {"case": case_id, "conversation": conversation_id, "handoff": handoff_id, "agent": agent_id}
            told = await _tell(connection, found, change)
            last = since[0][0] if since else position
            await connection.execute(_KEEP, {**found, **_columns(change.clocks), "position": last + told})
            if before is None or before.due() != change.clocks.due() or told:
                await connection.execute(_DUE, found)
                await connection.execute(_OUTDATED, {**found, "goals": _still_in_time(change.clocks)})
            is_shown = before is None or replace(before, at=change.clocks.at) != change.clocks
            return conversation_id if is_shown else None


async def _tell(connection: Connection, found: Mapping[str, Any], change: RoundChange) -> int:
    """Raise the case, note breaches on the timeline and tell people; give how many entries were written."""
    noted = 0
    for remark in change.remarks:
        told = {"case": found["case"], "goal": remark.goal.value, "due_at": remark.due_at}
        if remark.is_breach:
            note = {**found, "content": rows.json_text({"custom": msgspec.to_builtins(told)})}
            noted += (await connection.execute(_NOTE, note)).rowcount
        await connection.execute(TELL, {**found, **_notice(found, remark, told)})
    if change.reason is not None:  # after the conversation, which turns and agents lock before cases
        await connection.execute(_RAISE, {**found, "reasons": reasons_text(change.reason)})
    return noted


def _notice(found: Mapping[str, Any], remark: Remark, told: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = "sla_breach" if remark.is_breach else "sla_warning"
    return {
        "kind": kind,
        "key": f"{kind}:{found['handoff']}:{remark.goal.value}:{remark.number}",
        "detail": rows.json_text(msgspec.to_builtins(told)),
        "to_leaders": remark.is_breach or found["agent"] is None,
    }


def _events(since: Sequence[tuple[Any, ...]]) -> list[Event]:
    found = [(happened(kind, author, before, after), at) for _, kind, author, before, after, at in since if kind]
    return [Event(what=what, at=at) for what, at in found if what is not None]


def _still_in_time(clocks: Clocks) -> list[str]:
    return [goal.value for goal, clock in clocks.each() if clock.state == "running"]


def _columns(clocks: Clocks) -> dict[str, Any]:
    due = clocks.due()
    found: dict[str, Any] = {
        "level": clocks.level,
        "state": rows.json_text(msgspec.to_builtins(clocks)),
        "due_at": due and due[1],
        "wakes_at": clocks.wakes_at(),
        "paused_at": clocks.paused_at,
        "ended_at": clocks.ended_at,
        "next_responses": clocks.answers,
        "next_responses_late": clocks.late_answers,
    }
    for goal in Goal:
        clock = clocks.of(goal)
        found[f"{goal.value}_due_at"] = clock and clock.due_at
        found[f"{goal.value}_kept_at"] = clock and clock.kept_at
        found[f"{goal.value}_breached_at"] = clock and clock.breached_at
    for name, clock in (("first_response_at", clocks.first_response), ("resolved_at", clocks.resolution)):
        found[name] = clock and clock.met_at
    return found
