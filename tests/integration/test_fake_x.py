"""The fake X behaves as X's documentation says, and goes wrong as it is told."""

from __future__ import annotations

import asyncio
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


@dataclass
class Hands:
    """A clock that a test moves."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Hook:
    """A business's webhook: answers the check, keeps what is posted, checks nothing."""

    url: str = ""
    secret: str = "x-consumer-secret"
    status: int = 200
    heard: list[dict[str, Any]] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)

    async def check(self, request: web.Request) -> web.Response:
        return web.json_response({"response_token": signature(self.secret, request.query["crc_token"].encode())})

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.signed.append(request.headers["x-twitter-webhooks-signature"] == signature("x-consumer-secret", body))
        if self.status == 200:
            self.heard.append(msgspec.json.decode(body))
        return web.Response(status=self.status)

    def kinds(self) -> list[str]:
        return [each["data"]["event_type"] for each in self.heard]

    def texts(self) -> list[str]:
        return [
            event["message_create"]["message_data"]["text"]
            for each in self.heard
            for event in each["data"]["payload"]["direct_message_events"]
        ]


@dataclass
class Scene:
    x: FakeX
    hook: Hook
    http: httpx.AsyncClient
    clock: Hands

    @property
    def user(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.x.brand.grant().access_token}"}

    @property
    def app(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.x.app.bearer_token}"}

    async def sends(self, text: str, to: str = "2222") -> httpx.Response:
        return await self.http.post(f"/2/dm_conversations/with/{to}/messages", json={"text": text}, headers=self.user)


@asynccontextmanager
async def scene(*, workers: int = 1) -> AsyncIterator[Scene]:
    """Run a fake X beside a webhook."""
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
            yield Scene(x, hook, http, clock)
    finally:
        await runner.cleanup()


def test_the_check_and_the_signature_are_those_of_x() -> None:
    """Both vectors were computed by hand from X's documentation."""
    body = b'{"data":{"event_uuid":"1","event_type":"dm.received"}}'
    secret = "x-consumer-secret"
    assert signature(secret, b"crc-token-123") == "sha256=YUsT0aLbF0VtFGcLCND1EU/aQP0sjPL19cPulVY7Wes="
    assert signature(secret, body) == "sha256=GE1GaU4B3jfITE7WreH8pMs5dLV8Q13fZYNDKR7Nyno="


def test_a_message_reaches_the_webhook_and_its_answer_the_customer() -> None:
    """A round trip: written, delivered and signed, answered, echoed."""

    async def play() -> None:
        async with scene() as here:
            here.x.subscribe(here.hook.url)
            ann = here.x.customer("2222")
            await ann.writes("my flight was cancelled")
            answer = await here.sends("We are sorry")
            assert await ann.until(1) == ["We are sorry"]
            await here.x.deliveries.settled()

            assert answer.status_code == 201
            assert answer.json()["data"]["dm_conversation_id"] == "1111-2222"
            assert here.hook.kinds() == ["dm.received", "dm.sent"]
            assert here.hook.texts() == ["my flight was cancelled", "We are sorry"]
            assert here.hook.signed == [True, True]

    asyncio.run(play())
