"""Calls, mails, visits and public posts that other systems recorded, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from relevo.contracts.contacts import Recorded, Whom
from relevo.domain.cases import Priority
from relevo.domain.merging import UNANSWERED, UNANSWERED_WITHIN, Encounter, Reach
from relevo.errors import Conflict
from relevo.store.cases import raise_case
from relevo.store.introducing import MET
from relevo.store.pool import Connection, Database
from relevo.store.search_index import index_people

_KNOWN = """
SELECT id, contact_id, kind = %(kind)s AND happened_at = %(at)s AND direction = %(direction)s
    AND summary = %(summary)s AND url IS NOT DISTINCT FROM %(url)s AND (%(is_answered)s OR NOT is_answered)
FROM encounters WHERE workspace_id = 1 AND source = %(source)s AND external_id = %(external)s FOR UPDATE
"""
_GROWN = """
UPDATE encounters SET is_answered = %(is_answered)s, impressions = greatest(impressions, %(impressions)s),
    followers = greatest(followers, %(followers)s)
WHERE workspace_id = 1 AND id = %(id)s
"""
# Merged contacts are empty: whatever comes is of the contact who has them.
_BY_REF = """
SELECT id FROM contacts WHERE workspace_id = 1 AND business_ref = %(ref)s AND merged_into IS NULL
ORDER BY created_at, id LIMIT 1
"""
_MEET = "INSERT INTO contacts (business_ref, display_name) VALUES (%(ref)s, %(name)s) RETURNING id"
_INTRODUCE = f"""
WITH {MET}
SELECT id, contact_id FROM identity
"""
_WRITE = """
INSERT INTO encounters (contact_id, identity_id, source, external_id, kind, direction, summary, is_answered,
    impressions, followers, url, happened_at, recorded_by)
VALUES (%(contact)s, %(identity)s, %(source)s, %(external)s, %(kind)s, %(direction)s, %(summary)s, %(is_answered)s,
    %(impressions)s, %(followers)s, %(url)s, %(at)s, %(agent)s)
RETURNING id
"""
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended(%(source)s || ' ' || %(external)s, 21))"
_HOLD_REF = "SELECT pg_advisory_xact_lock(hashtextextended('contact ' || %(ref)s, 21))"

_UNANSWERED = f"""
WITH tried AS (
    SELECT x.contact_id, k.business_ref, count(*) AS times
    FROM encounters x JOIN contacts k ON k.workspace_id = 1 AND k.id = x.contact_id
    WHERE x.workspace_id = 1 AND x.direction = 'in' AND NOT x.is_answered
      AND x.happened_at > now() - make_interval(secs => {int(UNANSWERED_WITHIN.total_seconds())})
    GROUP BY x.contact_id, k.business_ref
), counted AS (
    SELECT s.id, sum(t.times) AS times, s.priority_reasons FROM tried t
    JOIN cases s ON s.workspace_id = 1 AND s.status = 'open'
      AND (s.contact_id = t.contact_id OR s.business_ref = t.business_ref)
    GROUP BY s.workspace_id, s.id
)
SELECT c.id, (SELECT l.conversation_id FROM case_conversations l WHERE l.workspace_id = 1 AND l.case_id = c.id
    ORDER BY l.linked_at DESC LIMIT 1), c.times::integer
FROM counted c
WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(c.priority_reasons) r
    WHERE r ->> 'code' = '{UNANSWERED}' AND (r ->> 'detail')::integer >= c.times)
ORDER BY c.id LIMIT %s
"""


class PostgresEncounters:
    """The half of contracts.contacts.Contacts that keeps what other systems recorded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def knows(self, business_ref: str) -> bool:
        """Tell whether somebody with this reference is a contact already."""
        return bool(await self._database.rows(_BY_REF, {"ref": business_ref}))

    async def record(self, encounter: Encounter, whom: Whom, agent_id: int) -> Recorded:
        """Keep an encounter once, making the contact where needed."""
        values = _values(encounter) | {"agent": agent_id}
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_HOLD, values)
            known = await (await connection.execute(_KNOWN, values)).fetchone()
            if known is not None:
                return await _again(connection, known, values)
            contact, identity = await _whose(connection, whom)
            written = await connection.execute(_WRITE, values | {"contact": contact, "identity": identity})
            row = await written.fetchone()
            assert row is not None
            await index_people(connection, contact)
            return Recorded(id=row[0], contact_id=contact, is_new=True)

    async def unanswered(self, limit: int = 50) -> Sequence[tuple[str, UUID | None, int]]:
        """Give open cases whose person tried elsewhere unanswered, as often as the case does not say yet."""
        found = await self._database.rows(_UNANSWERED, (limit,))
        return [(row[0], row[1], row[2]) for row in found]

    async def raise_case(self, case_id: str, priority: Priority) -> None:
        """Add reasons to an open case's priority."""
        async with self._database.connection() as connection:
            await raise_case(connection, case_id, priority)


def read_encounter(row: tuple[Any, ...]) -> Encounter:
    """Make an encounter of its columns from ``source`` on."""
    source, external_id, kind, at, direction, summary, is_answered, impressions, followers, url = row
    known = impressions is not None or followers is not None
    return Encounter(
        source=source,
        external_id=external_id,
        kind=kind,
        happened_at=at,
        direction=direction,
        summary=summary,
        is_answered=is_answered,
        reach=Reach(impressions=impressions, followers=followers) if known else None,
        url=url,
    )


async def _again(connection: Connection, known: tuple[Any, ...], values: dict[str, Any]) -> Recorded:
    number, contact, is_same = known
    if not is_same:
        raise Conflict(
            "This source told something else under the same external id; nothing was changed. Give every encounter an"
            " id of its own.",
            code="encounter_reused",
        )
    await connection.execute(_GROWN, values | {"id": number})
    return Recorded(id=number, contact_id=contact, is_new=False)


async def _whose(connection: Connection, whom: Whom) -> tuple[UUID, UUID | None]:
    if whom.business_ref is None:
        values = {"channel": whom.channel, "address": whom.address}
        row = await (await connection.execute(_INTRODUCE, values)).fetchone()
        assert row is not None
        return row[1], row[0]
    values = {"ref": whom.business_ref, "name": whom.name}
    await connection.execute(_HOLD_REF, values)
    row = await (await connection.execute(_BY_REF, values)).fetchone()
    row = row or await (await connection.execute(_MEET, values)).fetchone()
    assert row is not None
    return row[0], None


def _values(encounter: Encounter) -> dict[str, Any]:
    reach = encounter.reach or Reach()
    return {
        "source": encounter.source,
        "external": encounter.external_id,
        "kind": encounter.kind,
        "at": encounter.happened_at,
        "direction": encounter.direction,
        "summary": encounter.summary,
        "is_answered": encounter.is_answered,
        "impressions": reach.impressions,
        "followers": reach.followers,
        "url": encounter.url,
    }
