"""Which message of X's encrypted chat is which, on PostgreSQL; none of its words."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from relevo.contracts.x_chat import Encrypted
from relevo.store.pool import Database

_MOST_DIGITS = 30
_KEEP = """
WITH old AS (
    DELETE FROM x_chat_encrypted WHERE workspace_id = 1 AND delivery_id IN (
        SELECT delivery_id FROM x_chat_encrypted WHERE workspace_id = 1 AND kept_at < now() - interval '30 days'
        ORDER BY kept_at LIMIT 20 FOR UPDATE SKIP LOCKED)
)
INSERT INTO x_chat_encrypted (delivery_id, conversation_id, address, message_id, message)
VALUES (%s, %s, %s, %s, %s::jsonb)
ON CONFLICT DO NOTHING
"""
_LAST = """
SELECT sequence_id::text, message_id FROM x_chat_messages
WHERE workspace_id = 1 AND conversation = %s AND is_ours = %s AND sequence_id <= coalesce(%s::numeric, sequence_id)
ORDER BY sequence_id DESC LIMIT 1
"""


# What is being sent right now is ended by whoever sends it.
_CONFIRM = """
WITH known AS (SELECT delivery_id FROM x_chat_encrypted WHERE workspace_id = 1 AND message_id = %s), sent AS (
    UPDATE deliveries d SET state = 'sent', external_id = %s, ended_at = now(), reason = NULL
    FROM known WHERE d.workspace_id = 1 AND d.id = known.delivery_id AND d.state = 'unconfirmed'
)
SELECT true FROM known
"""
_WRITTEN_TO = """
SELECT p.address FROM x_peers p
JOIN identities i ON i.workspace_id = 1 AND i.channel = 'x' AND i.address = p.address
JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = i.id
WHERE p.workspace_id = 1 AND p.transport = 'chat' AND p.heard_at > now() - interval '1 day' AND CASE c.control
    WHEN 'bot' THEN EXISTS (SELECT FROM inbox q WHERE q.workspace_id = 1 AND q.conversation_id = c.id
        AND q.state = 'held' AND q.lease_until > now())
    WHEN 'agent' THEN EXISTS (SELECT FROM lookers l WHERE l.workspace_id = 1 AND l.conversation_id = c.id
        AND l.agent_id = c.agent_id AND l.is_typing AND l.seen_at > now() - interval '8 seconds')
    ELSE false END
ORDER BY p.heard_at DESC LIMIT 50
"""


class PostgresChatRecords:
    """Messages on PostgreSQL; see contracts.x_chat.ChatRecords."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def encrypted(self, delivery_id: int) -> Encrypted | None:
        """Give what was encrypted for a delivery before."""
        found = await self._database.rows(
            "SELECT message FROM x_chat_encrypted WHERE workspace_id = 1 AND delivery_id = %s", (delivery_id,)
        )
        return Encrypted(**found[0][0]) if found else None

    async def keep_encrypted(
        self, delivery_id: int, conversation_id: UUID, address: str, message: Encrypted
    ) -> Encrypted:
        """Keep what is about to leave, and give the first that was kept."""
        document = msgspec.json.encode(message).decode()
        await self._database.run(_KEEP, (delivery_id, conversation_id, address, message.message_id, document))
        return await self.encrypted(delivery_id) or message

    async def drop_encrypted(self, delivery_id: int, message_id: str) -> None:
        """Forget what X refused."""
        await self._database.run(
            "DELETE FROM x_chat_encrypted WHERE workspace_id = 1 AND delivery_id = %s AND message_id = %s",
            (delivery_id, message_id),
        )

    async def confirm(self, message_id: str) -> bool:
        """Tell whether a message left here, and end the doubt about it."""
        return bool(await self._database.rows(_CONFIRM, (message_id, message_id)))

    async def chosen(self, delivery_id: int, address: str, option_id: str | None, payload: str | None) -> str | None:
        """Give the payload that a quick reply stands for, where it was offered."""
        found = await self._database.rows(
            "SELECT message -> 'options' FROM x_chat_encrypted"
            " WHERE workspace_id = 1 AND delivery_id = %s AND address = %s",
            (delivery_id, address),
        )
        options: dict[str, str] = found[0][0] if found else {}
        if option_id is not None and option_id in options:
            return options[option_id]
        return payload if payload in options.values() else None

    async def note(self, conversation: str, address: str, sequence_id: str, message_id: str, *, is_ours: bool) -> None:
        """Remember what X calls a message by its place."""
        if _is_place(sequence_id):
            await self._database.run(
                "INSERT INTO x_chat_messages (conversation, sequence_id, message_id, address, is_ours)"
                " VALUES (%s, %s::numeric, %s, %s, %s) ON CONFLICT DO NOTHING",
                (conversation, sequence_id, message_id, address, is_ours),
            )

    async def at(self, conversation: str, sequence_id: str) -> tuple[str, bool] | None:
        """Give the message at a place, and whether it is ours."""
        if not _is_place(sequence_id):
            return None
        found = await self._database.rows(
            "SELECT message_id, is_ours FROM x_chat_messages"
            " WHERE workspace_id = 1 AND conversation = %s AND sequence_id = %s::numeric",
            (conversation, sequence_id),
        )
        return (found[0][0], found[0][1]) if found else None

    async def last(self, conversation: str, *, is_ours: bool, up_to: str | None = None) -> tuple[str, str] | None:
        """Give place and id of the last message of one side."""
        if up_to is not None and not _is_place(up_to):
            return None
        found = await self._database.rows(_LAST, (conversation, is_ours, up_to))
        return (found[0][0], found[0][1]) if found else None

    async def written_to(self) -> Sequence[str]:
        """Give whom somebody writes to right now by this chat."""
        return [row[0] for row in await self._database.rows(_WRITTEN_TO)]


def _is_place(sequence_id: str) -> bool:
    return sequence_id.isascii() and sequence_id.isdigit() and len(sequence_id) <= _MOST_DIGITS
