"""Where a person may be written to: their conversations, and the one of their mail address."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from relevo.contracts.mail import EMAIL
from relevo.contracts.reaching import Spot
from relevo.domain.conversations import Control
from relevo.errors import NotFound
from relevo.store.mails import introduce
from relevo.store.pool import Database

_SPOTS = """
SELECT o.id, o.channel, j.address, o.control, o.agent_id, j.business_ref,
    (SELECT max(v.expires_at) FROM visits v WHERE v.workspace_id = 1 AND v.address = j.address),
    (SELECT e.created_at FROM entries e WHERE e.workspace_id = 1 AND e.conversation_id = o.id
        AND e.kind = 'message' AND e.author = 'contact' ORDER BY e.position DESC LIMIT 1)
FROM conversations c JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN identities j ON j.workspace_id = 1 AND (j.id = i.id OR j.contact_id = i.contact_id
    OR j.business_ref = i.business_ref AND i.level > 0 AND j.level > 0
        AND i.verified_until > now() AND j.verified_until > now())
JOIN conversations o ON o.workspace_id = 1 AND o.identity_id = j.id
WHERE c.workspace_id = 1 AND c.id = %s ORDER BY o.id <> c.id, o.updated_at DESC LIMIT %s
"""


class PostgresReaching:
    """Finding where a person may be written to, on PostgreSQL; see contracts.reaching.Reaching."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spots(self, conversation_id: UUID, limit: int = 20) -> Sequence[Spot]:
        """Give a person's conversations, this one first."""
        found = await self._database.rows(_SPOTS, (conversation_id, limit))
        if not found:
            raise NotFound("There is no such conversation.")
        names = Spot.__struct_fields__
        return [Spot(**{**dict(zip(names, row, strict=True)), "control": Control(row[3])}) for row in found]

    async def mail_of(self, about: UUID, business_ref: str, address: str) -> UUID:
        """Give the conversation of a mail address on file."""
        values = {"about": about, "channel": EMAIL, "address": address, "ref": business_ref, "language": None}
        async with self._database.connection() as connection, connection.transaction():
            identity_id = await introduce(connection, values)
            found = await connection.execute(
                "SELECT id FROM conversations WHERE workspace_id = 1 AND identity_id = %s", (identity_id,)
            )
            row = await found.fetchone()
        assert row is not None, "it was made in the statement before"
        conversation_id: UUID = row[0]
        return conversation_id
