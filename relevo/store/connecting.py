"""How a database is connected to, so that both sides soon notice when the other is cut off, frozen or replaced."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import AsyncConnection, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

Connection = AsyncConnection[tuple[Any, ...]]
Server = tuple[str, int]

CLIENT: Mapping[str, int] = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 6000,
}
"""What the connection string may say otherwise. The kernel's own defaults notice a cut line after hours."""

# A process that is frozen or cut off within a transaction would hold its rows until the machine's keepalives, in two
# hours, or for ever.
_SESSION = """
SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),
    set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '6000', false),
    set_config('client_connection_check_interval', '5000', false),
    set_config('idle_in_transaction_session_timeout', '15000', false)
"""


class Way:
    """The way to a database of one or several servers, of which one takes writes; tried first where it was last."""

    def __init__(self, dsn: str) -> None:
        given = conninfo_to_dict(dsn)
        self._servers = _servers(given)
        if len(self._servers) > 1:
            given = {"target_session_attrs": "read-write", **given}
        self._given = {**CLIENT, **given, "client_encoding": "UTF8"}
        self._last: Server | None = None

    def conninfo(self) -> str:
        """Give the connection string."""
        # The one that was left for another may be cut off, and would cost every new connection its whole timeout.
        ordered = sorted(self._servers, key=lambda server: server["server"] != self._last)
        named = {name: ",".join(server[name] for server in ordered) for name in _NAMES if ordered and ordered[0][name]}
        return make_conninfo("", **{**self._given, **named})

    async def begin(self, connection: Connection) -> None:
        """Prepare a new connection."""
        await connection.execute(_SESSION)
        self._last = server_of(connection)


_NAMES = ("host", "hostaddr", "port")


def _servers(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Take a connection string's lists apart; none for one server, which needs no order."""
    lists = {name: str(given[name]).split(",") if given.get(name) else [] for name in _NAMES}
    count = max(len(lists["host"]), len(lists["hostaddr"]))
    if count < 2:
        return []
    columns = {name: found * count if len(found) == 1 else found or [""] * count for name, found in lists.items()}
    return [
        {**dict(zip(_NAMES, row, strict=True)), "server": (row[0] or row[1], int(row[2] or 5432))}
        for row in zip(*(columns[name] for name in _NAMES), strict=True)
    ]


def server_of(connection: Connection) -> Server:
    """Say which server a connection leads to."""
    return connection.info.host, connection.info.port


def cut(connection: Connection) -> None:
    """Break a connection under whoever waits for it, who hears of it at once."""
    if not connection.closed:
        with suppress(OSError), socket.socket(fileno=os.dup(connection.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RDWR)


async def hear_notices(wire: pq.abc.PGconn, heard: Callable[[str, str], None]) -> None:
    """Hear notices until the connection is lost; psycopg's own way begins to wait anew for each of them."""
    loop, line = asyncio.get_running_loop(), wire.socket
    over: asyncio.Future[None] = loop.create_future()

    def end(error: psycopg.OperationalError | None) -> None:
        if over.done():
            return
        loop.remove_reader(line)  # at once: libpq has closed it, and the next connection may have its number
        if error is None:
            over.cancel()
        else:
            over.set_exception(error)

    def read() -> None:
        try:
            wire.consume_input()
            while notice := wire.notifies():
                heard(notice.relname.decode(), notice.extra.decode())
        except psycopg.OperationalError as error:
            end(error)

    loop.add_reader(line, read)
    try:
        read()
        await asyncio.shield(over)
    finally:
        end(None)
