"""Has PostgreSQL look at tables that have outgrown what it knows of them: its plans are kept, and go by that.

It looks by itself, but each minute only. A database that is new would meanwhile be read from end to end for each
message, since an empty table looks as if one index were as good as another.
"""

from __future__ import annotations

from psycopg import sql

from relevo.store.connecting import Connection

_FIRST_LOOK, _TIMES = 64, 8
_FEW = 10
"""So few rows cost the same through any index; a page of them may grow to a hundred before it becomes two."""
_GROWN = f"""
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND pg_relation_size(oid) > 0
  AND (reltuples < {_FEW} OR pg_relation_size(oid) > 2 * relpages * current_setting('block_size')::bigint)
"""


class Growth:
    """When one process looks: after ever more statements, since tables that have grown large double slowly."""

    def __init__(self) -> None:
        self._asked, self._look_at = 0, _FIRST_LOOK

    def is_time(self) -> bool:
        """Count one more statement, and tell whether it is time to look."""
        self._asked += 1
        if self._asked < self._look_at:
            return False
        self._look_at *= _TIMES
        return True


async def analyse_grown(connection: Connection) -> list[str]:
    """Have the tables analysed that are new or twice as large as when they last were, and give their names.

    A table that held hardly anything then counts as new. Where somebody else is at one of them, it is left to them.
    """
    names = [name for (name,) in await (await connection.execute(_GROWN)).fetchall()]
    if names:
        tables = sql.SQL(", ").join(map(sql.Identifier, names))
        await connection.execute(sql.SQL("ANALYZE (SKIP_LOCKED) {}").format(tables))
    return names
