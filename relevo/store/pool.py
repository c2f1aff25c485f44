"""Connections to PostgreSQL, and what to say when there are none."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import structlog
from msgspec.structs import replace
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from relevo.errors import ConfigurationError, Unavailable
from relevo.store.connecting import Connection, Way
from relevo.store.express import Answer, Asked, Express
from relevo.store.silence import Silence
from relevo.store.statistics import Growth, analyse_grown

__all__ = ["WORKSPACE", "Connection", "Database"]

_log = structlog.get_logger()
WORKSPACE = 1
_NOT_QUICK = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.InvalidSqlStatementName,
    psycopg.errors.DivisionByZero,
)
"""Somebody holds what it needs, or a table is changing its shape: it may take its time where nobody stands behind. The
last is how a statement demands something."""
_GONE = (PoolTimeout, psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction)
_AWAY = "The database is not reachable right now; try again in a moment."


class NotAtOnce(Exception):
    """What was asked at once was not done; nothing was written."""


class _LastFirst(deque[Connection]):
    """Connections that are free; the one that was used last is lent first."""

    def append(self, connection: Connection) -> None:
        """Take one back."""
        self.appendleft(connection)


class _Pool(AsyncConnectionPool[Connection]):
    """A pool that lends few connections often: each plans a statement for itself, and has to learn what is used."""

    def __init__(self, *rest: Any, **options: Any) -> None:
        super().__init__(*rest, **options)
        self._pool = _LastFirst()

    async def _shrink_pool(self) -> None:
        before = self._nconns
        self._pool.rotate(1)  # if one is closed, it is the first: it shall be that which nobody needed
        await super()._shrink_pool()
        if self._nconns == before:
            self._pool.rotate(-1)


class Database:
    """A pool of autocommitting connections; a statement by itself is a transaction."""

    def __init__(self, dsn: str, *, size: int = 8, name: str = "relevo", idle_seconds: float = 600.0) -> None:
        self.dsn = dsn
        self._way = Way(dsn)
        self._name = name
        self._pool = _Pool(
            self._way.conninfo,
            min_size=1,
            max_size=size,
            max_idle=idle_seconds,
            open=False,
            timeout=5.0,
            reconnect_timeout=5.0,
            configure=self._way.begin,
            kwargs={"autocommit": True, "prepare_threshold": 2, "application_name": name},
        )
        self._silence = Silence(self._connect, self._pool.drain)
        self._express = Express(self._begun, self._silence)
        self._growth = Growth()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Connect; raises ConfigurationError when the database cannot be reached."""
        try:
            await self._pool.open(wait=True, timeout=15)
        except PoolTimeout as error:
            raise ConfigurationError(
                "The database does not answer. Check DATABASE_URL (or unset it to use the bundled PostgreSQL)."
            ) from error
        self._tasks.append(asyncio.create_task(self._silence.watch()))

    async def close(self) -> None:
        """Give all connections back."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._express.close()
        await self._pool.close()

    async def _connect(self) -> Connection:
        return await AsyncConnection.connect(self._way.conninfo(), autocommit=True, application_name=self._name)

    async def _begun(self) -> Connection:
        connection = await self._connect()
        try:
            await self._way.begin(connection)
        except BaseException:  # cancelled, or lost again: nobody else would close it
            await connection.close()
            raise
        return connection

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Connection]:
        """Make a connection to listen on; raises psycopg.OperationalError when the database is gone."""
        async with await self._begun() as connection:
            with self._silence.listening(connection):
                yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; raises Unavailable when the database is gone, and what was begun is rolled back."""
        if self._silence.is_lost:
            raise Unavailable(_AWAY)
        try:
            async with self._pool.connection() as connection:
                with self._silence.over(connection):
                    yield connection
        except _GONE as error:
            raise self._away(error) from error

    def _away(self, error: Exception) -> Unavailable:
        if isinstance(error, (PoolTimeout, psycopg.errors.ReadOnlySqlTransaction)):  # gone, or a replica by now
            self._silence.doubt()
        if (state := getattr(error, "sqlstate", None)) and state.startswith("40"):  # two in each other's way
            _log.warning("database.rolled_back", sqlstate=state)
        return Unavailable(_AWAY)

    async def rows(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        """Run one statement as a transaction of its own and give its rows."""
        async with self.connection() as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall() if cursor.description else []

    async def run(self, statement: str, values: Any = None) -> int:
        """Run one statement as a transaction of its own and give the number of rows it touched."""
        async with self.connection() as connection:
            return (await connection.execute(statement, values)).rowcount

    async def quick(self, statement: str, values: Any = None, *, behind: Asked | None = None) -> Answer:
        """Run one short statement, which a message waits for, as a transaction of its own.

        It shares its connection, so it must go by keys and be a constant: each is prepared once and never forgotten.
        What is to come ``behind`` it has done so, or begun to, where the answer says so.
        """
        try:
            answer = (await self.at_once((statement, values), behind=behind))[0]
            return answer if behind is None else replace(answer, has_followed=True)
        except NotAtOnce:
            pass
        async with self.connection() as connection:
            cursor = await connection.execute(statement, values)
            return Answer(await cursor.fetchall() if cursor.description else [], cursor.rowcount)

    async def at_once(self, *asked: Asked, behind: Asked | None = None) -> list[Answer]:
        """Run several such statements as one transaction, in one round trip; each sees what those before it did.

        What comes ``behind`` them is a transaction of its own, made whatever becomes of them. A statement demands
        something by dividing by zero where it is otherwise. Raises NotAtOnce then, and where one has to wait, with
        nothing written: whoever asks goes the long way, which finds out why.
        """
        if self._silence.is_lost:
            raise Unavailable(_AWAY)
        if self._growth.is_time():
            self._tasks.append(asyncio.create_task(self._analyse_grown()))
        try:
            return await self._express.ask(*asked, behind=behind)
        except _NOT_QUICK as error:
            raise NotAtOnce from error
        except _GONE as error:
            raise self._away(error) from error

    async def _analyse_grown(self) -> None:
        try:
            async with self.connection() as connection:
                if names := await analyse_grown(connection):
                    _log.info("database.analysed", tables=len(names))
        except (Unavailable, psycopg.Error) as error:
            _log.warning("database.not_analysed", error=type(error).__name__)
