"""Real doors for tests: a Sanic server on a free port, a real database behind it, and a bot that speaks by a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import yaml

from relevo.bootstrap.store import OpenStore, open_store
from relevo.configuration import BotFile
from relevo.domain.conversations import Control, Conversation
from relevo.domain.messages import Entry
from relevo.domain.service import Service
from relevo.flow.approvals import Decider
from relevo.flow.converse import Converser
from relevo.flow.desk_settings import CurrentService
from relevo.flow.turn import TurnServices
from relevo.flow.work import Worker
from relevo.testing.ledger import Ledger, Permissive
from relevo.testing.scripted import Script, ScriptedBrain, echo
from relevo.web.app import WebServices, create_app
from relevo.web.server import serving
from relevo.web.settings import WebSettings

REST = "/webhooks/rest/webhook"
KEY = bytes(range(32))
AT_ONCE = Service(undo_seconds=0)
"""What agents send goes out at once, so that no test has to wait."""
FILE = BotFile(service=AT_ONCE, desk=yaml.compose("undo_seconds: 0", Loader=yaml.SafeLoader))
"""What relevo.yml says."""


@dataclass(kw_only=True)
class Doors:
    """A running server and what is behind it."""

    url: str
    port: int
    http: httpx.AsyncClient
    opened: OpenStore
    brain: ScriptedBrain
    business: Ledger = field(default_factory=Ledger)
    policies: Permissive = field(default_factory=Permissive)
    app: Any = None

    async def post(self, sender: str, message: str, **rest: Any) -> httpx.Response:
        """Post a message at the REST door."""
        return await self.http.post(REST, json={"sender": sender, "message": message, **rest})

    async def texts(self, sender: str, message: str, **rest: Any) -> list[str]:
        """Post a message at the REST door and give the texts of the answer."""
        response = await self.post(sender, message, **rest)
        assert response.status_code == 200, response.text
        return [heard["text"] for heard in response.json()]

    async def conversation(self, channel: str, address: str) -> Conversation:
        """Give the conversation with an address."""
        found = await self.opened.store.conversations.find(channel, address)
        assert found is not None
        return found

    async def timeline(self, channel: str, address: str) -> list[Entry]:
        """Give everything on the timeline of an address."""
        conversation = await self.conversation(channel, address)
        return await self.opened.store.conversations.entries(conversation.id, 0)

    async def until(self, question: str) -> None:
        """Wait until the database answers a question with yes."""
        for _ in range(250):
            if (await self.opened.database.rows(question))[0][0]:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(question)

    async def pass_control(self, channel: str, address: str, to: Control) -> Conversation:
        """Change who answers an address."""
        conversation = await self.conversation(channel, address)
        await self.opened.store.conversations.pass_control(conversation.id, conversation.control_version, to)
        return conversation


@asynccontextmanager
async def open_doors(
    dsn: str,
    script: Script = echo,
    *,
    settings: WebSettings | None = None,
    readiness: Mapping[str, bool | str] | None = None,
    is_demo: bool = False,
    has_bot: bool = True,
    **services: Any,
) -> AsyncIterator[Doors]:
    """Serve the doors over a migrated database; without a bot nothing is answered until ``bot_of`` brings one."""

    async def ready() -> Mapping[str, bool | str]:
        return readiness or {"database": True, "bot": True}

    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_store(dsn, size=6, name="relevo tests", attachment_key=KEY))
        business = Ledger()
        app = create_app(
            WebServices(
                store=opened.store,
                live=opened.live,
                readiness=ready,
                settings=settings or WebSettings(),
                company_name="Aurora",
                is_demo=is_demo,
                service=AT_ONCE,
                current=CurrentService(bot=FILE, store=opened.store.desk_settings, live=opened.live),
                decider=_decider(opened, business),
                **services,
            )
        )
        port = await stack.enter_async_context(serving(app, port=0))
        url = f"http://127.0.0.1:{port}"
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20))
        doors = Doors(
            url=url, port=port, http=http, opened=opened, brain=ScriptedBrain(script), business=business, app=app
        )
        if has_bot:
            await stack.enter_async_context(bot_of(doors))
        yield doors


@asynccontextmanager
async def bot_of(doors: Doors) -> AsyncIterator[None]:
    """Run a bot that answers by the doors' script."""
    store, live, stop = doors.opened.store, doors.opened.live, asyncio.Event()
    services = TurnServices(
        business=doors.business, effects=store.effects, policies=doors.policies, handoffs=store.handoffs,
        service=doors.app.ctx.services.service,
    )  # fmt: skip
    converser = Converser(
        inbox=store.inbox, brain=doors.brain, live=live, services=services, default_language="en",
        reaches=doors.app.ctx.services.reaches,
    )  # fmt: skip
    working = asyncio.create_task(Worker(inbox=store.inbox, live=live, verb=converser.converse).run(stop))
    try:
        yield
    finally:
        stop.set()
        live.wake_bots()
        await working


def _decider(opened: OpenStore, business: Ledger) -> Decider:
    store = opened.store
    return Decider(
        approvals=store.approvals,
        effects=store.effects,
        business=business,
        policies=Permissive(),
        conversations=store.conversations,
        live=opened.live,
        default_language="en",
    )


async def raw_exchange(port: int, request: bytes) -> bytes:
    """Send bytes as they are and give what comes back until the server closes or falls silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(65_536), 5)
    finally:
        writer.close()
