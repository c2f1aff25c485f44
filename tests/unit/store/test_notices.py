"""Notices are heard as they come, and a line that is lost leaves alone whatever gets its number."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import psycopg
import pytest

from relevo.store.connecting import hear_notices

pytestmark = pytest.mark.anyio


class Notice(NamedTuple):
    """One, as libpq gives it."""

    relname: bytes
    extra: bytes


class Wire:
    """A connection to another end: each byte is a notice; at their end it closes its socket, as libpq does."""

    def __init__(self, line: socket.socket, when_lost: Callable[[], object]) -> None:
        line.setblocking(False)
        self.socket, self.when_lost = line.detach(), when_lost
        self.waiting: list[Notice] = []

    def consume_input(self) -> None:
        """Read what has come."""
        try:
            read = os.read(self.socket, 100)
        except BlockingIOError:
            return
        self.waiting += [Notice(b"channel", bytes([each])) for each in read]
        if not read:
            os.close(self.socket)
            self.when_lost()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    def notifies(self) -> Notice | None:
        """Give the next one."""
        return self.waiting.pop(0) if self.waiting else None


async def test_a_lost_line_s_number_is_left_to_the_next_connection() -> None:
    """It often gets the same, and is listened to before the loss has been spoken of."""
    loop, came = asyncio.get_running_loop(), asyncio.Event()
    (ours, server), (next_ours, next_server) = socket.socketpair(), socket.socketpair()

    def reuse() -> None:
        os.dup2(next_ours.fileno(), wire.socket)
        loop.add_reader(wire.socket, came.set)

    wire = Wire(ours, when_lost=lambda: loop.call_soon(reuse))
    heard: list[tuple[str, str]] = []
    hearing = asyncio.create_task(hear_notices(cast("Any", wire), lambda *notice: heard.append(notice)))
    with next_ours, next_server:
        server.sendall(b"ab")
        server.close()
        with pytest.raises(psycopg.OperationalError):
            await asyncio.wait_for(hearing, 10)
        assert heard == [("channel", "a"), ("channel", "b")]
        next_server.sendall(b"x")
        await asyncio.wait_for(came.wait(), 10)
        loop.remove_reader(wire.socket)
        os.close(wire.socket)


async def test_whoever_stops_to_hear_leaves_the_line_open() -> None:
    """It is closed by who opened it."""
    ours, server = socket.socketpair()
    wire = Wire(ours, when_lost=lambda: None)
    hearing = asyncio.create_task(hear_notices(cast("Any", wire), lambda *_: None))
    await asyncio.sleep(0)
    hearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hearing
    with server:
        server.sendall(b"a")
        assert os.read(wire.socket, 10) == b"a"
    os.close(wire.socket)
