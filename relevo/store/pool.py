"""Connections to PostgreSQL, and what to say when there are none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from relevo.errors import ConfigurationError, Unavailable

_log = structlog.get_logger()
Connection = AsyncConnection[tuple[Any, ...]]
WORKSPACE = 1


class Database:
    """A pool of autocommitting connections; a statement by itself is a transaction."""

    def __init__(self, dsn: str, *, size: int = 8, name: str = "relevo") -> None:
        self.dsn = dsn
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=size,
            open=False,
            timeout=5.0,
            reconnect_timeout=5.0,
            kwargs={"autocommit": True, "prepare_threshold": 2, "application_name": name},
        )

    async def open(self) -> None:
        """Connect; raises ConfigurationError when the database cannot be reached."""
        try:
            await self._pool.open(wait=True, timeout=15)
        except PoolTimeout as error:
            raise ConfigurationError(
                "The database does not answer. Check DATABASE_URL (or unset it to use the bundled PostgreSQL)."
            ) from error

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; raises Unavailable when the database is gone, and what was begun is rolled back."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, psycopg.OperationalError) as error:
            if (state := getattr(error, "sqlstate", None)) and state.startswith("40"):  # two in each other's way
                _log.warning("database.rolled_back", sqlstate=state)
            raise Unavailable("The database is not reachable right now; try again in a moment.") from error

    async def rows(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        """Run one statement as a transaction of its own and give its rows."""
        async with self.connection() as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []

    async def run(self, statement: str, values: Any = None) -> int:
        """Run one statement as a transaction of its own and give the number of rows it touched."""
        async with self.connection() as connection:
            return (await connection.execute(statement, values)).rowcount
