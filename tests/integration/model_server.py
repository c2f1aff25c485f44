"""A model's endpoint for tests: it listens, keeps everything that it was sent, and fails on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Model = Callable[[dict[str, Any]], str]
"""Gives an answer's text to the data that it was sent."""


def echo(data: dict[str, Any]) -> str:
    """Give back everything that was sent: the worst that a model can do."""
    return json.dumps(data, ensure_ascii=False)


@dataclass(kw_only=True)
class ModelServer:
    """What it answers, and what it heard."""

    port: int = 0
    model: Model = echo
    status: int = 200
    body: bytes | None = None
    """Sent in place of an answer, as it is."""
    is_silent: bool = False
    heard: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def everything(self) -> str:
        """All that ever left for it."""
        return "\n".join(self.heads) + "\n".join(json.dumps(each, ensure_ascii=False) for each in self.heard)

    def data(self, number: int = -1) -> Any:
        """Give what a question was about."""
        return json.loads(self.heard[number]["messages"][1]["content"])

    def is_well(self, model: Model | None = None) -> None:
        """Answer as one should, from now on."""
        self.status, self.body, self.is_silent, self.model = 200, None, False, model or self.model

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's questions."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        sent = json.loads(await reader.readexactly(length))
        self.heads.append(head)
        self.heard.append(sent)
        if self.is_silent:
            await reader.read()  # until the other side has had enough
        body = self.body if self.body is not None else self._said(sent)
        writer.write(
            f"HTTP/1.1 {self.status} …\r\nContent-Length: {len(body)}\r\n\r\n".encode("latin-1", "replace") + body
        )
        await writer.drain()

    def _said(self, sent: dict[str, Any]) -> bytes:
        text = self.model(json.loads(sent["messages"][1]["content"]))
        return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """Listen on a free port."""
    model = ModelServer()
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    model.port = server.sockets[0].getsockname()[1]
    async with server:
        yield model
