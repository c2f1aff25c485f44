"""A client that costs little: HTTP/1.1 with keep-alive, one request at a time on each connection, written by hand.

A full client library would take more processor time for a request than the bot that is measured.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, cast

HEAD_END = b"\r\n\r\n"
REST_PATH = "/webhooks/rest/webhook"


class ConnectionGone(OSError):
    """The connection ended before an answer was whole."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer, and how long it took from the first byte sent to the last byte read."""

    status: int
    body: bytes
    seconds: float

    def texts(self) -> list[str]:
        """The texts of a REST channel's answer; pictures and the like are left out."""
        return [message["text"] for message in json.loads(self.body) if message.get("text")]


class HttpConnection:
    """A connection that is opened when it is needed, and anew once it has failed."""

    def __init__(self, port: int, host: str = "127.0.0.1", token: str | None = None) -> None:
        self._port, self._host = port, host
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        self._head = f"Host: {host}:{port}\r\nContent-Type: application/json\r\n{authorization}"
        self._wire: _Wire | None = None

    async def say(self, message: Mapping[str, Any]) -> HttpAnswer:
        """Post a message to the REST channel."""
        return await self.ask("POST", REST_PATH, json.dumps(message).encode())

    async def ask(self, method: str, path: str, body: bytes = b"", more: str = "") -> HttpAnswer:
        """Send a request and give its answer; ``more`` is headers, each with its line's end.

        Raises OSError when the connection fails.
        """
        if self._wire is None or self._wire.is_gone:
            _, self._wire = await asyncio.get_running_loop().create_connection(_Wire, self._host, self._port)
        head = f"{method} {path} HTTP/1.1\r\n{self._head}{more}"
        try:
            return await self._wire.exchange(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        except BaseException:
            self.close()  # an answer that nobody waits for any more must not be taken for the next one's
            raise

    def close(self) -> None:
        """End the connection."""
        if self._wire is not None:
            self._wire.abort()
            self._wire = None


class _Wire(asyncio.Protocol):
    """One TCP connection."""

    is_gone = False

    def __init__(self) -> None:
        self._received = bytearray()
        self._body_at = 0
        self._length = 0
        self._began = 0.0
        self._answer: asyncio.Future[HttpAnswer] | None = None

    async def exchange(self, request: bytes) -> HttpAnswer:
        if self.is_gone:  # the other side may have died between accepting the connection and now
            raise ConnectionGone("The connection ended before the request.")
        self._received.clear()
        self._body_at = 0
        self._answer = asyncio.get_running_loop().create_future()
        self._began = perf_counter()
        self._transport.write(request)
        return await self._answer

    def abort(self) -> None:
        self.is_gone = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_gone = True
        self._fail("The connection ended before the answer.")

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._body_at:
            self._read_head()
        if self._body_at and len(self._received) >= self._body_at + self._length:
            self._finish()

    def _read_head(self) -> None:
        end = self._received.find(HEAD_END)
        if end < 0:
            return
        lengths = [line[15:] for line in self._received[:end].lower().split(b"\r\n") if line[:15] == b"content-length:"]
        if len(lengths) == 1:
            self._body_at, self._length = end + len(HEAD_END), int(lengths[0])
        else:
            self._fail("The answer does not tell its length.")

    def _finish(self) -> None:
        if self._answer is not None and not self._answer.done():
            status, body = int(self._received[9:12]), bytes(self._received[self._body_at :])
            self._answer.set_result(HttpAnswer(status, body, perf_counter() - self._began))

    def _fail(self, sentence: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionGone(sentence))
