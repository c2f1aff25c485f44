"""Has a case go on in another of the same person, and takes it out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.cases import RAISED
from relevo.store.pool import Connection, Database

CASE_MOVES: Mapping[str, str] = {
    "effects": "key",
    "handoffs": "id",
    "case_sla": "handoff_id",
    "attachments": "id",
    "posts": "id",
}
"""Every table in which something belongs to a case, with its key."""
CASE_LINKS: Mapping[str, str] = {
    "case_conversations": "conversation_id",
    "case_tags": "tag",
    "case_followers": "agent_id",
}
"""Tables that link a case, with what to: the other case is linked, too."""
_TYPES: Mapping[str, str] = {"effects": "text", "posts": "bigint", "case_tags": "text", "case_followers": "integer"}
"""Of the keys that are no UUIDs."""

# As turns do it: conversations first, then effects, then cases.
_LOCK_CONVERSATIONS = """
SELECT FROM conversations WHERE workspace_id = 1 AND id IN (
    SELECT conversation_id FROM case_conversations WHERE workspace_id = 1 AND case_id = ANY(%(both)s))
ORDER BY id FOR UPDATE
"""
_LOCK_EFFECTS = """
SELECT state FROM effects WHERE workspace_id = 1 AND case_id = ANY(%(both)s) ORDER BY key FOR UPDATE
"""
_LOCK = """
SELECT id, status, contact_id, business_ref, contacted, priority_reasons, due_at, promised_at, promise_missed_at,
    outcome, closed_at, agent_id, goal, had_by
FROM cases WHERE workspace_id = 1 AND id = ANY(%(both)s) ORDER BY id FOR UPDATE
"""
_NAMES = (
    *("id", "status", "contact_id", "business_ref", "contacted", "priority_reasons", "due_at", "promised_at"),
    *("promise_missed_at", "outcome", "closed_at", "agent_id", "goal", "had_by"),
)
_KEEP = f"""
UPDATE cases SET {RAISED}, contacted = contacted + %(contacted)s, due_at = least(due_at, %(due_at)s),
    promised_at = least(promised_at, %(promised_at)s), goal = coalesce(goal, %(goal)s)
WHERE workspace_id = 1 AND id = %(kept)s
"""
_CLOSE = """
UPDATE cases SET status = 'closed', outcome = 'merged', closed_at = now(), agent_id = %(agent)s, merged_into = %(kept)s
WHERE workspace_id = 1 AND id = %(merged)s
"""
_WRITE = """
INSERT INTO case_merges (kept_case, merged_case, reason, moved, merged_by)
VALUES (%(kept)s, %(merged)s, %(reason)s, %(moved)s::jsonb, %(agent)s) RETURNING id
"""

_FIND = """
SELECT m.merged_case, m.moved, m.split_at IS NOT NULL, EXISTS (SELECT FROM case_merges l
    WHERE l.workspace_id = 1 AND l.id > m.id AND l.split_at IS NULL
      AND (l.kept_case = m.kept_case OR l.merged_case = m.kept_case))
FROM case_merges m WHERE m.workspace_id = 1 AND m.id = %(id)s AND m.kept_case = %(kept)s FOR UPDATE
"""
# What the merge added to the case goes; what came to it since stays.
_RESTORE = """
UPDATE cases SET contacted = greatest(1, contacted - %(contacted)s),
    (priority, priority_reasons) = (
        SELECT least(100, coalesce(sum((r ->> 'points')::integer), 0)), coalesce(jsonb_agg(r ORDER BY n), '[]')
        FROM (SELECT r, n FROM jsonb_array_elements(%(before)s::jsonb -> 'priority_reasons') WITH ORDINALITY AS o(r, n)
            UNION ALL SELECT r, n + 1000 FROM jsonb_array_elements(cases.priority_reasons) WITH ORDINALITY AS o(r, n)
            WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(%(before)s::jsonb -> 'priority_reasons') f
                WHERE f ->> 'code' = r ->> 'code')
            AND NOT %(lesser)s::jsonb -> 'priority_reasons' @> jsonb_build_array(r)) a),
    due_at = CASE WHEN due_at IS NOT DISTINCT FROM (%(lesser)s::jsonb ->> 'due_at')::timestamptz
        THEN (%(before)s::jsonb ->> 'due_at')::timestamptz ELSE due_at END,
    promised_at = CASE WHEN promised_at IS NOT DISTINCT FROM (%(lesser)s::jsonb ->> 'promised_at')::timestamptz
        THEN (%(before)s::jsonb ->> 'promised_at')::timestamptz ELSE promised_at END,
    goal = CASE WHEN goal = %(lesser)s::jsonb ->> 'goal' THEN %(before)s::jsonb ->> 'goal' ELSE goal END
WHERE workspace_id = 1 AND id = %(kept)s
"""
_REOPEN = """
UPDATE cases SET status = 'open', outcome = %(lesser)s::jsonb ->> 'outcome', merged_into = NULL,
    closed_at = (%(lesser)s::jsonb ->> 'closed_at')::timestamptz,
    agent_id = (%(lesser)s::jsonb ->> 'agent_id')::integer,
    had_by = CASE WHEN %(lesser)s::jsonb ? 'had_by'
        THEN ARRAY(SELECT h::integer FROM jsonb_array_elements_text(%(lesser)s::jsonb -> 'had_by') h) ELSE had_by END
WHERE workspace_id = 1 AND id = %(merged)s
"""
_SPLIT = """
UPDATE case_merges SET split_at = now(), split_by = %(agent)s, split_reason = %(reason)s
WHERE workspace_id = 1 AND id = %(id)s
"""


class PostgresCaseMerges:
    """The half of contracts.contacts.Merges that is about cases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def merge_cases(self, kept: str, merged: str, agent_id: int, reason: str) -> int:
        """Have an open case go on in another of the same person."""
        values = {"kept": kept, "merged": merged, "both": [kept, merged], "agent": agent_id, "reason": reason}
        async with self._database.connection() as connection, connection.transaction():
            cases = await _locked(connection, values)
            before, lesser = cases[kept], cases[merged]
            _demand_mergeable(before, lesser)
            moved: dict[str, Any] = {table: await _move(connection, table, values) for table in CASE_MOVES}
            moved |= {table: await _link(connection, table, values) for table in CASE_LINKS}
            moved |= {"before": before, "lesser": lesser}
            added = {name: lesser[name] for name in ("contacted", "due_at", "promised_at", "goal")}
            reasons = _new_reasons(before, lesser)
            await connection.execute(_KEEP, values | added | {"reasons": rows.json_text(reasons)})
            await connection.execute(_CLOSE, values)
            row = await (await connection.execute(_WRITE, values | {"moved": rows.json_text(moved)})).fetchone()
            assert row is not None
            return int(row[0])

    async def split_cases(self, kept: str, merge_id: int, agent_id: int, reason: str) -> str:
        """Put back exactly what a merge of cases moved, and give the case that was merged."""
        values: dict[str, Any] = {"id": merge_id, "kept": kept, "agent": agent_id, "reason": reason}
        async with self._database.connection() as connection, connection.transaction():
            merged, moved = _demand_last(await (await connection.execute(_FIND, values)).fetchone())
            await _locked(connection, values | {"both": [kept, merged]})
            values["merged"] = merged
            values |= {name: rows.json_text(moved[name]) for name in ("before", "lesser")}
            values["contacted"] = moved["lesser"]["contacted"]
            for table in (*CASE_MOVES, *CASE_LINKS):
                await connection.execute(_put_back(table), values | {"moved": moved.get(table, [])})
            for statement in (_RESTORE, _REOPEN, _SPLIT):
                await connection.execute(statement, values)
        return merged


async def _locked(connection: Connection, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    await connection.execute(_LOCK_CONVERSATIONS, values)
    states = await (await connection.execute(_LOCK_EFFECTS, values)).fetchall()
    found = await (await connection.execute(_LOCK, values)).fetchall()
    if {row[0] for row in found} != set(values["both"]):
        raise NotFound("There is no such case.")
    if any(row[0] == "intended" for row in states):
        raise Conflict("Something in one of them is being done right now; try again in a moment.", code="being_done")
    return {row[0]: dict(zip(_NAMES, row, strict=True)) for row in found}


def _demand_mergeable(kept: Mapping[str, Any], merged: Mapping[str, Any]) -> None:
    if kept["status"] != "open" or merged["status"] != "open":
        raise Conflict("Only open cases are merged; one of these is closed.", code="case_closed")
    is_same = kept["contact_id"] is not None and kept["contact_id"] == merged["contact_id"]
    refs = {kept["business_ref"], merged["business_ref"]} - {None}
    if not (is_same or (kept["business_ref"] == merged["business_ref"] and len(refs) == 1)) or len(refs) > 1:
        raise Conflict(
            "They are of two contacts; merge the contacts first, if they are one person.", code="other_contact"
        )


def _new_reasons(kept: Mapping[str, Any], merged: Mapping[str, Any]) -> list[Any]:
    """Give the reasons that the other case brings; where both have one, its own stays."""
    known = {reason["code"] for reason in kept["priority_reasons"]}
    return [reason for reason in merged["priority_reasons"] if reason["code"] not in known]


async def _move(connection: Connection, table: str, values: Mapping[str, Any]) -> list[str]:
    cursor = await connection.execute(
        f"UPDATE {table} SET case_id = %(kept)s WHERE workspace_id = 1 AND case_id = %(merged)s"
        f" RETURNING {CASE_MOVES[table]}::text",
        values,
    )
    return sorted(row[0] for row in await cursor.fetchall())


async def _link(connection: Connection, table: str, values: Mapping[str, Any]) -> list[str]:
    """Link the other case to whatever this one is linked to, and give what that was not linked to before."""
    column = CASE_LINKS[table]
    columns = f"{column}, linked_at" if table == "case_conversations" else column
    cursor = await connection.execute(
        f"INSERT INTO {table} (case_id, {columns}) SELECT %(kept)s, {columns} FROM {table}"
        f" WHERE workspace_id = 1 AND case_id = %(merged)s ON CONFLICT DO NOTHING RETURNING {column}::text",
        values,
    )
    return sorted(row[0] for row in await cursor.fetchall())


def _put_back(table: str) -> str:
    column = CASE_MOVES.get(table) or CASE_LINKS[table]
    those = f"workspace_id = 1 AND case_id = %(kept)s AND {column} = ANY(%(moved)s::{_TYPES.get(table, 'uuid')}[])"
    if table in CASE_LINKS:
        return f"DELETE FROM {table} WHERE {those}"
    return f"UPDATE {table} SET case_id = %(merged)s WHERE {those}"


def _demand_last(row: tuple[Any, ...] | None) -> tuple[str, Mapping[str, Any]]:
    if row is None:
        raise NotFound("There is no such merge.")
    merged, moved, is_split, is_covered = row
    if is_split:
        raise Conflict("This was split already.", code="split_already")
    if is_covered:
        raise Conflict("Another merge came after this one; split that one first.", code="later_merge")
    return merged, moved
