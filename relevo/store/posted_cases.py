"""What was opened for a public post before anybody knew who wrote it, once that is known."""

from __future__ import annotations

from uuid import UUID

from relevo.contracts.store import TurnOutcome
from relevo.domain.merging import SAME_REFERENCE
from relevo.store import rows
from relevo.store.case_merges import CASE_MOVES
from relevo.store.cases import RAISED
from relevo.store.express import Asked
from relevo.store.merges import merge_contacts
from relevo.store.pool import Connection

_KNOWN = """
UPDATE cases s SET business_ref = i.business_ref FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id AND i.business_ref IS NOT NULL
WHERE c.workspace_id = 1 AND c.id = %(conversation)s AND s.workspace_id = 1 AND s.status = 'open'
  AND s.trigger = 'public_post' AND s.business_ref IS NULL AND s.contact_id = i.contact_id
"""
# Asked first, since hardly anybody posts: planning the next statement takes longer than a whole turn is written in.
_HAS_POSTED = """
SELECT FROM conversations c JOIN posts p ON p.workspace_id = 1 AND p.identity_id = c.identity_id
WHERE c.workspace_id = 1 AND c.id = %(conversation)s LIMIT 1
"""
_HAS_NOT_POSTED = f"WITH posted AS ({_HAS_POSTED}) SELECT 1 / (1 - count(*)) FROM posted"
# Somebody whom other systems know by the same reference alone, and who has written nowhere yet.
_SAME = """
SELECT i.contact_id, k.id FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id AND i.business_ref IS NOT NULL AND i.level > 0
JOIN contacts own ON own.workspace_id = 1 AND own.id = i.contact_id AND own.business_ref = i.business_ref
JOIN contacts k ON k.workspace_id = 1 AND k.business_ref = i.business_ref AND k.id <> own.id AND k.merged_into IS NULL
WHERE c.workspace_id = 1 AND c.id = %(conversation)s
  AND EXISTS (SELECT FROM posts p WHERE p.workspace_id = 1 AND p.identity_id = i.id)
  AND NOT EXISTS (SELECT FROM identities o WHERE o.workspace_id = 1 AND o.contact_id = k.id)
ORDER BY k.created_at, k.id LIMIT 1
"""
_JOIN = """
SELECT s.id, s.priority_reasons, s.detail FROM cases s
JOIN case_conversations l ON l.workspace_id = 1 AND l.case_id = s.id AND l.conversation_id = %(conversation)s
JOIN cases k ON k.workspace_id = 1 AND k.id = %(kept)s AND k.status = 'open' AND k.id <> s.id
WHERE s.workspace_id = 1 AND s.status = 'open' AND s.trigger = 'public_post' AND s.type IN (k.type, 'other')
ORDER BY s.id FOR UPDATE OF s
"""
_KEEP = f"""
UPDATE cases SET {RAISED}, detail = (%(detail)s::jsonb || detail::jsonb)::json
WHERE workspace_id = 1 AND id = %(kept)s
"""
_CLOSE = """
UPDATE cases SET status = 'closed', outcome = 'merged', closed_at = now(), merged_into = %(kept)s
WHERE workspace_id = 1 AND id = %(merged)s
"""


def settle_unposted(conversation_id: UUID) -> tuple[Asked, ...]:
    """Give what ``settle_posted`` does for a verification, to be asked at once; it fails where they have posted."""
    values = {"conversation": conversation_id}
    return (_KNOWN, values), (_HAS_NOT_POSTED, values)


async def settle_posted(connection: Connection, conversation_id: UUID, outcome: TurnOutcome) -> None:
    """Within a turn's transaction: a post's case is of whom it turned out to be, and goes on in the one they had."""
    if outcome.verification is not None:
        await connection.execute(_KNOWN, {"conversation": conversation_id})
        await _unite(connection, conversation_id)
    for again in outcome.contacts:
        values = {"conversation": conversation_id, "kept": again.case_id}
        for merged, reasons, detail in await (await connection.execute(_JOIN, values)).fetchall():
            joined = {"kept": again.case_id, "merged": merged}
            told = {"reasons": rows.json_text(reasons), "detail": rows.json_text(detail)}
            await connection.execute(_KEEP, {**joined, **told})
            for table in CASE_MOVES:
                move = f"UPDATE {table} SET case_id = %(kept)s WHERE workspace_id = 1 AND case_id = %(merged)s"
                await connection.execute(move, joined)
            await connection.execute(_CLOSE, joined)


async def _unite(connection: Connection, conversation_id: UUID) -> None:
    """Bring what somebody tried elsewhere onto the timeline of their posts, once both are proven to be one person."""
    values = {"conversation": conversation_id}
    if await (await connection.execute(_HAS_POSTED, values)).fetchone() is None:
        return
    row = await (await connection.execute(_SAME, values)).fetchone()
    if row is not None:
        await merge_contacts(connection, row[0], row[1], None, SAME_REFERENCE, "")
