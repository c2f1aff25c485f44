"""Tags as administrators see to them: counted, renamed, merged, given no longer."""

from __future__ import annotations

from typing import Any

import psycopg

from relevo.contracts.tags import CountedTag
from relevo.errors import Conflict, NotFound
from relevo.store.pool import Connection, Database

_COUNTED = """
SELECT t.name, t.colour, t.retired_at, count(s.id), count(s.id) FILTER (WHERE s.status = 'open')
FROM tags t
LEFT JOIN case_tags c ON c.workspace_id = 1 AND c.tag = t.name
LEFT JOIN cases s ON s.workspace_id = 1 AND s.id = c.case_id
WHERE t.workspace_id = 1 AND (%(name)s::text IS NULL OR t.name = %(name)s)
GROUP BY t.name, t.colour, t.retired_at ORDER BY lower(t.name), t.name
"""
_HOLD = "SELECT name FROM tags WHERE workspace_id = 1 AND name = ANY(%s) ORDER BY name FOR UPDATE"
_CHANGE = """
UPDATE tags SET name = %(new)s, colour = %(colour)s,
    retired_at = CASE WHEN %(retired)s THEN coalesce(retired_at, now()) END
WHERE workspace_id = 1 AND name = %(name)s
"""
_GIVE = """
INSERT INTO case_tags (case_id, tag) SELECT case_id, %(new)s FROM case_tags WHERE workspace_id = 1 AND tag = %(name)s
ON CONFLICT DO NOTHING
"""
_FORGET = "DELETE FROM tags WHERE workspace_id = 1 AND name = %(name)s"
_FOLLOW_IN_VIEWS = """
UPDATE saved_views SET query = jsonb_set(query, '{tag}', to_jsonb(%(new)s::text))
WHERE workspace_id = 1 AND query ->> 'tag' = %(name)s
"""


class PostgresTags:
    """Tags on PostgreSQL; see contracts.tags.Tags."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counted(self) -> list[CountedTag]:
        """Give every tag by name."""
        return [_tag(row) for row in await self._database.rows(_COUNTED, {"name": None})]

    async def change(self, name: str, new_name: str, colour: str, *, is_retired: bool) -> tuple[CountedTag, CountedTag]:
        """Give a tag another name and colour."""
        values = {"name": name, "new": new_name, "colour": colour, "retired": is_retired}
        async with self._database.connection() as connection, connection.transaction():
            await _demand(connection, [name])
            before = await _one(connection, name)
            try:
                await connection.execute(_CHANGE, values)
            except psycopg.errors.UniqueViolation:
                sentence = "There is a tag of this name already; merge the two instead."
                raise Conflict(sentence, code="tag_exists") from None
            await connection.execute(_FOLLOW_IN_VIEWS, values)
            return before, await _one(connection, new_name)

    async def merge(self, name: str, into: str) -> CountedTag:
        """Have every case with a tag have another one in its place."""
        values = {"name": name, "new": into}
        async with self._database.connection() as connection, connection.transaction():
            await _demand(connection, [name, into])
            for statement in (_GIVE, _FORGET, _FOLLOW_IN_VIEWS):
                await connection.execute(statement, values)
            return await _one(connection, into)


async def _demand(connection: Connection, names: list[str]) -> None:
    if (await connection.execute(_HOLD, (names,))).rowcount != len(names):
        raise NotFound("There is no such tag.")


async def _one(connection: Connection, name: str) -> CountedTag:
    row = await (await connection.execute(_COUNTED, {"name": name})).fetchone()
    assert row is not None
    return _tag(row)


def _tag(row: tuple[Any, ...]) -> CountedTag:
    name, colour, retired_at, cases, open_cases = row
    return CountedTag(name=name, colour=colour, retired_at=retired_at, cases=cases, open_cases=open_cases)
