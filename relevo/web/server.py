"""Listens: Sanic's own server, with the cases mended in which it would answer nothing or print a traceback.

``serving`` runs an app inside an event loop that somebody else owns, and ends it politely: no new connections, open
streams end at once (their readers come back with a cursor), callers who wait for a turn get a few seconds.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from sanic import Sanic
from sanic.compat import Header
from sanic.exceptions import InvalidUsage
from sanic.http import Http
from sanic.request import Request
from sanic.server import AsyncioServer, HttpProtocol

from relevo.errors import ConfigurationError


class ForgivingHttp(Http):
    """HTTP/1.1 on one connection; an unreadable address gets an answer instead of a traceback."""

    __slots__ = ()

    def create_empty_request(self) -> None:
        """Stand in for a request whose head could not be read; its address may be what was wrong with it."""
        self.url = None
        super().create_empty_request()


class RelevoProtocol(HttpProtocol):
    """One connection."""

    def _setup_connection(self) -> None:
        self._http = ForgivingHttp(self)  # type: ignore[no-untyped-call]
        self._time = monotonic()
        HttpProtocol.check_timeouts(self)


class StrictRequest(Request):
    """A request whose length is not in doubt; Sanic would wait for a negative one, and proxies may see another end."""

    def __init__(self, url_bytes: bytes, headers: Header, *rest: Any, **named: Any) -> None:
        super().__init__(url_bytes, headers, *rest, **named)
        lengths, encodings = headers.getall("content-length", []), headers.getall("transfer-encoding", [])
        if len(lengths) + len(encodings) > 1:
            raise InvalidUsage("")
        if any(not (length.isascii() and length.isdigit()) for length in lengths) or encodings not in ([], ["chunked"]):
            raise InvalidUsage("")


@asynccontextmanager
async def serving(app: Sanic, host: str = "127.0.0.1", port: int = 8080) -> AsyncIterator[int]:
    """Serve an app and give the port (0 asks for a free one); raises ConfigurationError when it cannot be had."""
    listener = _listen(host, port)
    try:
        server = await _start(app, listener)
    except BaseException:
        listener.close()
        raise
    try:
        yield listener.getsockname()[1]
    finally:
        await server.before_stop()
        await _stop(app, server)
        await server.after_stop()


async def _start(app: Sanic, listener: socket.socket) -> AsyncioServer:
    server = await app.create_server(
        sock=listener,
        protocol=RelevoProtocol,
        access_log=False,
        return_asyncio_server=True,
        asyncio_server_kwargs={"start_serving": False},  # not before the app's routes are ready
    )
    assert server is not None
    await server.startup()
    await server.before_start()
    await server.start_serving()
    await server.after_start()
    return server


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host} port {port}: {error.strerror or error}. "
            "End what uses it, or choose another with RELEVO_HOST and RELEVO_PORT."
        ) from error


async def _stop(app: Sanic, server: AsyncioServer) -> None:
    server.close()
    app.ctx.services.stopping.set()
    connections: set[Any] = server.connections
    for transport in list(app.ctx.streaming):
        transport.close()
    deadline = monotonic() + app.ctx.services.settings.shutdown_seconds
    while _busy(connections) and monotonic() < deadline:  # noqa: ASYNC110 (Sanic tells nobody when a connection ends)
        await asyncio.sleep(0.05)
    for connection in list(connections):
        connection.abort()
    await server.wait_closed()


def _busy(connections: Iterable[Any]) -> bool:
    return sum(not connection.close_if_idle() for connection in list(connections)) > 0
