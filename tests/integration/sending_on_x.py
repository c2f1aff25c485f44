"""What sends to the fake X, over real PostgreSQL and by a clock that the test drives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from relevo.bootstrap.store import OpenStore, open_store
from relevo.channels.x.api import XApi, x_client
from relevo.channels.x.channel import XChannel, XShared
from relevo.configuration.x import XAccount
from relevo.contracts.clock import system_clock
from relevo.contracts.store import TurnOutcome
from relevo.contracts.x import UserTokens
from relevo.domain.messages import Content
from relevo.flow.channel_log import Recorder
from relevo.flow.deliver import Deliverer
from relevo.flow.texts import say
from relevo.flow.unreachable import Unreachable
from relevo.settings import Secret
from relevo.store.x import PostgresXPeers, PostgresXTokens
from relevo.store.x_limits import PostgresXLimits
from relevo.store.x_sending import PostgresXEchoes, PostgresXParts
from relevo.testing.x.customer import Customer
from relevo.testing.x.server import fake_x
from relevo.testing.x.world import FakeX
from tests.integration.doors import KEY
from tests.integration.hands import claimed, written

_numbers = count(1)


@dataclass
class Time:
    """A clock that goes when it is told to."""

    now: datetime = field(default_factory=system_clock)

    def __call__(self) -> datetime:
        return self.now


@dataclass(kw_only=True)
class Host:
    """One machine that sends."""

    opened: OpenStore
    api: XApi
    channel: XChannel
    deliverer: Deliverer
    recorder: Recorder
    tokens: PostgresXTokens
    limits: PostgresXLimits


@dataclass(kw_only=True)
class Sending:
    """A business that answers on X."""

    x: FakeX
    time: Time
    hosts: list[Host]
    ann: Customer

    @property
    def host(self) -> Host:
        """The first machine."""
        return self.hosts[0]

    @property
    def opened(self) -> OpenStore:
        """Its database."""
        return self.host.opened

    @property
    def echoes(self) -> PostgresXEchoes:
        """Who tells own messages apart."""
        return PostgresXEchoes(self.opened.database)

    async def answer(self, *messages: str | Content, to: str = "2222", language: str | None = "en") -> UUID:
        """Let the bot answer somebody in one turn."""
        arrival = written(by=to, channel="x", number=next(_numbers))
        claim = await claimed(self.opened.store.inbox, arrival)
        contents = tuple(Content(text=each) if isinstance(each, str) else each for each in messages)
        await self.opened.store.inbox.settle(claim, TurnOutcome(messages=contents, language=language))
        return claim.conversation.id

    async def send(self, *, steps: int = 50) -> None:
        """Send what may be sent now."""
        for _ in range(steps):
            if not sum(await asyncio.gather(*(host.deliverer.step() for host in self.hosts))):
                return

    async def later(self, seconds: float) -> None:
        """Let time pass, for X, for us and for the database."""
        self.time.now += timedelta(seconds=seconds)
        database = self.opened.database
        await database.run(
            "UPDATE deliveries SET due_at = now() - interval '1 second' WHERE due_at <= %s", (self.time.now,)
        )
        await database.run("UPDATE deliveries SET lease_until = lease_until - make_interval(secs => %s)", (seconds,))

    async def states(self) -> list[tuple[Any, ...]]:
        """Give state and reason of every delivery, oldest first."""
        return await self.opened.database.rows("SELECT state, reason FROM deliveries ORDER BY id")

    async def log(self) -> list[tuple[str, str]]:
        """Give kind and result of what was noted."""
        for host in self.hosts:
            await host.recorder.flush()
        found = await self.opened.store.exchanges.read("x", None, 200)
        return [(each.kind, each.result) for each in reversed(found)]


@asynccontextmanager
async def sending(dsn: str, *, hosts: int = 1, account: XAccount | None = None) -> AsyncIterator[Sending]:
    """Run a fake X and what sends to it, logged in by OAuth 2.0 unless an account says otherwise."""
    time = Time()
    async with fake_x(clock=time) as x, AsyncExitStack() as stack:
        grant = x.brand.grant()
        made = [await _host(stack, dsn, account or account_on(x), time) for _ in range(hosts)]
        if account is None:
            tokens = UserTokens(
                access=Secret(grant.access_token),
                refresh=Secret(grant.refresh_token),
                expires_at=grant.expires_at,
                scopes=tuple(grant.scopes),
            )
            await made[0].tokens.keep(x.brand.id, tokens)
        yield Sending(x=x, time=time, hosts=made, ann=x.customer("2222", username="ann"))


def account_on(x: FakeX, signer: Sequence[str] = ()) -> XAccount:
    """Give the account of the brand; with a signer by OAuth 1.0a alone."""
    return XAccount(
        account_id=x.brand.id,
        consumer_key=x.app.consumer_key,
        consumer_secret=Secret(x.app.consumer_secret),
        bearer_token=Secret(x.app.bearer_token),
        client_id=None if signer else x.app.client_id,
        client_secret=None if signer else Secret(x.app.client_secret),
        access_token=signer[0] if signer else None,
        access_secret=Secret(signer[1]) if signer else None,
        api_base=x.url,
    )


async def _host(stack: AsyncExitStack, dsn: str, account: XAccount, time: Time) -> Host:
    opened = await stack.enter_async_context(open_store(dsn, size=4, attachment_key=KEY))
    client = await stack.enter_async_context(x_client())
    database, recorder = opened.database, Recorder(exchanges=opened.store.exchanges)
    limits, tokens = PostgresXLimits(database, time), PostgresXTokens(database, KEY)
    api = XApi(account, client, tokens, limits=limits, log=recorder, clock=time)
    shared = XShared(
        peers=PostgresXPeers(database),
        limits=limits,
        parts=PostgresXParts(database),
        attachments=opened.store.attachments,
    )
    channel = XChannel(api, shared, say, clock=time)
    people = Unreachable(store=opened.store, live=opened.live, channels=("x",), clock=time)
    deliverer = Deliverer(
        outbox=opened.store.outbox,
        channels={"x": channel},
        live=opened.live,
        clock=time,
        log=recorder,
        ended_badly=people.answered_in_vain,
    )
    return Host(
        opened=opened,
        api=api,
        channel=channel,
        deliverer=deliverer,
        recorder=recorder,
        tokens=tokens,
        limits=limits,
    )
