"""What people teach the bot, on PostgreSQL."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from relevo.domain.teaching import MAX_WORDS_CHARACTERS, EntityMark, Lesson, State, Teaching
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.pool import Database

# What the bot took the words for is known of those that it handed off with.
_PROPOSE = f"""
INSERT INTO teachings (conversation_id, position, text, language, intent, guessed, entities, proposed_by)
SELECT e.conversation_id, e.position, left(e.content ->> 'text', {MAX_WORDS_CHARACTERS}), coalesce(c.language, 'en'),
    %(intent)s, (SELECT h.record #>> '{{intent,name}}' FROM handoffs h WHERE h.workspace_id = 1
        AND h.conversation_id = e.conversation_id AND h.record ->> 'goal' = e.content ->> 'text'
        ORDER BY h.episode DESC LIMIT 1), %(marks)s::jsonb, %(agent)s
FROM entries e JOIN conversations c ON c.workspace_id = 1 AND c.id = e.conversation_id
WHERE e.workspace_id = 1 AND e.conversation_id = %(id)s AND e.position = %(position)s
  AND e.kind = 'message' AND e.author = 'contact' AND e.content ->> 'text' NOT LIKE '/%%'
ON CONFLICT (workspace_id, conversation_id, position) WHERE conversation_id IS NOT NULL
DO UPDATE SET intent = excluded.intent, entities = excluded.entities, proposed_by = excluded.proposed_by,
    proposed_at = now() WHERE teachings.state = 'proposed'
RETURNING id
"""
_OF_GOAL = """
SELECT e.position FROM entries e
WHERE e.workspace_id = 1 AND e.conversation_id = %(id)s AND e.kind = 'message' AND e.author = 'contact'
  AND e.content ->> 'text' = (SELECT h.record ->> 'goal' FROM handoffs h
    WHERE h.workspace_id = 1 AND h.conversation_id = %(id)s ORDER BY h.episode DESC LIMIT 1)
ORDER BY e.position DESC LIMIT 1
"""
_TEACHINGS = """
SELECT t.id, t.text, t.language, t.intent, t.entities, t.state, t.conversation_id, t.position, k.display_name,
    t.guessed, a.name, t.proposed_at, d.name, t.decided_at
FROM teachings t JOIN agents a ON a.workspace_id = 1 AND a.id = t.proposed_by
LEFT JOIN agents d ON d.workspace_id = 1 AND d.id = t.decided_by
LEFT JOIN conversations c ON c.workspace_id = 1 AND c.id = t.conversation_id
LEFT JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
LEFT JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
WHERE t.workspace_id = 1
"""
_DECIDE = """
UPDATE teachings SET state = %(state)s, decided_by = %(agent)s, decided_at = now(), text = coalesce(%(text)s, text),
    language = coalesce(%(language)s, language), intent = coalesce(%(intent)s, intent),
    entities = coalesce(%(marks)s::jsonb, entities),
    conversation_id = CASE WHEN %(nobodys)s THEN NULL ELSE conversation_id END,
    position = CASE WHEN %(nobodys)s THEN NULL ELSE position END
WHERE workspace_id = 1 AND id = %(id)s AND state = 'proposed'
"""
_ACCEPTED = """
SELECT text, language, intent, entities FROM teachings
WHERE workspace_id = 1 AND state = 'accepted' AND (%(language)s::text IS NULL OR language = %(language)s) ORDER BY id
"""


class PostgresTeachings:
    """Teachings on PostgreSQL; see contracts.teaching.Teachings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def propose(
        self, conversation_id: UUID, position: int, agent_id: int, intent: str, *, marks: tuple[EntityMark, ...] = ()
    ) -> Teaching:
        """Keep what a contact's message means."""
        values = {
            "id": conversation_id,
            "position": position,
            "agent": agent_id,
            "intent": intent,
            "marks": _marks_text(marks),
        }
        kept = await self._database.rows(_PROPOSE, values)
        if kept:
            return await self.get(kept[0][0])
        known = await self._database.rows(
            "SELECT true FROM teachings WHERE workspace_id = 1 AND conversation_id = %s AND position = %s",
            (conversation_id, position),
        )
        raise _decided() if known else NotFound("There is no such message of a contact.")

    async def propose_goal(self, conversation_id: UUID, agent_id: int, intent: str) -> bool:
        """Keep what a conversation's newest handoff was about, by its words."""
        found = await self._database.rows(_OF_GOAL, {"id": conversation_id})
        if not found:
            return False
        try:
            await self.propose(conversation_id, found[0][0], agent_id, intent)
        except (Conflict, NotFound):  # decided already, or a button: there is nothing to teach
            return False
        return True

    async def get(self, teaching_id: int) -> Teaching:
        """Give one."""
        found = await self._database.rows(f"{_TEACHINGS} AND t.id = %s", (teaching_id,))
        if not found:
            raise NotFound("There is no such proposal.")
        return _teaching(found[0])

    async def listed(self, state: State, limit: int = 100, after: int = 0) -> list[Teaching]:
        """Give those in a state, oldest first."""
        asked = f"{_TEACHINGS} AND t.state = %s AND t.id > %s ORDER BY t.id LIMIT %s"
        return [_teaching(row) for row in await self._database.rows(asked, (state.value, after, limit))]

    async def accept(self, teaching_id: int, agent_id: int, lesson: Lesson, *, is_nobodys: bool) -> None:
        """Keep a lesson as it was edited."""
        values = {
            "id": teaching_id,
            "agent": agent_id,
            "state": State.ACCEPTED.value,
            "text": lesson.text,
            "language": lesson.language,
            "intent": lesson.intent,
            "marks": _marks_text(lesson.marks),
            "nobodys": is_nobodys,
        }
        if not await self._database.run(_DECIDE, values):
            raise _decided()

    async def reject(self, teaching_id: int, agent_id: int) -> None:
        """Keep that the bot shall not learn it."""
        values = dict.fromkeys(("text", "language", "intent", "marks")) | {
            "id": teaching_id,
            "agent": agent_id,
            "state": State.REJECTED.value,
            "nobodys": False,
        }
        if not await self._database.run(_DECIDE, values):
            raise _decided()

    async def accepted(self, language: str | None = None) -> list[Lesson]:
        """Give everything that was accepted."""
        return [_lesson(row) for row in await self._database.rows(_ACCEPTED, {"language": language})]


def _decided() -> Conflict:
    return Conflict("Somebody has decided about these words already; look again.", code="teaching_decided")


def _marks_text(marks: tuple[EntityMark, ...]) -> str:
    return rows.json_text([{"value": mark.value, "entity": mark.entity} for mark in marks])


def _lesson(row: tuple[Any, ...]) -> Lesson:
    marks = tuple(EntityMark(value=mark["value"], entity=mark["entity"]) for mark in row[3])
    return Lesson(text=row[0], language=row[1], intent=row[2], marks=marks)


def _teaching(row: tuple[Any, ...]) -> Teaching:
    return Teaching(
        id=row[0],
        lesson=_lesson(row[1:5]),
        state=State(row[5]),
        conversation_id=row[6],
        position=row[7],
        contact_name=row[8],
        guessed=row[9],
        proposed_by=row[10],
        proposed_at=row[11],
        decided_by=row[12],
        decided_at=row[13],
    )
