"""Reports on PostgreSQL: one transaction makes its tables, counts in them, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from msgspec.structs import replace

from relevo.domain.reports import Asked, EpisodeLine, Report
from relevo.errors import Unavailable
from relevo.store.pool import Connection, Database
from relevo.store.report_queries import BEHIND, COUNTED, lines_of
from relevo.store.report_tables import MAKING, values_of

AT_ONCE = 2
"""How many reports one process computes at once; the others wait, so that the desk keeps its connections."""
LONGEST_SECONDS = 60
"""Sorting a quarter of a very busy year takes long; beyond this it should be asked for by month."""
_SETTINGS = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    f"SET LOCAL statement_timeout = '{LONGEST_SECONDS}s'",
    "SET LOCAL work_mem = '64MB'",
    "SET LOCAL jit = off",
)
_EPISODE = EpisodeLine.__struct_fields__


class PostgresReports:
    """Reports on PostgreSQL; see contracts.reports.Reports."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read(self, asked: Asked, names: Sequence[str]) -> Report:
        """Compute the reports of these names."""
        values = values_of(asked)
        found: dict[str, Any] = {}
        async with self._tables(asked) as connection:
            for name in names:
                cursor = await connection.execute(COUNTED[name].statement, values, prepare=False)
                found[name] = lines_of(name, await cursor.fetchall())
        return replace(Report(asked=asked), **found)

    async def behind(self, asked: Asked, name: str, row: str, *, limit: int, after: int) -> list[EpisodeLine]:
        """Give the episodes that a row of a report counts, newest first."""
        values = {**values_of(asked), "row": row, "limit": limit, "after": after}
        async with self._tables(asked) as connection:
            statement = BEHIND.format(behind=COUNTED[name].behind)
            found = await (await connection.execute(statement, values, prepare=False)).fetchall()
        return [EpisodeLine(**dict(zip(_EPISODE, line, strict=True))) for line in found]

    @asynccontextmanager
    async def _tables(self, asked: Asked) -> AsyncIterator[Connection]:
        async with self._turns, self._database.connection() as connection, _in_time(), connection.transaction():
            await _make(connection, asked)
            yield connection


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        yield
    except psycopg.errors.QueryCanceled:
        raise Unavailable("This report takes too long. Ask for fewer days, or in a quieter hour.") from None


async def _make(connection: Connection, asked: Asked) -> None:
    for setting in _SETTINGS:
        await connection.execute(setting)
    for statement in MAKING:
        await connection.execute(statement, values_of(asked), prepare=False)
