"""Mails to contacts: identity, conversation, timeline and outbox in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from relevo.contracts.mail import EMAIL, DoneEffect, Mail, MissedPromise, Posted
from relevo.domain.effects import EffectResult, EffectState
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.pool import Connection, Database

# Whoever has the key waits for nobody; whoever wants the same one waits here until the first has ended.
_TAKE_KEY = "INSERT INTO mail_keys (key) VALUES (%s) ON CONFLICT DO NOTHING"

# The address stays with the contact who has it; written to there is that contact, or one whom the business knows as the
# same person. Updating nothing locks the row, so that mails to one address are posted one after the other.
_INTRODUCE = """
WITH about AS (
    SELECT i.contact_id, c.language FROM conversations c
    JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
    WHERE c.workspace_id = 1 AND c.id = %(about)s
    UNION ALL (SELECT k.id, NULL FROM contacts k
        WHERE %(about)s::uuid IS NULL AND k.workspace_id = 1 AND k.business_ref = %(ref)s
        AND k.merged_into IS NULL ORDER BY k.created_at LIMIT 1)
), identity AS (
    INSERT INTO identities (contact_id, channel, address, business_ref)
    SELECT contact_id, %(channel)s, %(address)s, %(ref)s FROM about
    ON CONFLICT (workspace_id, channel, address) DO UPDATE SET channel = excluded.channel
    RETURNING id, contact_id, business_ref
), conversation AS (
    INSERT INTO conversations (identity_id, channel, language)
    SELECT identity.id, %(channel)s, coalesce(%(language)s, about.language) FROM identity, about
    ON CONFLICT (workspace_id, identity_id) DO NOTHING
)
SELECT identity.id, coalesce(
    identity.contact_id = about.contact_id OR identity.business_ref = %(ref)s OR k.business_ref = %(ref)s, false)
FROM identity CROSS JOIN about LEFT JOIN contacts k ON k.workspace_id = 1 AND k.id = identity.contact_id
"""

_WRITE = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 1, updated_at = now()
    WHERE workspace_id = 1 AND identity_id = %(identity)s RETURNING id, channel, last_position
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position, 'message', %(author)s, %(content)s::jsonb FROM grown
)
INSERT INTO deliveries (conversation_id, position, channel, sent_instead, expires_at)
SELECT id, last_position, channel, %(sent_instead)s::jsonb, now() + make_interval(secs => %(lives)s) FROM grown
RETURNING conversation_id, position
"""


class PostgresMails:
    """Mails on PostgreSQL; see contracts.mail.Mails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def post(self, mail: Mail) -> Posted | None:
        """Put a mail on the timeline of its address's conversation and in the outbox; None when its key is known."""
        async with self._database.connection() as connection, connection.transaction():
            return await write_mail(connection, mail)

    async def unconfirmed(self, limit: int = 20) -> list[DoneEffect]:
        """Give effects of the last day that were done for a contact and not confirmed by mail."""
        found = await self._database.rows(
            "SELECT f.key, f.rule, f.arguments || f.result, f.business_ref, c.id, c.language FROM effects f"
            " LEFT JOIN conversations c ON c.workspace_id = 1 AND c.id = f.conversation_id"
            " WHERE f.workspace_id = 1 AND f.state = 'done' AND f.ended_at > now() - interval '1 day'"
            " AND (c.id IS NOT NULL OR EXISTS (SELECT FROM contacts p"
            " WHERE p.workspace_id = 1 AND p.business_ref = f.business_ref))"
            " AND NOT EXISTS (SELECT FROM mail_keys k"
            " WHERE k.workspace_id = 1 AND k.key = 'confirmation:' || f.key) ORDER BY f.ended_at LIMIT %s",
            (limit,),
        )
        return [
            DoneEffect(
                effect=EffectResult(key=key, state=EffectState.DONE, rule=rule, result=result),
                business_ref=business_ref,
                conversation_id=conversation_id,
                language=language,
            )
            for key, rule, result, business_ref, conversation_id, language in found
        ]

    async def missed_promises(self, limit: int = 20) -> list[MissedPromise]:
        """Give promises of the last day that were missed and not owned up to by mail, oldest first."""
        found = await self._database.rows(
            "SELECT s.id, s.promised_at, s.business_ref, c.id, c.language FROM cases s"
            " LEFT JOIN LATERAL (SELECT l.conversation_id FROM case_conversations l WHERE l.workspace_id = 1"
            " AND l.case_id = s.id ORDER BY l.linked_at DESC LIMIT 1) newest ON true"
            " LEFT JOIN conversations c ON c.workspace_id = 1 AND c.id = newest.conversation_id"
            " WHERE s.workspace_id = 1 AND s.promise_missed_at > now() - interval '1 day'"
            " AND s.business_ref IS NOT NULL AND NOT EXISTS (SELECT FROM mail_keys k WHERE k.workspace_id = 1"
            " AND k.key = 'promise:' || s.id || ':' || floor(extract(epoch FROM s.promised_at))::bigint)"
            " ORDER BY s.promise_missed_at LIMIT %s",
            (limit,),
        )
        return [
            MissedPromise(
                case_id=case, promised_at=promised, business_ref=ref, conversation_id=about, language=language
            )
            for case, promised, ref, about, language in found
        ]

    async def give_up(self, key: str) -> None:
        """Take a key without a mail."""
        await self._database.run(_TAKE_KEY, (key,))


async def write_mail(connection: Connection, mail: Mail) -> Posted | None:
    """Post a mail inside a transaction of the caller's; see contracts.mail.Mails.post."""
    if mail.once is not None and not (await connection.execute(_TAKE_KEY, (mail.once,))).rowcount:
        return None
    values = _values(mail)
    identity_id = await introduce(connection, values)
    row = await (await connection.execute(_WRITE, values | {"identity": identity_id})).fetchone()
    assert row is not None, "the conversation was made in the statement before"
    return Posted(conversation_id=row[0], position=row[1])


async def introduce(connection: Connection, values: Mapping[str, Any]) -> UUID:
    """Give the identity of a mail address, made with its conversation where it is missing.

    ``values`` are about, channel, address, ref and language. Raises as contracts.mail.Mails.post does.
    """
    introduced = await (await connection.execute(_INTRODUCE, values)).fetchone()
    if introduced is None:
        raise NotFound("There is no such conversation.")
    identity_id, is_theirs = introduced
    if not is_theirs:
        raise Conflict("This mail address belongs to another contact.", code="another_contact")
    found: UUID = identity_id
    return found


def _values(mail: Mail) -> dict[str, Any]:
    instead = mail.sent_instead
    return {
        "about": mail.about,
        "channel": EMAIL,
        "address": mail.address,
        "ref": mail.business_ref,
        "language": mail.language,
        "author": mail.author.value,
        "content": rows.json_text(rows.content_document(mail.content)),
        "sent_instead": None if instead is None else rows.json_text(rows.content_document(instead)),
        "lives": mail.lives_seconds,
    }
