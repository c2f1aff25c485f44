"""Makes two contacts one and two again: what moved is written down by its keys, so that a split is exact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from relevo.contracts.contacts import Merge
from relevo.domain.merging import SAME_REFERENCE
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.case_merges import PostgresCaseMerges
from relevo.store.pool import Connection
from relevo.store.search_index import index_people

MOVES = ("identities", "cases", "encounters")
"""Every table in which something belongs to a contact."""

MERGE_COLUMNS = """
    m.id, m.kept_id::text, m.merged_id::text, coalesce(k.display_name, (SELECT i.address FROM identities i
        WHERE i.workspace_id = 1 AND i.id = (m.moved -> 'identities' ->> 0)::uuid)),
    m.evidence, m.reason, a.name, m.merged_at, m.split_reason,
    b.name, m.split_at
FROM contact_merges m JOIN contacts k ON k.workspace_id = 1 AND k.id = m.merged_id
LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = m.merged_by
LEFT JOIN agents b ON b.workspace_id = 1 AND b.id = m.split_by
"""

# As turns do it: conversations, then who writes there, then the person. Nobody refers
# to a locked contact meanwhile.
_LOCK_CONVERSATIONS = """
SELECT FROM conversations c JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
WHERE c.workspace_id = 1 AND i.contact_id = ANY(%(both)s) ORDER BY c.id FOR UPDATE OF c
"""
_LOCK = """
SELECT id, business_ref, display_name, merged_into FROM contacts
WHERE workspace_id = 1 AND id = ANY(%(both)s) ORDER BY id FOR UPDATE
"""
_REFERENCES = """
SELECT k.id, k.business_ref FROM contacts k
WHERE k.workspace_id = 1 AND k.id = ANY(%(both)s) AND k.business_ref IS NOT NULL
UNION SELECT i.contact_id, i.business_ref FROM identities i
WHERE i.workspace_id = 1 AND i.contact_id = ANY(%(both)s) AND i.business_ref IS NOT NULL
"""
_KEEP = """
UPDATE contacts k SET business_ref = coalesce(k.business_ref, m.business_ref),
    display_name = coalesce(k.display_name, m.display_name)
FROM contacts m WHERE k.workspace_id = 1 AND k.id = %(kept)s AND m.workspace_id = 1 AND m.id = %(merged)s
"""
_EMPTY = "UPDATE contacts SET merged_into = %(kept)s WHERE workspace_id = 1 AND id = %(merged)s"
_WRITE = """
INSERT INTO contact_merges (kept_id, merged_id, evidence, reason, moved, merged_by)
VALUES (%(kept)s, %(merged)s, %(evidence)s, %(reason)s, %(moved)s::jsonb, %(agent)s) RETURNING id
"""

_FIND = """
SELECT m.merged_id, m.moved, m.merged_at, m.split_at IS NOT NULL, EXISTS (SELECT FROM contact_merges l
    WHERE l.workspace_id = 1 AND l.id > m.id AND l.split_at IS NULL
      AND (l.kept_id = m.kept_id OR l.merged_id = m.kept_id))
FROM contact_merges m WHERE m.workspace_id = 1 AND m.id = %(id)s AND m.kept_id = %(kept)s FOR UPDATE
"""
# What came by those addresses since goes with them.
_BACK: Mapping[str, str] = {
    "identities": "false",
    "cases": """opened_at >= %(since)s AND conversation_id IN (SELECT c.id FROM conversations c
        WHERE c.workspace_id = 1 AND c.identity_id = ANY(%(identities)s::uuid[]))""",
    "encounters": "recorded_at >= %(since)s AND identity_id = ANY(%(identities)s::uuid[])",
}
_KEYS: Mapping[str, str] = {"identities": "uuid", "cases": "text", "encounters": "bigint"}
# Who was proved to be whom since the merge stays known with the address that it was proved on.
_PART = """
UPDATE contacts k SET merged_into = NULL, business_ref = coalesce(k.business_ref, p.ref),
    display_name = CASE WHEN k.business_ref IS NULL AND p.ref IS NOT NULL THEN p.name ELSE k.display_name END
FROM (SELECT max(i.business_ref) AS ref, max(o.display_name) AS name FROM contacts o
    LEFT JOIN identities i ON i.workspace_id = 1 AND i.contact_id = %(merged)s AND i.business_ref = o.business_ref
    WHERE o.workspace_id = 1 AND o.id = %(kept)s) p
WHERE k.workspace_id = 1 AND k.id = %(merged)s
"""
_RESTORE = """
UPDATE contacts k SET business_ref = %(before_ref)s, display_name = %(before_name)s
WHERE k.workspace_id = 1 AND k.id = %(kept)s
  AND (k.business_ref IS DISTINCT FROM %(before_ref)s OR k.display_name IS DISTINCT FROM %(before_name)s)
  AND NOT EXISTS (SELECT FROM identities i WHERE i.workspace_id = 1 AND i.contact_id = k.id
    AND i.business_ref = k.business_ref AND i.level > 0)
"""
# Of cases that a signature put a reference on.
_FORGET = """
UPDATE cases SET business_ref = NULL WHERE workspace_id = 1 AND id = ANY(%(named)s::text[]) AND contact_id = %(merged)s
"""
_CASES_OF_BOTH = """
SELECT m.merged_case, m.kept_case FROM case_merges m
JOIN cases a ON a.workspace_id = 1 AND a.id = m.kept_case JOIN cases b ON b.workspace_id = 1 AND b.id = m.merged_case
WHERE m.workspace_id = 1 AND m.split_at IS NULL AND a.contact_id <> b.contact_id
  AND a.contact_id = ANY(%(both)s) AND b.contact_id = ANY(%(both)s) ORDER BY m.id LIMIT 1
"""
_SPLIT = """
UPDATE contact_merges SET split_at = now(), split_by = %(agent)s, split_reason = %(reason)s
WHERE workspace_id = 1 AND id = %(id)s
"""


class PostgresMerges(PostgresCaseMerges):
    """Merging on PostgreSQL; see contracts.contacts.Merges."""

    async def merge(self, kept: UUID, merged: UUID, agent_id: int, evidence: str, reason: str) -> int:
        """Give one contact all that another has, and give the merge's number."""
        async with self._database.connection() as connection, connection.transaction():
            return await merge_contacts(connection, kept, merged, agent_id, evidence, reason)

    async def split(self, kept: UUID, merge_id: int, agent_id: int, reason: str) -> UUID:
        """Put back exactly what a merge moved, and what came by those addresses since."""
        async with self._database.connection() as connection, connection.transaction():
            return await split_contacts(connection, kept, merge_id, agent_id, reason)

    async def is_own(self, business_ref: str, *contacts: UUID) -> bool:
        """Tell whether one of these contacts is the person with this reference."""
        found = await self._database.rows(_REFERENCES, {"both": list(contacts)})
        return any(ref == business_ref for _, ref in found)


def read_merge(row: tuple[Any, ...]) -> Merge:
    """Make a merge of MERGE_COLUMNS."""
    names = ("id", "kept", "merged", "merged_name", "evidence", "reason", "merged_by", "merged_at")
    return Merge(**dict(zip((*names, "split_reason", "split_by", "split_at"), row, strict=True)))


async def merge_contacts(
    connection: Connection, kept: UUID, merged: UUID, agent_id: int | None, evidence: str, reason: str
) -> int:
    """Merge within a transaction of the caller's; None: no agent decides it. Raises before anything is written."""
    values = {"kept": kept, "merged": merged, "both": [kept, merged], "agent": agent_id}
    before = await _locked(connection, values)
    await _demand_one_person(connection, values, evidence)
    moved = {table: await _move(connection, table, values) for table in MOVES}
    _, ref, name, _ = before[kept]
    for statement in (_KEEP, _EMPTY):
        await connection.execute(statement, values)
    told = rows.json_text({**moved, "business_ref": ref, "display_name": name})
    written = {**values, "moved": told, "evidence": evidence, "reason": reason}
    row = await (await connection.execute(_WRITE, written)).fetchone()
    assert row is not None
    await index_people(connection, kept, merged)
    return int(row[0])


async def split_contacts(connection: Connection, kept: UUID, merge_id: int, agent_id: int, reason: str) -> UUID:
    """Split within a transaction of the caller's, and give the contact."""
    values: dict[str, Any] = {"id": merge_id, "kept": kept, "agent": agent_id, "reason": reason}
    row = await (await connection.execute(_FIND, values)).fetchone()
    merged, moved, since = _demand_last(row)
    values |= {"merged": merged, "since": since, "both": [kept, merged], **{t: moved[t] for t in MOVES}}
    for lock in (_LOCK_CONVERSATIONS, _LOCK):
        await connection.execute(lock, values)
    for table in MOVES:
        await connection.execute(_put_back(table), values)
    await _demand_own_cases(connection, values)
    names = {"before_ref": moved["business_ref"], "before_name": moved["display_name"]}
    for statement in (_PART, _RESTORE, _FORGET, _SPLIT):
        await connection.execute(statement, {**values, **names, "named": moved.get("named_cases", [])})
    await index_people(connection, kept, merged)
    return merged


async def _locked(connection: Connection, values: Mapping[str, Any]) -> dict[UUID, tuple[Any, ...]]:
    await connection.execute(_LOCK_CONVERSATIONS, values)
    found = {row[0]: row for row in await (await connection.execute(_LOCK, values)).fetchall()}
    if set(found) != set(values["both"]):
        raise NotFound("There is no such contact.")
    if any(row[3] is not None for row in found.values()):
        raise Conflict("One of them was merged already; look again.", code="merged_already")
    return found


async def _demand_one_person(connection: Connection, values: Mapping[str, Any], evidence: str) -> None:
    found = await (await connection.execute(_REFERENCES, values)).fetchall()
    if len({ref for _, ref in found}) > 1:
        raise Conflict(
            "They are two different people in the business's files; their contacts are never merged.",
            code="different_people",
        )
    if evidence == SAME_REFERENCE and {contact for contact, _ in found} != set(values["both"]):
        raise Conflict(
            "It was not proved on both that they are the same person; say how you know it.", code="no_such_evidence"
        )


async def _demand_own_cases(connection: Connection, values: Mapping[str, Any]) -> None:
    row = await (await connection.execute(_CASES_OF_BOTH, values)).fetchone()
    if row is not None:
        raise Conflict(
            f"{row[0]} of one was merged into {row[1]} of the other; split these first.", code="cases_of_both"
        )


async def _move(connection: Connection, table: str, values: Mapping[str, Any]) -> list[Any]:
    cursor = await connection.execute(
        f"UPDATE {table} SET contact_id = %(kept)s WHERE workspace_id = 1 AND contact_id = %(merged)s RETURNING id",
        values,
    )
    return sorted(str(row[0]) if isinstance(row[0], UUID) else row[0] for row in await cursor.fetchall())


def _put_back(table: str) -> str:
    return (
        f"UPDATE {table} SET contact_id = %(merged)s WHERE workspace_id = 1 AND contact_id = %(kept)s"
        f" AND (id = ANY(%({table})s::{_KEYS[table]}[]) OR {_BACK[table]})"
    )


def _demand_last(row: tuple[Any, ...] | None) -> tuple[UUID, Mapping[str, Any], Any]:
    if row is None:
        raise NotFound("There is no such merge.")
    merged, moved, since, is_split, is_covered = row
    if is_split:
        raise Conflict("This was split already.", code="split_already")
    if is_covered:
        raise Conflict("Another merge came after this one; split that one first.", code="later_merge")
    return merged, moved, since
