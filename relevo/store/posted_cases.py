"""What was opened for a public post before anybody knew who wrote it, once that is known."""

from __future__ import annotations

from uuid import UUID

from relevo.contracts.store import TurnOutcome
from relevo.store import rows
from relevo.store.case_merges import CASE_MOVES
from relevo.store.cases import RAISED
from relevo.store.pool import Connection

_KNOWN = """
UPDATE cases s SET business_ref = i.business_ref FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id AND i.business_ref IS NOT NULL
WHERE c.workspace_id = 1 AND c.id = %(conversation)s AND s.workspace_id = 1 AND s.status = 'open'
  AND s.trigger = 'public_post' AND s.business_ref IS NULL AND s.contact_id = i.contact_id
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
_MOVED = "UPDATE posts SET case_id = %(kept)s WHERE workspace_id = 1 AND case_id = %(merged)s"


async def settle_posted(connection: Connection, conversation_id: UUID, outcome: TurnOutcome) -> None:
    """Within a turn's transaction: a post's case is of whom it turned out to be, and goes on in the one they had."""
    if outcome.verification is not None:
        await connection.execute(_KNOWN, {"conversation": conversation_id})
    for again in outcome.contacts:
        values = {"conversation": conversation_id, "kept": again.case_id}
        for merged, reasons, detail in await (await connection.execute(_JOIN, values)).fetchall():
            joined = {"kept": again.case_id, "merged": merged}
            told = {"reasons": rows.json_text(reasons), "detail": rows.json_text(detail)}
            await connection.execute(_KEEP, {**joined, **told})
            for table in CASE_MOVES:
                move = f"UPDATE {table} SET case_id = %(kept)s WHERE workspace_id = 1 AND case_id = %(merged)s"
                await connection.execute(move, joined)
            await connection.execute(_MOVED, joined)
            await connection.execute(_CLOSE, joined)
