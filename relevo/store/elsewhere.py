"""What our own people write and contacts read in a platform's own app, on PostgreSQL."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from relevo.contracts.platform import Echo
from relevo.domain.conversations import ENDED, Control
from relevo.domain.handoff import Handoff
from relevo.domain.messages import clean_text
from relevo.store import rows
from relevo.store.handoffs import PASS, step, write_handoff
from relevo.store.introducing import MET
from relevo.store.pool import Connection, Database

_MEET = f"""
WITH {MET}
INSERT INTO conversations (identity_id, channel) SELECT id, %(channel)s FROM identity
ON CONFLICT (workspace_id, identity_id) DO NOTHING
"""
_HOLD = """
SELECT c.id, c.control, EXISTS (SELECT FROM entries e
    WHERE e.workspace_id = 1 AND e.conversation_id = c.id AND e.external_id = %(external)s)
FROM conversations c JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
WHERE c.workspace_id = 1 AND i.channel = %(channel)s AND i.address = %(address)s FOR NO KEY UPDATE OF c
"""
_WRITE = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 1, updated_at = now()
    WHERE workspace_id = 1 AND id = %(id)s RETURNING id, last_position
)
INSERT INTO entries (conversation_id, position, kind, author, content, external_id)
SELECT id, last_position, 'message', 'agent', %(content)s::jsonb, %(external)s FROM grown
"""
# Told in the future: nobody who was just answered is told about places in a queue.
_QUIETLY = """
UPDATE handoffs SET expires_at = %(until)s, told_at = %(until)s, told_place = 1
WHERE workspace_id = 1 AND conversation_id = %(id)s AND state IN ('queued', 'offered') AND trigger = %(trigger)s
"""
_NAME = """
UPDATE contacts k SET display_name = %(name)s
FROM conversations c JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
WHERE c.workspace_id = 1 AND c.id = %(id)s AND k.workspace_id = 1 AND k.id = i.contact_id AND k.display_name IS NULL
"""
_POSITION = """
SELECT max(position) FROM (
    SELECT position FROM deliveries WHERE workspace_id = 1 AND conversation_id = %(id)s AND external_id = %(message)s
    UNION ALL
    SELECT d.position FROM x_parts p JOIN deliveries d ON d.workspace_id = 1 AND d.id = p.delivery_id
    WHERE p.workspace_id = 1 AND p.external_id = %(message)s AND d.conversation_id = %(id)s
    UNION ALL
    SELECT position FROM entries WHERE workspace_id = 1 AND conversation_id = %(id)s
      AND (external_id = %(message)s OR external_id LIKE '%%' || chr(31) || %(message)s)
) found
"""


class PostgresElsewhere:
    """See contracts.platform.Elsewhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def meet(self, channel: str, address: str) -> None:
        """Make contact and conversation of an address where they are missing."""
        await self._database.run(_MEET, {"channel": channel, "address": address})

    async def named(self, conversation_id: UUID, name: str) -> None:
        """Have a contact shown by a name of their own, as long as nobody knows a better one."""
        await self._database.run(_NAME, {"id": conversation_id, "name": clean_text(name)})

    async def written(self, channel: str, echo: Echo, handoff: Handoff | None) -> bool:
        """Put an agent's words on the timeline, once."""
        values = {"channel": channel, "address": echo.address, "external": echo.message_id}
        async with self._database.connection() as connection, connection.transaction():
            row = await (await connection.execute(_HOLD, values)).fetchone()
            if row is None or row[2]:
                return False
            content = {"text": clean_text(echo.text), "custom": {"elsewhere": channel}}
            await connection.execute(_WRITE, values | {"id": row[0], "content": rows.json_text(content)})
            if handoff is not None:
                await _pass_quietly(connection, row, handoff)
        return True

    async def position_of(self, conversation_id: UUID, message_id: str) -> int | None:
        """Give where a message stands on a timeline."""
        found = await self._database.rows(_POSITION, {"id": conversation_id, "message": message_id})
        return found[0][0] if found else None


async def _pass_quietly(connection: Connection, row: tuple[Any, ...], handoff: Handoff) -> None:
    conversation_id, control = row[0], Control(row[1])
    if control in ENDED:
        await connection.execute(PASS, step(conversation_id, tuple(ENDED), Control.BOT))
    if control is Control.BOT or control in ENDED:
        await write_handoff(connection, conversation_id, handoff)
    values = {"id": conversation_id, "until": handoff.expires_at, "trigger": handoff.trigger.value}
    await connection.execute(_QUIETLY, values)
