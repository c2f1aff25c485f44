"""What a handoff needs to know: who is there, how many wait and for how long, and what belongs into its record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from relevo.contracts.desk import Background
from relevo.domain.cases import Case
from relevo.domain.effects import PreparedEffect
from relevo.domain.routing import Colleague
from relevo.errors import NotFound
from relevo.store.approvals import EFFECT_COLUMNS, read_effect
from relevo.store.desk import CASES, read_case
from relevo.store.pool import Database

OVERDUE = """
SELECT c.id, c.language, coalesce(h.case_id, '') FROM handoffs h
JOIN conversations c ON c.workspace_id = 1 AND c.id = h.conversation_id
WHERE h.workspace_id = 1 AND h.state IN ('queued', 'offered') AND h.expires_at < now()
  AND c.control IN ('requested', 'queued', 'offered')
"""
_BACKGROUND = """
SELECT
    (SELECT coalesce(array_agg(DISTINCT s.id), '{}') FROM cases s WHERE s.workspace_id = 1 AND s.status = 'open'
        AND (s.contact_id = i.contact_id OR s.business_ref = i.business_ref)),
    (SELECT count(*) FROM cases s WHERE s.workspace_id = 1 AND s.opened_at > now() - interval '90 days'
        AND (s.contact_id = i.contact_id OR s.business_ref = i.business_ref)),
    (SELECT count(*) FROM handoffs h WHERE h.workspace_id = 1 AND h.conversation_id = c.id),
    (SELECT coalesce(min(position), 0) FROM entries e WHERE e.workspace_id = 1 AND e.conversation_id = c.id),
    c.last_position,
    (SELECT count(*) FROM entries e WHERE e.workspace_id = 1 AND e.conversation_id = c.id AND e.kind = 'message'),
    k.display_name,
    (SELECT coalesce(array_agg(a.id::text ORDER BY a.position), '{}') FROM attachments a
        WHERE a.workspace_id = 1 AND a.conversation_id = c.id),
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.post_id, 'url', e.content #>> '{custom,post,url}',
        'posted_at', p.posted_at, 'impressions', p.impressions, 'an_hour', p.an_hour, 'followers', p.followers)
        ORDER BY p.id), '[]') FROM posts p JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = c.id
            AND e.position = p.position WHERE p.workspace_id = 1 AND p.conversation_id = c.id)
FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
WHERE c.workspace_id = 1 AND c.id = %(id)s
"""

LOAD = """(SELECT count(*) FROM conversations c WHERE c.workspace_id = 1 AND c.agent_id = a.id)
    + (SELECT count(*) FROM handoffs h WHERE h.workspace_id = 1 AND h.offered_to = a.id AND h.state = 'offered')
"""
COLLEAGUES = f"""
SELECT a.id, a.role, a.queues, a.languages, a.skills, a.capacity, {LOAD},
    (SELECT coalesce(h.ended_at, h.taken_at) FROM handoffs h WHERE h.workspace_id = 1 AND h.agent_id = a.id
        AND h.taken_at IS NOT NULL ORDER BY h.taken_at DESC LIMIT 1)
FROM agents a WHERE a.workspace_id = 1 AND a.removed_at IS NULL AND NOT a.is_away
  AND a.seen_at > now() - make_interval(secs => %s)
"""
# The last twenty of a week; fewer than three tell nothing.
USUAL = """
SELECT queue, (percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::integer FROM (
    SELECT h.queue, extract(epoch FROM h.taken_at - h.waits_since) AS seconds,
        row_number() OVER (PARTITION BY h.queue ORDER BY h.taken_at DESC) AS n
    FROM handoffs h WHERE h.workspace_id = 1 AND h.taken_at > now() - interval '7 days'
      AND h.waits_since IS NOT NULL AND h.trigger <> 'agent_takeover'
      AND (%(queue)s::text IS NULL OR h.queue = %(queue)s)) latest
WHERE n <= 20 GROUP BY queue HAVING count(*) >= 3
"""
_AHEAD = """
SELECT count(*) FROM handoffs h WHERE h.workspace_id = 1 AND h.state IN ('queued', 'offered') AND h.queue = %s
  AND greatest((h.record #>> '{priority,score}')::integer, (SELECT s.priority FROM cases s
    WHERE s.workspace_id = 1 AND s.id = h.case_id), 0) >= %s
"""

_LEFT_BEHIND = """
SELECT DISTINCT a.id FROM agents a JOIN (
    SELECT c.agent_id FROM conversations c WHERE c.workspace_id = 1 AND c.agent_id IS NOT NULL
    UNION SELECT s.agent_id FROM cases s WHERE s.workspace_id = 1 AND s.status = 'open' AND s.agent_id IS NOT NULL
    UNION SELECT d.agent_id FROM drafts d WHERE d.workspace_id = 1) l ON l.agent_id = a.id
WHERE a.workspace_id = 1 AND a.removed_at IS NOT NULL ORDER BY a.id LIMIT 20
"""


class HandoffReads:
    """The reading half of contracts.desk.Handoffs on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def colleagues(self, within_seconds: float) -> list[Colleague]:
        """Give everybody who is at the desk and not away, with what they see to."""
        return [colleague(row) for row in await self._database.rows(COLLEAGUES, (within_seconds,))]

    async def ahead(self, queue: str, score: int) -> int:
        """Count the conversations that wait in a queue and are served before a new one of this priority."""
        found: int = (await self._database.rows(_AHEAD, (queue, score)))[0][0]
        return found

    async def usual_wait(self, queue: str) -> int | None:
        """Give how many seconds it took lately in a queue until a person answered."""
        found = await self._database.rows(USUAL, {"queue": queue})
        return found[0][1] if found else None

    async def background(self, conversation_id: UUID) -> Background:
        """Give what a record needs of the store."""
        found = await self._database.rows(_BACKGROUND, {"id": conversation_id})
        if not found:
            raise NotFound("There is no such conversation.")
        effects = await self._database.rows(
            f"SELECT {EFFECT_COLUMNS} FROM effects f WHERE workspace_id = 1 AND conversation_id = %s"
            " ORDER BY intended_at",
            (conversation_id,),
        )
        open_cases, cases, episodes, first, last, messages, name, attachments, posts = found[0]
        return Background(
            open_cases=tuple(open_cases),
            cases_in_90_days=cases,
            episodes=episodes,
            first_position=first,
            last_position=last,
            messages=messages,
            attempts=tuple(read_effect(row) for row in effects),
            display_name=name,
            attachments=tuple(attachments),
            posts=tuple(posts),
        )

    async def find_open_case(self, business_ref: str, case_type: str, reference: str | None) -> Case | None:
        """Give a person's newest open case of this type, about this reference where one is given."""
        found = await self._database.rows(
            f"{CASES} AND s.status = 'open' AND s.business_ref = %(ref)s AND s.type = %(type)s"
            " AND (%(reference)s::text IS NULL OR s.reference = %(reference)s) ORDER BY s.opened_at DESC LIMIT 1",
            {"ref": business_ref, "type": case_type, "reference": reference},
        )
        return read_case(found[0]) if found else None

    async def posted_case(self, conversation_id: UUID) -> Case | None:
        """Give the newest open case of what was posted in public by whoever writes here."""
        found = await self._database.rows(
            f"{CASES} AND s.status = 'open' AND s.trigger = 'public_post' AND s.opened_at > now() - interval '14 days'"
            " AND EXISTS (SELECT FROM case_conversations h WHERE h.workspace_id = 1 AND h.case_id = s.id"
            " AND h.conversation_id = %s) ORDER BY s.opened_at DESC LIMIT 1",
            (conversation_id,),
        )
        return read_case(found[0]) if found else None

    async def own_cases(self, business_ref: str | None, conversation_id: UUID) -> list[Case]:
        """Give a person's cases, newest first, with those opened in a conversation before anybody knew who writes."""
        found = await self._database.rows(
            f"{CASES} AND s.merged_into IS NULL"
            " AND (s.business_ref = %(ref)s OR (s.business_ref IS NULL AND s.conversation_id = %(here)s))"
            " ORDER BY s.opened_at DESC, s.id DESC LIMIT 100",
            {"ref": business_ref, "here": conversation_id},
        )
        return [read_case(row) for row in found]

    async def own_effects(self, business_ref: str) -> list[PreparedEffect]:
        """Give what was ever asked for a person, newest first."""
        found = await self._database.rows(
            f"SELECT {EFFECT_COLUMNS} FROM effects f WHERE f.workspace_id = 1 AND f.business_ref = %s"
            " ORDER BY f.intended_at DESC, f.key LIMIT 200",
            (business_ref,),
        )
        return [read_effect(row) for row in found]

    async def overdue(self, limit: int = 20) -> list[tuple[UUID, str | None, str]]:
        """Give conversation, language and case number of those that waited beyond their handoff's expiry."""
        found = await self._database.rows(f"{OVERDUE} ORDER BY h.expires_at LIMIT %s", (limit,))
        return [(row[0], row[1], row[2]) for row in found]

    async def held_by(self, agent_id: int) -> list[UUID]:
        """Give the conversations that an agent has."""
        found = await self._database.rows(
            "SELECT id FROM conversations WHERE workspace_id = 1 AND agent_id = %s ORDER BY id", (agent_id,)
        )
        return [row[0] for row in found]

    async def left_behind(self) -> list[int]:
        """Give agents who are gone and still have something."""
        return [row[0] for row in await self._database.rows(_LEFT_BEHIND)]


def colleague(row: tuple[Any, ...]) -> Colleague:
    """Make a colleague of a row of COLLEAGUES."""
    return Colleague(
        id=row[0],
        role=row[1],
        queues=tuple(row[2]),
        languages=tuple(row[3]),
        skills=tuple(row[4]),
        capacity=row[5],
        load=row[6],
        idle_since=row[7],
    )
