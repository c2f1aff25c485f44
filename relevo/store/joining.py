"""Joins what somebody wrote before their site vouched for them with their own: one person, one chat, and back again.

The contacts are merged as agents merge them, so that agents can split them. The chats stay two records: an entry in the
person's own chat says from where to where of the other one it stands for, and has as many positions before it. Whoever
reads for the person reads these there, for as long as both belong to one contact.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from relevo.domain.merging import SIGNED
from relevo.domain.messages import JOINED
from relevo.errors import Conflict
from relevo.store import rows
from relevo.store.merges import merge_contacts
from relevo.store.pool import Connection

_ALONE = """
SELECT i.contact_id = o.contact_id, EXISTS (SELECT FROM identities e
    WHERE e.workspace_id = 1 AND e.contact_id = i.contact_id AND e.id <> i.id), o.contact_id, i.contact_id
FROM identities i JOIN identities o ON o.workspace_id = 1 AND o.id = %(own)s
WHERE i.workspace_id = 1 AND i.id = %(other)s
"""
# As _VERIFY of visits does with what was said in the person's own chat; a split takes it back.
_NAME_CASES = """
WITH named AS (
    UPDATE cases s SET business_ref = %(ref)s FROM conversations c, case_conversations l
    WHERE c.workspace_id = 1 AND c.identity_id = %(other)s AND l.workspace_id = 1 AND l.conversation_id = c.id
      AND s.workspace_id = 1 AND s.id = l.case_id AND s.status = 'open' AND s.business_ref IS NULL RETURNING s.id
)
UPDATE contact_merges
SET moved = moved || jsonb_build_object('named_cases', (SELECT coalesce(array_agg(id), '{}') FROM named))
WHERE workspace_id = 1 AND id = %(merge)s
"""
_IS_BUSY = """
SELECT c.control NOT IN ('bot', 'closed')
    OR EXISTS (SELECT FROM inbox q WHERE q.workspace_id = 1 AND q.conversation_id = c.id
        AND q.state IN ('waiting', 'held'))
    OR EXISTS (SELECT FROM handoffs h WHERE h.workspace_id = 1 AND h.conversation_id = c.id
        AND h.state IN ('requested', 'queued', 'offered', 'agent', 'wrap_up'))
    OR EXISTS (SELECT FROM effects f WHERE f.workspace_id = 1 AND f.conversation_id = c.id
        AND f.state IN ('intended', 'prepared'))
FROM conversations c WHERE c.workspace_id = 1 AND c.id = %s FOR UPDATE
"""
# Those of the same contact that a signature brought to it, that were joined already, or that the person comes from now.
_OTHERS = """
SELECT c.id, coalesce(j.up_to, 0) FROM conversations o
JOIN identities own ON own.workspace_id = 1 AND own.id = o.identity_id
JOIN identities i ON i.workspace_id = 1 AND i.contact_id = own.contact_id AND i.channel = own.channel AND i.id <> own.id
JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = i.id
LEFT JOIN LATERAL (SELECT max((e.content #>> '{custom,up_to}')::bigint) AS up_to FROM entries e
    WHERE e.workspace_id = 1 AND e.conversation_id = o.id AND e.kind = %(kind)s
      AND e.content #>> '{custom,conversation}' = c.id::text) j ON true
WHERE o.workspace_id = 1 AND o.id = %(own)s
  AND (c.id = %(left)s OR j.up_to IS NOT NULL OR EXISTS (SELECT FROM contact_merges m
    WHERE m.workspace_id = 1 AND m.kept_id = i.contact_id AND m.evidence = %(signed)s AND m.split_at IS NULL
      AND m.moved -> 'identities' ? i.id::text))
  AND EXISTS (SELECT FROM entries e WHERE e.workspace_id = 1 AND e.conversation_id = c.id AND e.kind = 'message'
    AND e.position > coalesce(j.up_to, 0))
ORDER BY c.created_at, c.id
"""
_STRETCH = """
WITH other AS (
    SELECT id, last_position FROM conversations WHERE workspace_id = 1 AND id = %(other)s
), grown AS (
    UPDATE conversations c SET last_position = c.last_position + o.last_position - %(after)s + 1, updated_at = now()
    FROM other o WHERE c.workspace_id = 1 AND c.id = %(own)s RETURNING c.id, c.last_position
)
INSERT INTO entries (conversation_id, position, kind, author, content)
SELECT g.id, g.last_position, %(kind)s, 'system', jsonb_build_object('custom', jsonb_build_object(
    'conversation', o.id, 'after', %(after)s::bigint, 'up_to', o.last_position)) FROM grown g, other o
"""
_LEAVE = (
    """
    WITH grown AS (UPDATE conversations SET last_position = last_position + 1, updated_at = now()
        WHERE workspace_id = 1 AND id = %(other)s RETURNING id, last_position)
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position, %(kind)s, 'system', %(content)s::jsonb FROM grown
    """,
    """
    UPDATE visits v SET expires_at = now() FROM conversations c, identities i
    WHERE c.workspace_id = 1 AND c.id = %(other)s AND i.workspace_id = 1 AND i.id = c.identity_id
      AND v.workspace_id = 1 AND v.address = i.address AND v.expires_at > now()
    """,
    """
    UPDATE attachments a SET address = o.address FROM conversations c, identities i, conversations p, identities o
    WHERE c.workspace_id = 1 AND c.id = %(other)s AND i.workspace_id = 1 AND i.id = c.identity_id
      AND p.workspace_id = 1 AND p.id = %(own)s AND o.workspace_id = 1 AND o.id = p.identity_id
      AND a.workspace_id = 1 AND a.channel = i.channel AND a.address = i.address
    """,
    # A message that is sent again, since nobody heard that it had come, is still the same message.
    """
    UPDATE inbox q SET external_id = o.address || substr(q.external_id, length(i.address) + 1)
    FROM conversations c, identities i, conversations p, identities o
    WHERE c.workspace_id = 1 AND c.id = %(other)s AND i.workspace_id = 1 AND i.id = c.identity_id
      AND p.workspace_id = 1 AND p.id = %(own)s AND o.workspace_id = 1 AND o.id = p.identity_id
      AND q.workspace_id = 1 AND q.conversation_id = c.id AND starts_with(q.external_id, i.address)
      AND NOT EXISTS (SELECT FROM inbox k WHERE k.workspace_id = 1 AND k.channel = q.channel
        AND k.external_id = o.address || substr(q.external_id, length(i.address) + 1))
    """,
)


async def unite(connection: Connection, own: UUID, other: UUID, ref: str) -> bool:
    """Make the contacts of two identities one by their site's word; tell whether they are, with nobody else."""
    values: dict[str, Any] = {"own": own, "other": other, "ref": ref}
    row = await (await connection.execute(_ALONE, values)).fetchone()
    assert row is not None
    is_one, has_more, kept, merged = row
    if is_one or has_more:
        return bool(is_one)
    try:
        values["merge"] = await merge_contacts(connection, kept, merged, None, SIGNED, "")
    except Conflict:
        return False
    await connection.execute(_NAME_CASES, values)
    return True


async def is_busy(connection: Connection, conversation_id: UUID) -> bool:
    """Tell whether somebody or something may still answer in a chat: a person, a bot, or who decides on an effect."""
    return bool((await (await connection.execute(_IS_BUSY, (conversation_id,))).fetchone() or (False,))[0])


async def join(connection: Connection, own: UUID, left: UUID | None) -> None:
    """Put into a person's own chat what was said in their others, where nothing is under way there any more."""
    asked = {"own": own, "left": left, "kind": JOINED, "signed": SIGNED}
    for other, after in await (await connection.execute(_OTHERS, asked)).fetchall():
        if await is_busy(connection, other):
            continue
        values = {"own": own, "other": other, "after": after, "kind": JOINED}
        await connection.execute(_STRETCH, values)
        content = rows.json_text({"custom": {"into": str(own)}})
        for statement in _LEAVE:
            await connection.execute(statement, {**values, "content": content})
