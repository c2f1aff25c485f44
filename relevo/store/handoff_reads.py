"""What a handoff needs to know: who is there, how many wait and for how long, and what belongs into its record."""

from __future__ import annotations

from uuid import UUID

from relevo.contracts.desk import Background
from relevo.domain.cases import Case
from relevo.domain.effects import PreparedEffect
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
        WHERE a.workspace_id = 1 AND a.conversation_id = c.id)
FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
WHERE c.workspace_id = 1 AND c.id = %(id)s
"""


class HandoffReads:
    """The reading half of contracts.desk.Handoffs on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_anybody_online(self, within_seconds: float) -> bool:
        """Tell whether an agent who is not away was at the desk so recently."""
        found = await self._database.rows(
            "SELECT EXISTS (SELECT FROM agents WHERE workspace_id = 1 AND removed_at IS NULL AND NOT is_away"
            " AND seen_at > now() - make_interval(secs => %s))",
            (within_seconds,),
        )
        return bool(found[0][0])

    async def queue_length(self) -> int:
        """Count the conversations that wait for a person."""
        found = await self._database.rows(
            "SELECT count(*) FROM conversations WHERE workspace_id = 1"
            " AND control IN ('requested', 'queued', 'offered')"
        )
        length: int = found[0][0]
        return length

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
        open_cases, cases, episodes, first, last, messages, name, attachments = found[0]
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
        )

    async def find_open_case(self, business_ref: str, case_type: str, reference: str | None) -> Case | None:
        """Give a person's newest open case of this type, about this reference where one is given."""
        found = await self._database.rows(
            f"{CASES} AND s.status = 'open' AND s.business_ref = %(ref)s AND s.type = %(type)s"
            " AND (%(reference)s::text IS NULL OR s.reference = %(reference)s) ORDER BY s.opened_at DESC LIMIT 1",
            {"ref": business_ref, "type": case_type, "reference": reference},
        )
        return read_case(found[0]) if found else None

    async def own_cases(self, business_ref: str | None, conversation_id: UUID) -> list[Case]:
        """Give a person's cases, newest first, with those opened in a conversation before anybody knew who writes."""
        found = await self._database.rows(
            f"{CASES} AND (s.business_ref = %(ref)s OR (s.business_ref IS NULL AND s.conversation_id = %(here)s))"
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
