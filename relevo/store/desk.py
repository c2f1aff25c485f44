"""What agents see: lists, one case with what is decided about in it, one conversation with its handoffs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from relevo.contracts.desk import ConversationLine
from relevo.contracts.posts import PUBLIC_REPLY, SEEN_POST
from relevo.domain.cases import Case
from relevo.domain.clocks import Clocks
from relevo.domain.contacts import Level
from relevo.domain.conversations import Control
from relevo.domain.effects import VOUCHER, PreparedEffect
from relevo.domain.handoff import Episode
from relevo.domain.sight import Sight
from relevo.errors import NotFound
from relevo.store.approvals import EFFECT_COLUMNS, read_effect
from relevo.store.cases import read_priority
from relevo.store.pool import Database
from relevo.store.sight import sees_conversation, values_of

# Who has only posted is shown by what the newest post says of its author, for as long as it is there.
_CONVERSATIONS = f"""
SELECT c.id, c.channel, coalesce(k.display_name, (SELECT p.name FROM posts p WHERE p.workspace_id = 1
        AND p.identity_id = i.id AND p.name IS NOT NULL ORDER BY p.id DESC LIMIT 1)), i.address, c.control,
    CASE WHEN i.verified_until > now() THEN i.level ELSE 0 END, c.updated_at,
    (SELECT e.content ->> 'text' FROM entries e WHERE e.workspace_id = 1 AND e.conversation_id = c.id
        AND e.kind IN ('message', '{SEEN_POST}', '{PUBLIC_REPLY}') ORDER BY e.position DESC LIMIT 1),
    (SELECT count(*) FROM case_conversations l JOIN cases s ON s.workspace_id = 1 AND s.id = l.case_id
        WHERE l.workspace_id = 1 AND l.conversation_id = c.id AND s.status = 'open'),
    c.control_version, c.agent_id, a.name
FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = c.agent_id
WHERE c.workspace_id = 1
"""

# From the newest one back until there are enough, and not through all there ever were for whoever sees few of them.
_SEEN = """
AND c.id = ANY(ARRAY(SELECT c.id FROM (SELECT * FROM conversations c WHERE c.workspace_id = 1
    ORDER BY c.updated_at DESC LIMIT 3000) c WHERE {sees} ORDER BY c.updated_at DESC LIMIT %(limit)s))
"""
# Of the newest handoff; the resolution is counted by the first one since the case was opened.
CLOCKS = """(SELECT r.state || jsonb_build_object('resolution', (
        SELECT o.state -> 'resolution' FROM case_sla o WHERE o.workspace_id = 1 AND o.case_id = s.id
            AND o.has_resolution ORDER BY o.started_at DESC LIMIT 1))
    FROM case_sla r WHERE r.workspace_id = 1 AND r.case_id = s.id ORDER BY r.started_at DESC LIMIT 1)"""

CASES = f"""
SELECT s.id, s.type, s.trigger, s.status, s.reference, s.goal, s.detail, k.display_name, c.id, c.channel, s.opened_at,
    s.business_ref, s.priority_reasons, s.due_at, s.promised_at, s.promise_missed_at, s.agent_id, a.name, s.outcome,
    s.contacted, s.closed_at,
    EXISTS (SELECT FROM effects f WHERE f.workspace_id = 1 AND f.case_id = s.id AND f.state = 'prepared'), c.control,
    EXISTS (SELECT FROM effects f WHERE f.workspace_id = 1 AND f.case_id = s.id AND f.state = 'prepared'
        AND f.kind <> '{VOUCHER}'), {CLOCKS}
FROM cases s
LEFT JOIN LATERAL (
    SELECT l.conversation_id FROM case_conversations l WHERE l.workspace_id = 1 AND l.case_id = s.id
    ORDER BY l.linked_at DESC LIMIT 1) latest ON true
LEFT JOIN conversations c ON c.workspace_id = 1 AND c.id = coalesce(latest.conversation_id, s.conversation_id)
LEFT JOIN contacts k ON k.workspace_id = 1 AND k.id = s.contact_id
LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = s.agent_id
WHERE s.workspace_id = 1
"""
# What came while nobody is there is due at the same time: what came first is seen to first.
_BY_DUE = """
ORDER BY s.status <> 'open', CASE WHEN s.status <> 'open' THEN s.closed_at END DESC NULLS LAST,
    s.due_at NULLS LAST, CASE WHEN s.status = 'open' THEN s.opened_at END, s.opened_at DESC
"""
_THOSE = """
AND (%(is_open)s::boolean IS NULL OR (s.status = 'open') = %(is_open)s)
AND (%(agent)s::integer IS NULL OR s.agent_id = %(agent)s)
"""
_FEW = "LIMIT %(limit)s"

_EPISODES = """
SELECT id, conversation_id, episode, state, trigger, case_id, agent_id, record, handback, created_at, expires_at
FROM handoffs WHERE workspace_id = 1 AND conversation_id = %s ORDER BY episode DESC
"""


class PostgresDesk:
    """The desk's reading on PostgreSQL; see contracts.desk.Desk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversations(self, limit: int = 100, sight: Sight | None = None) -> list[ConversationLine]:
        """Give conversations, latest change first."""
        seen, values = (_SEEN.format(sees=sees_conversation(sight)), values_of(sight)) if sight else ("", {})
        latest = f"{_CONVERSATIONS} {seen} ORDER BY c.updated_at DESC LIMIT %(limit)s"
        found = await self._database.rows(latest, {**values, "limit": limit})
        return [_line(row) for row in found]

    async def conversation(self, conversation_id: UUID) -> ConversationLine:
        """Give one conversation as the lists show it."""
        found = await self._database.rows(f"{_CONVERSATIONS} AND c.id = %s", (conversation_id,))
        if not found:
            raise NotFound("There is no such conversation.")
        return _line(found[0])

    async def cases(self, limit: int = 100, *, is_open: bool | None = None, agent_id: int | None = None) -> list[Case]:
        """Give cases, open ones first, soonest due first."""
        values = {"limit": limit, "is_open": is_open, "agent": agent_id}
        return [read_case(row) for row in await self._database.rows(f"{CASES} {_THOSE} {_BY_DUE} {_FEW}", values)]

    async def case(self, case_id: str) -> Case:
        """Give one case; raises NotFound."""
        found = await self._database.rows(f"{CASES} AND s.id = %s", (case_id,))
        if not found:
            raise NotFound("There is no such case.")
        return read_case(found[0])

    async def conversations_about(self, case_id: str) -> list[ConversationLine]:
        """Give the conversations in which a case was spoken about, latest change first."""
        about = "AND c.id IN (SELECT conversation_id FROM case_conversations WHERE workspace_id = 1 AND case_id = %s)"
        found = await self._database.rows(f"{_CONVERSATIONS} {about} ORDER BY c.updated_at DESC", (case_id,))
        return [_line(row) for row in found]

    async def cases_of(self, conversation_id: UUID) -> list[Case]:
        """Give the cases that a conversation is about, open ones first."""
        about = "AND s.id IN (SELECT case_id FROM case_conversations WHERE workspace_id = 1 AND conversation_id = %s)"
        found = await self._database.rows(f"{CASES} {about} {_BY_DUE}", (conversation_id,))
        return [read_case(row) for row in found]

    async def effects_of(self, case_id: str) -> list[PreparedEffect]:
        """Give the effects that are decided about in a case, oldest first."""
        found = await self._database.rows(
            f"SELECT {EFFECT_COLUMNS} FROM effects f WHERE f.workspace_id = 1 AND f.case_id = %s"
            " ORDER BY f.intended_at, f.key",
            (case_id,),
        )
        return [read_effect(row) for row in found]

    async def episodes(self, conversation_id: UUID) -> list[Episode]:
        """Give a conversation's handoffs, newest first."""
        names = (
            "id",
            "conversation_id",
            "episode",
            "state",
            "trigger",
            "case_id",
            "agent_id",
            "record",
            "handback",
            "created_at",
            "expires_at",
        )
        found = await self._database.rows(_EPISODES, (conversation_id,))
        return [Episode(**dict(zip(names, row, strict=True))) for row in found]

    async def agent_name(self, agent_id: int) -> str | None:
        """Give an agent's name, also of one who was removed."""
        found = await self._database.rows("SELECT name FROM agents WHERE workspace_id = 1 AND id = %s", (agent_id,))
        return str(found[0][0]) if found else None


def read_case(row: tuple[Any, ...]) -> Case:
    """Make a case of a row of CASES."""
    return Case(
        id=row[0],
        type=row[1],
        trigger=row[2],
        status=row[3],
        reference=row[4],
        goal=row[5],
        detail=row[6],
        contact_name=row[7],
        conversation_id=row[8],
        channel=row[9],
        opened_at=row[10],
        business_ref=row[11],
        priority=read_priority(row[12]),
        due_at=row[13],
        promised_at=row[14],
        promise_missed_at=row[15],
        agent_id=row[16],
        agent_name=row[17],
        outcome=row[18],
        contacted=row[19],
        closed_at=row[20],
        waits_for_approval=row[21],
        control=None if row[22] is None else Control(row[22]),
        is_being_settled=row[23],
        clocks=None if row[24] is None else msgspec.convert(row[24], Clocks),
    )


def _line(row: tuple[Any, ...]) -> ConversationLine:
    return ConversationLine(
        id=row[0],
        channel=row[1],
        contact_name=row[2],
        address=row[3],
        control=Control(row[4]),
        level=Level(row[5]),
        updated_at=row[6],
        preview=row[7],
        open_cases=row[8],
        control_version=row[9],
        agent_id=row[10],
        agent_name=row[11],
    )
