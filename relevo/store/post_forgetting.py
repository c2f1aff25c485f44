"""Forgets a post with everything that repeats its words or names its author."""

from __future__ import annotations

from relevo.store.pool import Connection

_FIND = """
SELECT p.id, p.identity_id, p.conversation_id, p.position, p.case_id, p.text, i.contact_id FROM posts p
JOIN identities i ON i.workspace_id = 1 AND i.id = p.identity_id
WHERE p.workspace_id = 1 AND p.channel = %s AND p.post_id = %s FOR UPDATE OF p
"""
# Records hold a case's goal, and the sentence that is made of it.
_STATEMENTS = (
    """UPDATE entries SET content = '{"custom": {"post": {"is_gone": true}}}'
    WHERE workspace_id = 1 AND conversation_id = %(conversation)s AND position = %(position)s""",
    """UPDATE cases SET goal = nullif(goal, %(text)s), detail = (detail::jsonb - 'post')::json
    WHERE workspace_id = 1 AND id = %(case)s""",
    """UPDATE handoffs SET record =
        replace(record::text, substr(t.said, 2, length(t.said) - 2), '…')::jsonb
    FROM (SELECT to_jsonb(%(text)s::text)::text AS said) t
    WHERE workspace_id = 1 AND conversation_id = %(conversation)s""",
    "DELETE FROM posts WHERE workspace_id = 1 AND id = %(id)s",
)
# Whoever has nothing else here was known by this post alone.
_AUTHOR = """
DELETE FROM identities i WHERE i.workspace_id = 1 AND i.id = %(identity)s AND i.business_ref IS NULL
  AND NOT EXISTS (SELECT FROM conversations c WHERE c.workspace_id = 1 AND c.identity_id = i.id)
  AND NOT EXISTS (SELECT FROM posts p WHERE p.workspace_id = 1 AND p.identity_id = i.id)
  AND NOT EXISTS (SELECT FROM encounters x WHERE x.workspace_id = 1 AND x.identity_id = i.id)
  AND NOT EXISTS (SELECT FROM contact_merges m WHERE m.workspace_id = 1 AND %(contact)s IN (m.kept_id, m.merged_id))
"""
_CONTACT = """
DELETE FROM contacts k WHERE k.workspace_id = 1 AND k.id = %(contact)s AND k.business_ref IS NULL
  AND NOT EXISTS (SELECT FROM identities i WHERE i.workspace_id = 1 AND i.contact_id = k.id)
  AND NOT EXISTS (SELECT FROM encounters x WHERE x.workspace_id = 1 AND x.contact_id = k.id)
  AND NOT EXISTS (SELECT FROM cases s WHERE s.workspace_id = 1 AND s.contact_id = k.id)
  AND NOT EXISTS (SELECT FROM contact_merges m WHERE m.workspace_id = 1 AND k.id IN (m.kept_id, m.merged_id))
"""


async def forget(connection: Connection, channel: str, post_id: str) -> bool:
    """Forget one post within a transaction of the caller's; False where there is none."""
    row = await (await connection.execute(_FIND, (channel, post_id))).fetchone()
    if row is None:
        return False
    names = ("id", "identity", "conversation", "position", "case", "text", "contact")
    values = dict(zip(names, row, strict=True))
    for statement in _STATEMENTS:
        await connection.execute(statement, values)
    if (await connection.execute(_AUTHOR, values)).rowcount:
        await connection.execute(_CONTACT, values)
    return True
