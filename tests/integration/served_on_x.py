"""A business on the fake X with everything running: doors, what reads, a bot that speaks by a script, what sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from relevo.bootstrap.x import OnX, on_x
from relevo.bootstrap.x_chat import registrar_of
from relevo.configuration import Configuration, read_configuration
from relevo.configuration.channels import ChannelSection
from relevo.configuration.x import XAccount
from relevo.contracts.channel_log import Unlogged
from relevo.flow.deliver import Deliverer
from relevo.testing.scripted import Script
from relevo.testing.x.account import account_on
from relevo.testing.x.customer import Customer
from relevo.testing.x.server import fake_x
from relevo.testing.x.world import FakeX
from tests.integration.doors import KEY, Doors, open_doors

ROOT = Path(__file__).parents[2]


@dataclass(kw_only=True)
class Served:
    """A business on X, and Ann."""

    x: FakeX
    doors: Doors
    on_x: OnX
    ann: Customer

    async def said(self) -> list[tuple[str, str | None]]:
        """Give what the timeline of Ann holds."""
        entries = await self.doors.timeline("x", self.ann.id)
        return [(each.author.value, each.content.text) for each in entries if each.kind == "message"]

    async def heard(self, count: int) -> list[str]:
        """Wait until Ann has got so many messages, and give their texts."""
        await self.x.until(lambda: len(self.ann.received) >= count)
        return [message.text for message in self.ann.received]


def configuration(account: XAccount) -> Configuration:
    """Give the reference bot's, with an account on X."""
    read = read_configuration(ROOT, {})
    return replace(read, channels={**read.channels, "x": ChannelSection(name="x", x=account)})


@asynccontextmanager
async def served_on_x(dsn: str, script: Script, transport: str = "dm", *, tells: bool = True) -> AsyncIterator[Served]:
    """Run it all; Ann writes by a transport, and ``tells`` says whether X can reach the door."""
    async with AsyncExitStack() as stack:
        x = await stack.enter_async_context(fake_x())
        account = account_on(x)
        doors = await stack.enter_async_context(open_doors(dsn, script, x=account))
        url = doors.url if tells else None
        business = await stack.enter_async_context(on_x(doors.opened, configuration(account), Unlogged(), KEY, url))
        assert business is not None
        if transport == "chat":
            await registrar_of(doors.opened, business.api, KEY).register()
        if tells:
            x.subscribe(f"{doors.url}/webhooks/x")
        deliverer = Deliverer(outbox=doors.opened.store.outbox, channels=business.channels, live=doors.opened.live)
        stop = asyncio.Event()
        running = [asyncio.create_task(part(stop)) for part in (*business.parts, deliverer.run)]
        try:
            ann = x.customer("2222", username="ann", transport=transport)
            yield Served(x=x, doors=doors, on_x=business, ann=ann)
        finally:
            stop.set()
            doors.opened.live.wake_intakes()
            doors.opened.live.wake_senders()
            await asyncio.gather(*running)
