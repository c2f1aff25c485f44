"""Visitors with the chat open: they write at one door, hear at another, and begin again elsewhere when that one fails.

A page knows the position up to which it has heard and nothing else; what it heard must be the whole timeline, in order.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any

import httpx
import psycopg

from bench.kit.ledger import Findings

API = "/widget/api/v1"
_SILENCE_SECONDS = 20.0
"""A stream says something every 15 s; one that does not is opened again."""
_PATIENCE_SECONDS = 12.0
CATCH_UP_SECONDS = 90.0
_TEXTS = ("hola", "¿eres un robot?", "gracias", "hello", "are you a bot?", "thank you")
_TIMELINE = """
SELECT e.position, e.author, e.content ->> 'text', e.external_id FROM visits v
JOIN identities i ON i.workspace_id = 1 AND i.channel = 'widget' AND i.address = v.address
JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = i.id
JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = c.id AND e.kind = 'message'
WHERE v.token_hash = sha256(%s::bytea) ORDER BY e.position
"""


@dataclass(kw_only=True)
class Page:
    """One visitor."""

    door: Callable[[Random], str]
    """Gives the address of one of the web hosts."""
    chance: Random
    token: str = ""
    heard: list[tuple[int, str]] = field(default_factory=list)
    """Positions and texts, as they came."""
    written: list[str] = field(default_factory=list)
    streams: int = 0
    """How often it began to listen."""
    _listening: asyncio.Task[None] | None = None

    async def live(self, seconds: float) -> None:
        """Write now and then for so long; listen from the beginning on, until it is closed."""
        async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS) as client:
            self.token = (await self._insist(client, "session", {}))["token"]
            self._listening = asyncio.create_task(self._listen())
            end = monotonic() + seconds
            while monotonic() < end:
                text = self.chance.choice(_TEXTS)
                self.written.append(text)
                await self._insist(client, "messages", {"cid": f"c{len(self.written)}", "text": text})
                await asyncio.sleep(self.chance.uniform(1.0, 3.0) * seconds / 30)

    async def close(self) -> None:
        """Listen no more."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])

    @property
    def position(self) -> int:
        """Up to where it has heard."""
        return self.heard[-1][0] if self.heard else 0

    async def _insist(self, client: httpx.AsyncClient, call: str, body: Mapping[str, str]) -> dict[str, Any]:
        while True:
            with suppress(httpx.TransportError):
                headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
                answer = await client.post(f"{self.door(self.chance)}{API}/{call}", json=body, headers=headers)
                if answer.is_success:
                    found: dict[str, Any] = answer.json()
                    return found
            await asyncio.sleep(0.3)

    async def _listen(self) -> None:
        timeout = httpx.Timeout(3.0, read=_SILENCE_SECONDS)
        async with httpx.AsyncClient(timeout=timeout) as client:
            while True:
                with suppress(httpx.TransportError):
                    await self._stream(client)
                await asyncio.sleep(0.3)

    async def _stream(self, client: httpx.AsyncClient) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Last-Event-ID": str(self.position)}
        async with client.stream("GET", f"{self.door(self.chance)}{API}/events", headers=headers) as stream:
            self.streams += 1
            await self._hear(stream)

    async def _hear(self, stream: httpx.Response) -> None:
        kind = ""
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data" and kind == "message":
                message = json.loads(value)
                self.heard.append((message["position"], message.get("text", "")))


@dataclass(kw_only=True)
class Pages:
    """Some visitors, and what came of them."""

    pages: Sequence[Page]
    dsn: str

    async def live(self, seconds: float) -> None:
        """Have all of them live."""
        await asyncio.gather(*(page.live(seconds) for page in self.pages))

    async def heard_all(self, findings: Findings) -> None:
        """Wait until all have heard what there is, close them, and add what is wrong with what they heard."""
        await self._caught_up()
        await asyncio.gather(*(page.close() for page in self.pages))
        await asyncio.to_thread(self._count, findings)

    async def _caught_up(self) -> None:
        """Wait until all have heard as much as there is, or for so long."""
        deadline = monotonic() + CATCH_UP_SECONDS
        while monotonic() < deadline:
            timelines = await asyncio.to_thread(self._timelines)
            if all(kept and kept[-1][0] <= page.position for page, kept in zip(self.pages, timelines, strict=True)):
                return
            await asyncio.sleep(0.3)

    def _count(self, findings: Findings) -> None:
        for number, (page, kept) in enumerate(zip(self.pages, self._timelines(), strict=True)):
            where, heard = f"page {number}", [position for position, _ in page.heard]
            told = {position: text for position, _, text, _ in kept}
            findings.note("lost", f"{where} did not hear {set(told) - set(heard)}", len(set(told) - set(heard)))
            findings.note("doubled", f"{where} heard {heard}", len(heard) - len(set(heard)))
            findings.note("out_of_order", f"{where} heard {heard}", heard != sorted(heard))
            findings.note("other_answers", where, sum(told.get(at) != text for at, text in page.heard))
            said = [text for _, author, text, _ in kept if author == "contact"]
            findings.note("out_of_order", f"{where} wrote {page.written}, kept was {said}", said != page.written)

    def _timelines(self) -> list[list[tuple[int, str, str, str | None]]]:
        with psycopg.connect(self.dsn) as connection:
            return [connection.execute(_TIMELINE, (page.token.encode(),)).fetchall() for page in self.pages]
