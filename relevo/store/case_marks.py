"""What agents keep about cases among themselves: tags, snoozing, following, what they have seen, and their views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from relevo.contracts.worklist import CaseChange, SavedView, Tag
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.case_changes import read_changes, write_change
from relevo.store.pool import Connection, Database

MOST_VIEWS = 50
_LOOK = """
INSERT INTO conversation_looks (agent_id, conversation_id, position)
SELECT %(agent)s, id, least(%(position)s, last_position) FROM conversations WHERE workspace_id = 1 AND id = %(id)s
ON CONFLICT (workspace_id, agent_id, conversation_id)
    DO UPDATE SET position = greatest(conversation_looks.position, excluded.position)
"""
# A word that nobody knows yet has a colour of its own, and keeps it.
_KNOW = """
INSERT INTO tags (name, colour)
SELECT t, (ARRAY['blue', 'green', 'amber', 'violet', 'red', 'grey'])[1 + abs(hashtext(t)) %% 6]
FROM unnest(%(add)s::text[]) t ON CONFLICT DO NOTHING
"""
_RETIRED = """
SELECT t.name FROM tags t WHERE t.workspace_id = 1 AND t.name = ANY(%(add)s) AND t.retired_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM case_tags c WHERE c.workspace_id = 1 AND c.case_id = %(id)s AND c.tag = t.name)
"""
_TAGS = "SELECT coalesce(array_agg(tag ORDER BY tag), '{}') FROM case_tags WHERE workspace_id = 1 AND case_id = %(id)s"
_PUT = "INSERT INTO case_tags (case_id, tag) SELECT %(id)s, t FROM unnest(%(add)s::text[]) t ON CONFLICT DO NOTHING"
_TAKE = "DELETE FROM case_tags WHERE workspace_id = 1 AND case_id = %(id)s AND tag = ANY(%(remove)s)"
_HOLD = "SELECT FROM cases WHERE workspace_id = 1 AND id = %(id)s FOR KEY SHARE"
_WAS = """
SELECT CASE WHEN s.snoozed_until > now() THEN s.snoozed_until END, s.agent_id, a.name
FROM cases s LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = s.agent_id
WHERE s.workspace_id = 1 AND s.id = %(id)s AND s.status = 'open' FOR NO KEY UPDATE OF s
"""
_SNOOZE = """
UPDATE cases SET snoozed_until = %(until)s, snoozed_at = CASE WHEN %(until)s::timestamptz IS NOT NULL THEN now() END,
    snoozed_by = CASE WHEN %(until)s::timestamptz IS NOT NULL THEN %(agent)s END
WHERE workspace_id = 1 AND id = %(id)s
"""
_FOLLOW = "INSERT INTO case_followers (agent_id, case_id) VALUES (%(agent)s, %(id)s) ON CONFLICT DO NOTHING"
_UNFOLLOW = "DELETE FROM case_followers WHERE workspace_id = 1 AND agent_id = %(agent)s AND case_id = %(id)s"
_ASSIGN = "UPDATE cases SET agent_id = %(to)s WHERE workspace_id = 1 AND id = %(id)s"
_HAS_ACCOUNT = "SELECT name FROM agents WHERE workspace_id = 1 AND id = %(to)s AND removed_at IS NULL FOR SHARE"
_SAVE = """
INSERT INTO saved_views (agent_id, name, query)
SELECT %(agent)s, %(name)s, %(query)s::jsonb WHERE (SELECT count(*) FROM saved_views
    WHERE workspace_id = 1 AND agent_id = %(agent)s AND name <> %(name)s) < %(most)s
ON CONFLICT (workspace_id, agent_id, name) DO UPDATE SET query = excluded.query RETURNING id
"""


class PostgresCaseMarks:
    """The part of contracts.worklist.Worklist that writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, agent_id: int, conversation_id: UUID, position: int) -> None:
        """Keep how far an agent has read."""
        if not await self._database.run(_LOOK, {"agent": agent_id, "id": conversation_id, "position": position}):
            raise NotFound("There is no such conversation.")

    async def tags(self) -> Sequence[Tag]:
        """Give the known tags."""
        found = await self._database.rows(
            "SELECT name, colour, retired_at IS NOT NULL FROM tags WHERE workspace_id = 1 ORDER BY lower(name), name"
        )
        return [Tag(name=name, colour=colour, is_retired=is_retired) for name, colour, is_retired in found]

    async def set_tag(self, tag: Tag) -> None:
        """Know a tag, or give it another colour."""
        await self._database.run(
            "INSERT INTO tags (name, colour) VALUES (%s, %s)"
            " ON CONFLICT (workspace_id, name) DO UPDATE SET colour = excluded.colour",
            (tag.name, tag.colour),
        )

    async def drop_tag(self, name: str) -> None:
        """Forget a tag, and take it off every case."""
        if not await self._database.run("DELETE FROM tags WHERE workspace_id = 1 AND name = %s", (name,)):
            raise NotFound("There is no such tag.")

    async def changes(self, case_ids: Sequence[str], limit: int = 200) -> list[CaseChange]:
        """Give the newest of what people did to some cases."""
        return await read_changes(self._database, case_ids, limit)

    async def tag(self, case_id: str, agent_id: int, add: Sequence[str], remove: Sequence[str]) -> CaseChange | None:
        """Put tags on a case and take others off it."""
        values = {"id": case_id, "add": list(add), "remove": list(remove)}
        async with self._database.connection() as connection, connection.transaction():
            if not (await connection.execute(_HOLD, values)).rowcount:
                raise NotFound("There is no such case.")
            if add and (retired := await (await connection.execute(_RETIRED, values)).fetchall()):
                names = ", ".join(name for (name,) in retired)
                raise Conflict(f"“{names}” is no longer given; choose another tag.", code="tag_retired")
            before = await _tags(connection, values)
            for statement in (_KNOW, _PUT, _TAKE):
                await connection.execute(statement, values)
            after = await _tags(connection, values)
            return await _kept(connection, (case_id, agent_id, "tags"), {"tags": before}, {"tags": after})

    async def snooze(self, case_id: str, agent_id: int, until: datetime | None) -> CaseChange | None:
        """Put an open case out of the way, or bring it back."""
        async with self._database.connection() as connection, connection.transaction():
            was, _, _ = await self._open(connection, case_id)
            await connection.execute(_SNOOZE, {"id": case_id, "agent": agent_id, "until": until})
            before, after = {"snoozed_until": was}, {"snoozed_until": until}
            return await _kept(connection, (case_id, agent_id, "snoozed"), before, after)

    async def follow(self, case_id: str, agent_id: int, *, follows: bool) -> CaseChange | None:
        """Follow a case, or no longer."""
        values = {"id": case_id, "agent": agent_id}
        async with self._database.connection() as connection, connection.transaction():
            if not (await connection.execute(_HOLD, values)).rowcount:
                raise NotFound("There is no such case.")
            is_new = bool((await connection.execute(_FOLLOW if follows else _UNFOLLOW, values)).rowcount)
            before, after = {"is_followed": follows != is_new}, {"is_followed": follows}
            return await _kept(connection, (case_id, agent_id, "followed"), before, after)

    async def assign(self, case_id: str, agent_id: int, to: int | None) -> CaseChange | None:
        """Say who sees to an open case."""
        values = {"id": case_id, "to": to}
        async with self._database.connection() as connection, connection.transaction():
            taker = await (await connection.execute(_HAS_ACCOUNT, values)).fetchone()
            if to is not None and taker is None:
                raise NotFound("There is no such agent.", code="unknown_agent")
            _, was, name = await self._open(connection, case_id)
            await connection.execute(_ASSIGN, values)
            before, after = {"agent_id": was, "agent": name}, {"agent_id": to, "agent": taker[0] if taker else None}
            return await _kept(connection, (case_id, agent_id, "assigned"), before, after)

    async def views(self, agent_id: int) -> Sequence[SavedView]:
        """Give the views that an agent keeps, by name."""
        found = await self._database.rows(
            "SELECT id, name, query FROM saved_views WHERE workspace_id = 1 AND agent_id = %s ORDER BY lower(name), id",
            (agent_id,),
        )
        return [SavedView(id=row[0], name=row[1], query=row[2]) for row in found]

    async def save_view(self, agent_id: int, name: str, query: Mapping[str, Any]) -> SavedView:
        """Keep a view."""
        values = {"agent": agent_id, "name": name, "query": rows.json_text(query), "most": MOST_VIEWS}
        found = await self._database.rows(_SAVE, values)
        if not found:
            raise Conflict(f"You keep {MOST_VIEWS} views already; forget one first.", code="too_many_views")
        return SavedView(id=found[0][0], name=name, query=query)

    async def drop_view(self, agent_id: int, view_id: int) -> None:
        """Forget one's own view."""
        statement = "DELETE FROM saved_views WHERE workspace_id = 1 AND agent_id = %s AND id = %s"
        if not await self._database.run(statement, (agent_id, view_id)):
            raise NotFound("You keep no such view.")

    async def _open(self, connection: Connection, case_id: str) -> tuple[Any, ...]:
        """Hold an open case and give how it was; raises NotFound, and Conflict for one that is closed."""
        was = await (await connection.execute(_WAS, {"id": case_id})).fetchone()
        if was is not None:
            return was
        if (await connection.execute(_HOLD, {"id": case_id})).rowcount:
            raise Conflict("This case is closed already.", code="case_closed")
        raise NotFound("There is no such case.")


async def _tags(connection: Connection, values: Mapping[str, Any]) -> list[str]:
    found = await (await connection.execute(_TAGS, values)).fetchone()
    return list(found[0]) if found else []


async def _kept(
    connection: Connection, deed: tuple[str, int, str], before: Mapping[str, Any], after: Mapping[str, Any]
) -> CaseChange | None:
    """Keep a change of a case by an agent, unless nothing changed."""
    case_id, agent_id, what = deed
    if before == after:
        return None
    told = [msgspec.to_builtins(dict(values)) for values in (before, after)]
    change = CaseChange(case_id=case_id, agent_id=agent_id, what=what, before=told[0], after=told[1])
    return await write_change(connection, change)
