"""Notices a database that says nothing, and sets free those who wait for it.

Only a statement that takes long makes it look, by a connection of its own. A server that answers there is busy, and
waited for. One that does not, or that has been followed by another, has its connections cut: their users hear that the
database is away, at once, and ask again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import psycopg
import structlog

from relevo.store.connecting import Connection, Server, cut, server_of

LONG_SECONDS = 2.0
"""After so long for one statement or transaction the database is looked after."""
_PAUSE_SECONDS = 0.5
_SPOKEN = "FATAL"
"""What a server says that refuses a connection: it lives."""
_log = structlog.get_logger()


class Silence:
    """Watches over the connections of one process."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], renew: Callable[[], Awaitable[None]]) -> None:
        self._connect = connect
        self._renew = renew
        self._lent: dict[Connection, float] = {}
        self._kept: set[Connection] = set()
        self._wanted = asyncio.Event()
        self._is_doubted = False
        self.is_lost = False
        """Whether nothing answers where the database was; asking it is in vain."""

    @contextmanager
    def over(self, connection: Connection) -> Iterator[None]:
        """Watch over what is done with a connection."""
        self.busy(connection)
        try:
            yield
        finally:
            self.idle(connection)
            if connection.closed:
                self.doubt()

    def busy(self, connection: Connection) -> None:
        """Say that a statement begins, or that the one before it has ended, on a connection that many share."""
        self._lent[connection] = time.monotonic()
        self._wanted.set()

    def idle(self, connection: Connection) -> None:
        """Say that nothing is done with it any more."""
        self._lent.pop(connection, None)

    @contextmanager
    def listening(self, connection: Connection) -> Iterator[None]:
        """Cut a connection, on which one only listens, together with the others."""
        self.keep(connection)
        try:
            yield
        finally:
            self.leave(connection)

    def keep(self, connection: Connection) -> None:
        """Cut a connection together with the others from now on, whether or not anything is done with it."""
        self._kept.add(connection)

    def leave(self, connection: Connection) -> None:
        """Forget a connection that is over."""
        self._kept.discard(connection)
        self._lent.pop(connection, None)
        self.doubt()

    def doubt(self) -> None:
        """Say that a connection broke, or that none was to be had: the others are likely to be broken too."""
        self._is_doubted = True
        self._wanted.set()

    async def watch(self) -> None:
        """Watch until cancelled; asleep while nothing is asked."""
        while True:
            await self._wanted.wait()
            if not (self._is_doubted or self.is_lost):
                await asyncio.sleep(_PAUSE_SECONDS)
            if self._is_doubted or self.is_lost or self._longest() > LONG_SECONDS:
                await self._look()
                await asyncio.sleep(_PAUSE_SECONDS)
            elif not self._lent:
                self._wanted.clear()

    def _longest(self) -> float:
        return time.monotonic() - min(self._lent.values(), default=time.monotonic())

    async def _look(self) -> None:
        was_doubted, self._is_doubted = self._is_doubted, False
        try:
            connection = await self._connect()
        except psycopg.OperationalError as error:
            if _SPOKEN not in str(error):
                await self._lose(str(error).partition("\n")[0])
            return
        server = server_of(connection)
        await connection.close()
        if self.is_lost:
            self.is_lost = False
            _log.warning("database.found", host=server[0], port=server[1])
        followed = self._cut(server)
        if was_doubted or followed:
            await self._renew()

    async def _lose(self, reason: str) -> None:
        if not self.is_lost:
            self.is_lost = True
            _log.warning("database.lost", reason=reason)
            self._cut(None)
            await self._renew()

    def _cut(self, server: Server | None) -> int:
        """Cut the connections to any other server."""
        known = [connection for connection in (*self._lent, *self._kept) if not connection.closed]
        others = [connection for connection in known if server_of(connection) != server]
        for connection in others:
            cut(connection)
        return len(others)
