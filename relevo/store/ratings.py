"""Questions about how it was, on PostgreSQL: whom to ask, asking, and keeping the answer."""

from __future__ import annotations

from collections.abc import Sequence

from relevo.domain.messages import Content, clean_text
from relevo.domain.ratings import DueRating, Rating
from relevo.domain.reports import Stretch
from relevo.store import rows
from relevo.store.pool import Connection, Database

QUIET_SECONDS = 120
"""How long nobody has written before the bot asks by itself: what was asked for may not be all."""

# What a person settled is asked about at once, what the bot did once it is quiet.
_SETTLED = """
SELECT h.conversation_id, 'person' AS stretch, h.agent_id, h.case_id, h.ended_at, 0 AS quiet
FROM handoffs h WHERE h.workspace_id = 1 AND h.handback IS NOT NULL AND h.ended_at > now() - interval '1 hour'
  AND h.handback ->> 'outcome' = 'resolved'
UNION ALL
SELECT f.conversation_id, CASE WHEN f.decided_by IS NULL THEN 'bot' ELSE 'person' END, f.decided_by, f.case_id,
    f.ended_at, CASE WHEN f.decided_by IS NULL THEN %(quiet)s ELSE 0 END
FROM effects f WHERE f.workspace_id = 1 AND f.state = 'done' AND f.ended_at > now() - interval '1 hour'
  AND f.conversation_id IS NOT NULL
"""
_DUE = f"""
WITH settled AS (
    SELECT DISTINCT ON (s.conversation_id) s.* FROM ({_SETTLED}) s
    ORDER BY s.conversation_id, s.stretch DESC, s.ended_at DESC
)
SELECT c.id, c.last_position, c.language, s.stretch, s.agent_id, a.name, s.case_id
FROM settled s
JOIN conversations c ON c.workspace_id = 1 AND c.id = s.conversation_id
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = s.agent_id
CROSS JOIN LATERAL (SELECT e.author, e.content FROM entries e WHERE e.workspace_id = 1 AND e.conversation_id = c.id
    AND e.kind = 'message' ORDER BY e.position DESC LIMIT 1) said
WHERE c.control = 'bot' AND c.updated_at <= now() - make_interval(secs => s.quiet)
  AND said.author IN ('bot', 'system') AND coalesce(jsonb_array_length(said.content -> 'buttons'), 0) = 0
  AND NOT EXISTS (SELECT FROM inbox q WHERE q.workspace_id = 1 AND q.conversation_id = c.id
    AND q.state IN ('waiting', 'held'))
  AND NOT EXISTS (SELECT FROM csat q
    JOIN conversations o ON o.workspace_id = 1 AND o.id = q.conversation_id
    JOIN identities j ON j.workspace_id = 1 AND j.id = o.identity_id
    WHERE q.workspace_id = 1 AND q.asked_at > now() - interval '1 day' AND j.contact_id = i.contact_id)
  AND NOT EXISTS (SELECT FROM case_conversations l JOIN cases k ON k.workspace_id = 1 AND k.id = l.case_id
    WHERE l.workspace_id = 1 AND l.conversation_id = c.id AND (k.status = 'open'
      OR k.trigger IN ('safety', 'abuse') AND k.opened_at > now() - interval '7 days'))
ORDER BY s.ended_at LIMIT %(limit)s
"""

# The position is the question's name: what its buttons send is known before it is written.
_ASK = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 1, updated_at = now(), rating_position = last_position + 1,
        rating_stage = 'score', issued_payloads = (%(payloads)s::text[] || issued_payloads)[1:24]
    WHERE workspace_id = 1 AND id = %(id)s AND control = 'bot' AND last_position = %(seen)s
    RETURNING id, channel, last_position
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position, 'message', 'system', %(content)s::jsonb FROM grown
), queued AS (
    INSERT INTO deliveries (conversation_id, position, channel) SELECT id, last_position, channel FROM grown
)
INSERT INTO csat (conversation_id, position, case_id, stretch, agent_id)
SELECT id, last_position, %(case)s, %(stretch)s, %(agent)s FROM grown
"""
_RATE = """
UPDATE csat SET score = coalesce(score, %(score)s), comment = coalesce(%(comment)s, comment),
    answered_at = coalesce(answered_at, now())
WHERE workspace_id = 1 AND conversation_id = %(id)s AND position = %(position)s
"""


class PostgresRatings:
    """Ratings on PostgreSQL; see contracts.ratings.Ratings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, limit: int = 20) -> Sequence[DueRating]:
        """Give those who may be asked now."""
        found = await self._database.rows(_DUE, {"limit": limit, "quiet": QUIET_SECONDS})
        return [
            DueRating(
                conversation_id=row[0],
                last_position=row[1],
                language=row[2],
                stretch=Stretch(row[3]),
                agent_id=row[4],
                agent_name=row[5],
                case_id=row[6],
            )
            for row in found
        ]

    async def ask(self, due: DueRating, content: Content) -> bool:
        """Put the question on the timeline and in the outbox."""
        values = {
            "id": due.conversation_id,
            "seen": due.last_position,
            "payloads": [button.payload for button in content.buttons],
            "content": rows.json_text(rows.content_document(content)),
            "case": due.case_id,
            "stretch": due.stretch.value,
            "agent": due.agent_id,
        }
        return await self._database.run(_ASK, values) > 0


async def write_rating(connection: Connection, conversation_id: object, rating: Rating) -> None:
    """Keep an answer within a turn's transaction; the first score stays."""
    comment = None if rating.comment is None else clean_text(rating.comment)
    values = {"id": conversation_id, "position": rating.position, "score": rating.score, "comment": comment}
    await connection.execute(_RATE, values)
