"""Brings what was written into the search, behind the transactions that write it.

Whoever does so holds an advisory lock: an erasing takes it too, so nothing that is being erased comes back.
"""

from __future__ import annotations

from uuid import UUID

from relevo.store.pool import Connection

LOCK = 7_016_001
CONVERSATIONS = 200
"""In one step."""
ENTRIES = 1_000
"""Of one conversation in one step."""

IS_FREE = f"SELECT pg_try_advisory_xact_lock({LOCK})"
# A row is dated by when its transaction began, so a look goes back behind the last one.
_GROWN = f"""
SELECT c.id, c.updated_at FROM conversations c
LEFT JOIN search_places p ON p.workspace_id = 1 AND p.conversation_id = c.id
WHERE c.workspace_id = 1 AND c.last_position > coalesce(p.position, 0)
  AND (%(everything)s OR c.updated_at >= coalesce((SELECT seen_until - interval '1 minute' FROM search_progress
      WHERE workspace_id = 1), '-infinity'))
ORDER BY c.updated_at LIMIT {CONVERSATIONS}
"""
_PEOPLE = """
INSERT INTO search_documents (kind, contact_id, words, written_at)
SELECT 'contact', k.id, search_lexemes('contact', search_text(k)), k.created_at FROM contacts k
WHERE k.workspace_id = 1 AND k.id IN (SELECT i.contact_id FROM conversations c
    JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id WHERE c.workspace_id = 1 AND c.id = ANY(%(grown)s))
ORDER BY k.created_at
ON CONFLICT (workspace_id, contact_id) WHERE contact_id IS NOT NULL DO UPDATE SET words = excluded.words
    WHERE search_documents.words IS DISTINCT FROM excluded.words
"""
_CASES = """
INSERT INTO search_documents (kind, case_id, words, written_at)
SELECT 'case', s.id, search_lexemes('case', search_text(s)), s.opened_at FROM cases s
WHERE s.workspace_id = 1 AND s.id IN (SELECT l.case_id FROM case_conversations l
    WHERE l.workspace_id = 1 AND l.conversation_id = ANY(%(grown)s))
ORDER BY s.opened_at
ON CONFLICT (workspace_id, case_id) WHERE case_id IS NOT NULL DO UPDATE SET words = excluded.words
    WHERE search_documents.words IS DISTINCT FROM excluded.words
"""
_ENTRIES = f"""
WITH behind AS MATERIALIZED (
    SELECT c.id, coalesce(p.position, 0) AS done, least(c.last_position, coalesce(p.position, 0) + {ENTRIES}) AS upto
    FROM conversations c LEFT JOIN search_places p ON p.workspace_id = 1 AND p.conversation_id = c.id
    WHERE c.workspace_id = 1 AND c.id = ANY(%(grown)s)
), reached AS (
    INSERT INTO search_places (conversation_id, position) SELECT id, upto FROM behind
    ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET position = excluded.position
)
INSERT INTO search_documents (kind, conversation_id, position, words, written_at)
SELECT e.kind, e.conversation_id, e.position, search_lexemes(e.kind, search_text(e.content)), e.created_at
FROM behind b JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = b.id AND e.position > b.done
    AND e.position <= b.upto AND e.kind IN ('message', 'note')
ORDER BY e.created_at, e.conversation_id, e.position
ON CONFLICT (workspace_id, conversation_id, position) WHERE conversation_id IS NOT NULL DO NOTHING
"""
_SEEN = """
INSERT INTO search_progress (seen_until) VALUES (%(until)s)
ON CONFLICT (workspace_id) DO UPDATE SET seen_until = greatest(search_progress.seen_until, excluded.seen_until)
"""

# Whoever has just come, been merged or been split; who was merged is found in whom they are.
_FORGET = """
DELETE FROM search_documents d USING contacts k
WHERE d.workspace_id = 1 AND d.contact_id = k.id AND k.workspace_id = 1 AND k.id = ANY(%(contacts)s)
  AND k.merged_into IS NOT NULL
"""
_NAMED = """
INSERT INTO search_documents (kind, contact_id, words, written_at)
SELECT 'contact', k.id, search_lexemes('contact', search_text(k)), k.created_at FROM contacts k
WHERE k.workspace_id = 1 AND k.id = ANY(%(contacts)s) AND k.merged_into IS NULL ORDER BY k.created_at
ON CONFLICT (workspace_id, contact_id) WHERE contact_id IS NOT NULL DO UPDATE SET words = excluded.words
"""

# For an erasing, behind its other statements: what is left of a case or a contact is written anew.
REWRITE = """
UPDATE search_documents d SET words = search_lexemes('case', search_text(s)) FROM cases s
    WHERE d.workspace_id = 1 AND d.case_id = s.id AND s.workspace_id = 1 AND s.id = ANY(%(cases)s);
UPDATE search_documents d SET words = search_lexemes('contact', search_text(k)) FROM contacts k
    WHERE d.workspace_id = 1 AND d.contact_id = k.id AND k.workspace_id = 1 AND k.id = ANY(%(contacts)s)
"""


async def index_people(connection: Connection, *contacts: UUID) -> None:
    """Index contacts by what they have now, within a transaction of the caller's."""
    for statement in (_FORGET, _NAMED):
        await connection.execute(statement, {"contacts": list(contacts)})


async def keep_up(connection: Connection, *, everything: bool) -> int:
    """Index some of what is not yet, in a transaction of its own, and give of how many conversations."""
    async with connection.transaction():
        if (await (await connection.execute(IS_FREE)).fetchone()) != (True,):
            return 0
        found = await (await connection.execute(_GROWN, {"everything": everything})).fetchall()
        if not found:
            return 0
        for statement in (_PEOPLE, _CASES, _ENTRIES):
            await connection.execute(statement, {"grown": [row[0] for row in found]})
        await connection.execute(_SEEN, {"until": found[-1][1]})
    return len(found)
