"""A business beside a fake X: its webhook, its clients, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import msgspec
from aiohttp import web

from relevo.testing.x.server import fake_x
from relevo.testing.x.signing import signature
from relevo.testing.x.world import FakeX

BEGIN = datetime(2026, 11, 26, 12, 0, tzinfo=timezone.utc)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@dataclass
class Hands:
    """A clock that stands still until a test moves it."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Hook:
    """A business's webhook: answers the check and keeps what is posted, in order."""

    url: str = ""
    secret: str = "x-consumer-secret"
    status: int = 200
    heard: list[dict[str, Any]] = field(default_factory=list)
    is_signed: list[bool] = field(default_factory=list)

    async def check(self, request: web.Request) -> web.Response:
        return web.json_response({"response_token": signature(self.secret, request.query["crc_token"].encode())})

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.is_signed.append(request.headers["x-twitter-webhooks-signature"] == signature(self.secret, body))
        if self.status == 200:
            self.heard.append(msgspec.json.decode(body))
        return web.Response(status=self.status)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [each["data"] for each in self.heard]

    @property
    def kinds(self) -> list[str]:
        return [each["event_type"] for each in self.events]

    def texts(self) -> list[str]:
        """Give what direct messages said."""
        return [
            one["message_create"]["message_data"]["text"]
            for each in self.events
            for one in each["payload"]["direct_message_events"]
        ]


@dataclass
class Business:
    """The fake X and everything that a business has around it."""

    x: FakeX
    hook: Hook
    http: httpx.AsyncClient
    clock: Hands

    def __post_init__(self) -> None:
        self.user = {"Authorization": f"Bearer {self.x.brand.grant().access_token}"}
        self.app = {"Authorization": f"Bearer {self.x.app.bearer_token}"}

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.http.get(path, params=params, headers=self.user)

    async def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.user)

    async def sends(self, text: str, to: str = "2222") -> httpx.Response:
        return await self.post(f"/2/dm_conversations/with/{to}/messages", {"text": text})


@asynccontextmanager
async def business(*, is_subscribed: bool = True, workers: int = 1) -> AsyncIterator[Business]:
    """Run a fake X with one customer, Ann, and a webhook that hears everything."""
    clock, hook = Hands(), Hook()
    app = web.Application()
    app.router.add_get("/webhooks/x", hook.check)
    app.router.add_post("/webhooks/x", hook.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/x"
    try:
        async with fake_x(clock=clock, workers=workers) as x, httpx.AsyncClient(base_url=x.url) as http:
            x.customer("2222", username="ann")
            if is_subscribed:
                x.subscribe(hook.url)
            yield Business(x, hook, http, clock)
    finally:
        await runner.cleanup()
