"""What agents see in their lists."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from relevo.contracts.store import ConversationLine
from relevo.domain.cases import Case
from relevo.domain.contacts import Level
from relevo.domain.conversations import Control
from relevo.errors import NotFound
from relevo.store.pool import Database

_CONVERSATIONS = """
SELECT c.id, c.channel, k.display_name, i.address, c.control,
    CASE WHEN i.verified_until > now() THEN i.level ELSE 0 END, c.updated_at,
    (SELECT e.content ->> 'text' FROM entries e WHERE e.workspace_id = 1 AND e.conversation_id = c.id
        AND e.kind = 'message' ORDER BY e.position DESC LIMIT 1),
    (SELECT count(*) FROM cases s WHERE s.workspace_id = 1 AND s.conversation_id = c.id AND s.status = 'open')
FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
WHERE c.workspace_id = 1
"""

_CASES = """
SELECT s.id, s.type, s.trigger, s.status, s.reference, s.goal, s.detail, k.display_name, s.conversation_id, c.channel,
    s.opened_at
FROM cases s
LEFT JOIN conversations c ON c.workspace_id = 1 AND c.id = s.conversation_id
LEFT JOIN contacts k ON k.workspace_id = 1 AND k.id = s.contact_id
WHERE s.workspace_id = 1 ORDER BY s.status <> 'open', s.opened_at DESC LIMIT %s
"""


class PostgresDesk:
    """The desk's lists on PostgreSQL; see contracts.store.Desk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversations(self, limit: int = 100) -> list[ConversationLine]:
        """Give conversations, latest change first."""
        found = await self._database.rows(f"{_CONVERSATIONS} ORDER BY c.updated_at DESC LIMIT %s", (limit,))
        return [_line(row) for row in found]

    async def conversation(self, conversation_id: UUID) -> ConversationLine:
        """Give one conversation as the lists show it."""
        found = await self._database.rows(f"{_CONVERSATIONS} AND c.id = %s", (conversation_id,))
        if not found:
            raise NotFound("There is no such conversation.")
        return _line(found[0])

    async def cases(self, limit: int = 100) -> list[Case]:
        """Give cases, open ones first, newest first."""
        return [
            Case(
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
            )
            for row in await self._database.rows(_CASES, (limit,))
        ]


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
    )
