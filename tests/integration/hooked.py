"""Another system that is told what happens: a server on this machine that answers, is silent or breaks as it is bid."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(kw_only=True)
class Other:
    """What was heard, and how the next calls are answered."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    """For each of the next calls a status line's end, ``silent`` or ``reset``; after them everything is taken."""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _calls: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?a=b"

    @property
    def events(self) -> list[str]:
        """What was told, in order."""
        return [msgspec.json.decode(body)["event"] for _, body in self.heard]

    def bodies(self) -> list[dict[str, Any]]:
        """Give what was told."""
        return [msgspec.json.decode(body) for _, body in self.heard]

    def proves(self, secret: str, number: int = -1) -> bool:
        """Check a signature as the documentation says."""
        headers, body = self.heard[number]
        parts = [part.split("=", 1) for part in headers["relevo-signature"].split(",")]
        at = next(value for name, value in parts if name == "t")
        expected = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
        return any(name == "v1" and hmac.compare_digest(expected, value) for name, value in parts)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one call."""
        task = asyncio.current_task()
        assert task is not None
        self._calls.add(task)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._answer(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self._calls.discard(task)

    async def end(self) -> None:
        """Let those go who are kept waiting."""
        self._closing.set()
        await asyncio.gather(*self._calls)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        answer = self.answers.pop(0) if self.answers else "200 OK"
        if answer == "silent":
            await self._closing.wait()
        elif answer != "reset":
            self.heard.append(({"request": head[0], **headers}, body))
            said = b"thanks, oliver@example.com"
            extra = "Location: http://127.0.0.1:1/elsewhere\r\n" if answer.startswith("3") else ""
            writer.write(f"HTTP/1.1 {answer}\r\n{extra}Content-Length: {len(said)}\r\n\r\n".encode() + said)
            await writer.drain()


@asynccontextmanager
async def other_system() -> AsyncIterator[Other]:
    """Run one."""
    other = Other()
    server = await asyncio.start_server(other.serve, "127.0.0.1", 0)
    other.port = server.sockets[0].getsockname()[1]
    try:
        yield other
    finally:
        await other.end()
        server.close()
        await server.wait_closed()
