"""Connections to the database are lent in the way that costs it least."""

from __future__ import annotations

import asyncio

import pytest

from relevo.store.pool import Database

pytestmark = pytest.mark.anyio


async def test_whoever_comes_alone_gets_the_connection_that_was_used_last(database: str) -> None:
    """Each connection plans statements for itself: where few are used, what is asked is planned already."""
    opened = Database(database, size=4)
    await opened.open()
    try:
        await asyncio.gather(*(opened.rows("SELECT pg_sleep(0.2)") for _ in range(4)))
        used = {(await opened.rows("SELECT pg_backend_pid()"))[0][0] for _ in range(8)}
        assert len(used) == 1
    finally:
        await opened.close()
