"""Connections to the database are lent in the way that costs it least."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from relevo.store.pool import Database

pytestmark = pytest.mark.anyio


async def test_whoever_comes_alone_gets_the_connection_that_was_used_last(database: str) -> None:
    """Each connection plans statements for itself: where few are used, what is asked is planned already."""
    opened = Database(database, size=4)
    await opened.open()
    try:
        await asyncio.gather(*(opened.rows("SELECT pg_sleep(0.2)") for _ in range(4)))
        assert len({await _lent(opened) for _ in range(8)}) == 1
    finally:
        await opened.close()


async def test_what_nobody_needs_any_more_is_closed_and_what_is_used_stays(database: str) -> None:
    """After a rush, the connection that has its statements planned is the last that is left."""
    opened = Database(database, size=4, idle_seconds=0.3)
    await opened.open()
    try:
        await asyncio.gather(*(opened.rows("SELECT pg_sleep(0.2)") for _ in range(4)))
        used = await _lent(opened)
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as looking:
            while await _others(looking) > 1:
                await asyncio.sleep(0.01)
        assert await _lent(opened) == used
    finally:
        await opened.close()


async def _lent(opened: Database) -> int:
    return int((await opened.rows("SELECT pg_backend_pid()"))[0][0])


async def _others(looking: psycopg.AsyncConnection) -> int:
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    row = await (await looking.execute(others)).fetchone()
    assert row is not None
    return int(row[0])
