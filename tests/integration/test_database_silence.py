"""A database that is cut off without a word: who waits for it hears so, and goes on where another takes its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from relevo.bootstrap.store import open_store
from relevo.errors import Unavailable
from relevo.store.pool import Database
from tests.integration.hands import eventually

pytestmark = pytest.mark.anyio

PATIENCE_SECONDS = 60.0
"""Far above what it takes, far below what the kernel waits for a cut line."""


@dataclass
class Line:
    """A way to PostgreSQL that can be cut without either side hearing of it."""

    port: int = 0
    is_cut: bool = False
    callers: int = 0
    ends: list[asyncio.StreamWriter] = field(default_factory=list)

    async def carry(self, here: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        """Pass on what is said, as long as nobody has cut it."""
        while data := await here.read(65536):
            if not self.is_cut:
                there.write(data)


@asynccontextmanager
async def line_to(dsn: str) -> AsyncIterator[Line]:
    """Lay a line to PostgreSQL's socket."""
    parts, line = conninfo_to_dict(dsn), Line()
    carrying: list[asyncio.Task[None]] = []

    async def call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line.callers += 1
        line.ends.append(writer)
        if not line.is_cut:
            path = Path(str(parts["host"])) / f".s.PGSQL.{parts['port']}"
            back, forth = await asyncio.open_unix_connection(path)
            line.ends.append(forth)
            carrying.append(asyncio.create_task(line.carry(reader, forth)))
            carrying.append(asyncio.create_task(line.carry(back, writer)))

    server = await asyncio.start_server(call, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        for end in line.ends:
            end.close()
        await asyncio.gather(*carrying, return_exceptions=True)


def over(dsn: str, *lines: Line) -> str:
    """Give the connection string for one line after another."""
    ports = [str(line.port) for line in lines]
    return make_conninfo(dsn, host=",".join("127.0.0.1" for _ in lines), port=",".join(ports), gssencmode="disable")


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Give what is closed at the end."""
    async with AsyncExitStack() as stack:
        yield stack


async def answers(database: Database) -> bool:
    """Tell whether the database answers."""
    try:
        return await database.rows("SELECT 1") == [(1,)]
    except Unavailable:
        return False


async def until_it_answers(database: Database) -> None:
    """Ask until the database answers."""
    while not await answers(database):
        await asyncio.sleep(0.05)


async def test_the_next_server_is_found(database: str, stack: AsyncExitStack) -> None:
    """What waited on the line that was cut is told so; statements and wake-ups then go to the other server."""
    first, second = [await stack.enter_async_context(line_to(database)) for _ in range(2)]
    opened = await stack.enter_async_context(open_store(over(database, first, second), size=3))
    assert await answers(opened.database)
    assert not second.callers
    waiting = asyncio.create_task(opened.database.rows("SELECT pg_sleep(300)"))
    await eventually(lambda: first.callers >= 3)
    first.is_cut = True

    with pytest.raises(Unavailable):
        await asyncio.wait_for(waiting, PATIENCE_SECONDS)
    await asyncio.wait_for(until_it_answers(opened.database), PATIENCE_SECONDS)
    with opened.live.senders() as news:
        for _ in range(round(PATIENCE_SECONDS)):
            opened.live.wake_senders()
            if await news.wait(1.0):
                break
        else:
            pytest.fail("nobody hears wake-ups any more")
    asked = first.callers
    await asyncio.gather(*(opened.database.rows("SELECT pg_sleep(0.1)") for _ in range(9)))
    assert first.callers == asked, "the line that was cut is tried again for every connection"


async def test_a_lost_database_is_known_to_be_lost_until_it_is_back(database: str, stack: AsyncExitStack) -> None:
    """Once it is known, nobody waits for a connection any more; when it answers again, everything goes on."""
    line = await stack.enter_async_context(line_to(database))
    opened = await stack.enter_async_context(open_store(over(database, line), size=2, hears=()))
    assert await answers(opened.database)
    line.is_cut = True
    with pytest.raises(Unavailable):
        await asyncio.wait_for(opened.database.rows("SELECT 1"), PATIENCE_SECONDS)
    callers = line.callers
    assert not any([await answers(opened.database) for _ in range(200)])
    assert line.callers <= callers + 2, "each question tried to connect"

    line.is_cut = False
    await asyncio.wait_for(until_it_answers(opened.database), PATIENCE_SECONDS)


async def test_a_busy_database_is_waited_for(database: str, stack: AsyncExitStack) -> None:
    """A statement that takes long is not cut while the server answers others."""
    line = await stack.enter_async_context(line_to(database))
    opened = await stack.enter_async_context(open_store(over(database, line), size=2, hears=()))
    callers = line.callers
    assert await opened.database.rows("SELECT 'done' FROM pg_sleep(4)") == [("done",)]
    assert line.callers > callers, "nobody looked after it"


async def test_a_transaction_of_who_is_frozen_ends(database: str, stack: AsyncExitStack) -> None:
    """The server ends such a transaction by itself: its rows are needed."""
    opened = await stack.enter_async_context(open_store(database, size=2, hears=()))
    ((bound, looked),) = await opened.database.rows(
        "SELECT current_setting('idle_in_transaction_session_timeout'),"
        " current_setting('client_connection_check_interval')"
    )
    assert (bound, looked) == ("15s", "5s")
