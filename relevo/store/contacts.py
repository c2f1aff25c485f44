"""A person across all channels, read in one order, and what other systems recorded about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from relevo.contracts.contacts import ContactView, Cursor, Line, Page, SeenOn, Suggestion, Wanted
from relevo.contracts.mail import EMAIL
from relevo.domain.contacts import Level
from relevo.domain.merging import Reach
from relevo.errors import NotFound
from relevo.store import rows
from relevo.store.desk import CASES, read_case
from relevo.store.encounters import PostgresEncounters, read_encounter
from relevo.store.merges import MERGE_COLUMNS, read_merge

_KEPT = """
WITH RECURSIVE up AS (
    SELECT id, merged_into FROM contacts WHERE workspace_id = 1 AND id = %(id)s
    UNION SELECT k.id, k.merged_into FROM up JOIN contacts k ON k.workspace_id = 1 AND k.id = up.merged_into
)
SELECT k.id, k.display_name, k.business_ref, k.created_at
FROM up JOIN contacts k ON k.workspace_id = 1 AND k.id = up.id WHERE k.merged_into IS NULL
"""
# Whoever was merged has nothing left, unless something was written while that happened: it belongs here too.
_FAMILY = """
family AS (
    SELECT id FROM contacts WHERE workspace_id = 1 AND id = %(id)s
    UNION SELECT k.id FROM family JOIN contacts k ON k.workspace_id = 1 AND k.merged_into = family.id
)
"""
_SEEN_ON = """
SELECT i.channel, i.address, CASE WHEN i.verified_until > now() THEN i.level ELSE 0 END, i.business_ref, c.id,
    c.updated_at
FROM identities i LEFT JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = i.id
WHERE i.workspace_id = 1 AND i.contact_id = %(id)s ORDER BY c.updated_at DESC NULLS LAST, i.created_at, i.id
LIMIT 50
"""
_THEIR_CASES = f"""
{CASES} AND (s.contact_id = %(id)s OR s.business_ref = %(ref)s)
ORDER BY s.status <> 'open', coalesce(s.closed_at, s.opened_at) DESC, s.id DESC LIMIT 50
"""
_SUGGESTED = f"""
WITH mails AS (
    SELECT i.address AS mail FROM identities i
    WHERE i.workspace_id = 1 AND i.contact_id = %(id)s AND i.channel = '{EMAIL}'
    UNION SELECT lower(i.verified_facts ->> 'email') FROM identities i
    WHERE i.workspace_id = 1 AND i.contact_id = %(id)s AND i.verified_facts ->> 'email' IS NOT NULL
), found AS (
    SELECT k.id, 'same_reference' AS why FROM contacts k WHERE k.workspace_id = 1 AND k.business_ref = %(ref)s
    UNION ALL SELECT i.contact_id, 'same_reference' FROM identities i
        WHERE i.workspace_id = 1 AND i.business_ref = %(ref)s
    UNION ALL SELECT i.contact_id, 'same_mail' FROM mails JOIN identities i
        ON i.workspace_id = 1 AND i.channel = '{EMAIL}' AND i.address = mail
    UNION ALL SELECT i.contact_id, 'same_mail' FROM mails JOIN identities i
        ON i.workspace_id = 1 AND lower(i.verified_facts ->> 'email') = mail
            AND i.verified_facts ->> 'email' IS NOT NULL
)
SELECT k.id, k.display_name, k.business_ref,
    ARRAY(SELECT DISTINCT i.channel FROM identities i WHERE i.workspace_id = 1 AND i.contact_id = k.id ORDER BY 1),
    f.why
FROM (SELECT id, max(why) AS why FROM found GROUP BY id) f
JOIN contacts k ON k.workspace_id = 1 AND k.id = f.id
WHERE k.id <> %(id)s AND k.merged_into IS NULL
  AND (k.business_ref IS NULL OR %(ref)s::text IS NULL OR k.business_ref = %(ref)s)
ORDER BY k.created_at, k.id LIMIT 10
"""
_MERGES = f"""
SELECT {MERGE_COLUMNS}
WHERE m.workspace_id = 1 AND m.kept_id = %(id)s AND m.split_at IS NULL ORDER BY m.id DESC
"""
_CASE_MERGES = """
SELECT m.id, m.kept_case, m.merged_case, NULL, NULL, m.reason, a.name, m.merged_at, m.split_reason, b.name, m.split_at
FROM case_merges m LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = m.merged_by
LEFT JOIN agents b ON b.workspace_id = 1 AND b.id = m.split_by
WHERE m.workspace_id = 1
"""
_REACH = """
SELECT impressions, followers FROM (
    SELECT x.impressions, x.followers FROM encounters x
    WHERE x.workspace_id = 1 AND x.contact_id = %(id)s AND x.happened_at > now() - interval '30 days'
    UNION ALL SELECT p.impressions, p.followers FROM identities i
    JOIN posts p ON p.workspace_id = 1 AND p.identity_id = i.id AND p.posted_at > now() - interval '30 days'
    WHERE i.workspace_id = 1 AND i.contact_id = %(id)s) seen
WHERE num_nonnulls(impressions, followers) > 0
ORDER BY greatest(impressions, followers) DESC LIMIT 1
"""

# Keys first: what the lines hold is read only of those that are shown.
_TIMELINE = f"""
WITH RECURSIVE {_FAMILY}, spoken AS (
    SELECT c.id, c.channel FROM identities i
    JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = i.id
    WHERE i.workspace_id = 1 AND i.contact_id IN (SELECT id FROM family)
      AND (%(spoken)s::uuid[] IS NULL OR c.id = ANY(%(spoken)s))
), theirs AS (
    SELECT s.id FROM cases s WHERE s.workspace_id = 1 AND s.contact_id IN (SELECT id FROM family)
      AND (%(cases)s::text[] IS NULL OR s.id = ANY(%(cases)s))
), lines AS (
    SELECT e.created_at AS at, 0 AS rank, e.conversation_id::text AS place, e.position AS number, e.kind,
        CASE e.kind WHEN 'message' THEN 'messages' WHEN 'note' THEN 'notes' WHEN 'effect' THEN 'effects'
            WHEN 'control' THEN 'handoffs' WHEN 'handback' THEN 'handoffs' WHEN 'post' THEN 'elsewhere'
            WHEN 'public_reply' THEN 'elsewhere' ELSE 'steps' END AS sort,
        spoken.channel, e.conversation_id
    FROM spoken JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = spoken.id AND e.kind <> 'sent_elsewhere'
    UNION ALL SELECT x.happened_at, 1, '', x.id, x.kind, 'elsewhere', coalesce(i.channel, x.kind), NULL
    FROM encounters x LEFT JOIN identities i ON i.workspace_id = 1 AND i.id = x.identity_id
    WHERE x.workspace_id = 1 AND x.contact_id IN (SELECT id FROM family)
    UNION ALL SELECT w.at, w.rank, '', m.id, w.kind, 'merges', NULL, NULL
    FROM contact_merges m CROSS JOIN LATERAL (VALUES (m.merged_at, 2, 'merge'), (m.split_at, 3, 'split'))
        w(at, rank, kind)
    WHERE m.workspace_id = 1 AND w.at IS NOT NULL
      AND (m.kept_id IN (SELECT id FROM family) OR m.merged_id IN (SELECT id FROM family))
    UNION ALL SELECT w.at, w.rank, '', m.id, w.kind, 'merges', NULL, NULL
    FROM case_merges m CROSS JOIN LATERAL (VALUES (m.merged_at, 4, 'case_merge'), (m.split_at, 5, 'case_split'))
        w(at, rank, kind)
    WHERE m.workspace_id = 1 AND w.at IS NOT NULL AND m.kept_case IN (SELECT id FROM theirs)
)
SELECT at, rank, place, number, kind, sort, channel, conversation_id FROM lines
WHERE (%(groups)s::text[] IS NULL OR sort = ANY(%(groups)s))
  AND (%(channel)s::text IS NULL OR channel = %(channel)s)
  AND (%(at)s::timestamptz IS NULL OR (at, rank, place, number) < (%(at)s, %(rank)s, %(place)s, %(number)s))
ORDER BY at DESC, rank DESC, place DESC, number DESC LIMIT %(limit)s
"""
_ENTRIES = """
SELECT e.conversation_id, e.position, e.kind, e.author, e.content, e.created_at, e.external_id
FROM unnest(%(places)s::uuid[], %(numbers)s::bigint[]) w(place, number)
JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = w.place AND e.position = w.number
"""
_ENCOUNTERS = """
SELECT id, source, external_id, kind, happened_at, direction, summary, is_answered, impressions, followers, url
FROM encounters WHERE workspace_id = 1 AND id = ANY(%(numbers)s)
"""
_Found = dict[tuple[int, str, int], dict[str, Any]]


class PostgresContacts(PostgresEncounters):
    """People on PostgreSQL; see contracts.contacts.Contacts."""

    async def get(self, contact_id: UUID) -> ContactView:
        """Give a person; of a contact who was merged, the one who has them."""
        kept, name, ref, created_at = await self._kept(contact_id)
        values = {"id": kept, "ref": ref}
        ask = self._database.rows
        cases = [read_case(row) for row in await ask(_THEIR_CASES, values)]
        about = {"cases": [case.id for case in cases]}
        reach = await ask(_REACH, values)
        return ContactView(
            id=kept,
            display_name=name,
            business_ref=ref,
            created_at=created_at,
            seen_on=tuple(_seen_on(row) for row in await ask(_SEEN_ON, values)),
            cases=tuple(cases),
            suggestions=tuple(_suggestion(row) for row in await ask(_SUGGESTED, values)),
            merges=tuple(read_merge(row) for row in await ask(_MERGES, values)),
            case_merges=tuple(
                read_merge(row)
                for row in await ask(
                    f"{_CASE_MERGES} AND m.kept_case = ANY(%(cases)s) AND m.split_at IS NULL ORDER BY m.id DESC", about
                )
            ),
            reach=Reach(impressions=reach[0][0], followers=reach[0][1]) if reach else None,
        )

    async def timeline(self, contact_id: UUID, wanted: Wanted) -> Page:
        """Give a part of everything of a person."""
        kept = (await self._kept(contact_id))[0]
        before = wanted.before
        values = {
            "id": kept,
            "groups": list(wanted.groups) or None,
            "channel": wanted.channel,
            "at": before and before.at,
            "rank": before and before.rank,
            "place": before and before.place,
            "number": before and before.number,
            "limit": wanted.limit + 1,
            "spoken": None if wanted.conversations is None else list(wanted.conversations),
            "cases": None if wanted.cases is None else list(wanted.cases),
        }
        keys = await self._database.rows(_TIMELINE, values)
        shown = keys[: wanted.limit]
        found = await self._read(shown)
        lines = tuple(_line(key, found) for key in reversed(shown) if key[:4][1:] in found)
        return Page(lines=lines, earlier=_cursor(shown[-1]) if len(keys) > len(shown) else None)

    async def of_case(self, case_id: str) -> UUID | None:
        """Give whose case it is, where anybody knows."""
        found = await self._database.rows("SELECT contact_id FROM cases WHERE workspace_id = 1 AND id = %s", (case_id,))
        return found[0][0] if found else None

    async def _kept(self, contact_id: UUID) -> tuple[Any, ...]:
        found = await self._database.rows(_KEPT, {"id": contact_id})
        if not found:
            raise NotFound("There is no such contact.")
        return found[0]

    async def _read(self, keys: Sequence[tuple[Any, ...]]) -> _Found:
        """Read what lines hold, by rank, place and number."""
        spoken = [key for key in keys if key[1] == 0]
        places = {"places": [key[7] for key in spoken], "numbers": [key[3] for key in spoken]}
        found: _Found = {}
        for row in await self._database.rows(_ENTRIES, places) if spoken else []:
            found[0, str(row[0]), row[1]] = {"entry": rows.entry(row[1:])}
        numbers = {rank: [key[3] for key in keys if key[1] == rank] for rank in range(1, 6)}
        for row in await self._database.rows(_ENCOUNTERS, {"numbers": numbers[1]}) if numbers[1] else []:
            found[1, "", row[0]] = {"encounter": read_encounter(row[1:])}
        of_contacts = f"SELECT {MERGE_COLUMNS} WHERE m.workspace_id = 1 AND m.id = ANY(%s)"
        for ranks, statement in (((2, 3), of_contacts), ((4, 5), f"{_CASE_MERGES} AND m.id = ANY(%s)")):
            wanted = [number for rank in ranks for number in numbers[rank]]
            for row in await self._database.rows(statement, (wanted,)) if wanted else []:
                found.update({(rank, "", row[0]): {"merge": read_merge(row)} for rank in ranks})
        return found


def _line(key: tuple[Any, ...], found: _Found) -> Line:
    return Line(
        cursor=_cursor(key), kind=key[4], group=key[5], channel=key[6], conversation_id=key[7], **found[key[1:4]]
    )


def _cursor(key: tuple[Any, ...]) -> Cursor:
    return Cursor(at=key[0], rank=key[1], place=key[2], number=key[3])


def _seen_on(row: tuple[Any, ...]) -> SeenOn:
    return SeenOn(
        channel=row[0],
        address=row[1],
        level=Level(row[2]),
        business_ref=row[3],
        conversation_id=row[4],
        updated_at=row[5],
    )


def _suggestion(row: tuple[Any, ...]) -> Suggestion:
    return Suggestion(contact_id=row[0], display_name=row[1], business_ref=row[2], channels=tuple(row[3]), why=row[4])
