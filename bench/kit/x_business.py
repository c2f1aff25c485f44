"""A business that answers on a fake X: `relevo web` in a process that can be killed, a bot that speaks by a script."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from bench.kit.driven_clock import FILE, DrivenClock
from bench.kit.programs import PROJECT, BenchError, Program, free_port
from bench.kit.raw_http import HttpConnection
from relevo.bootstrap.store import OpenStore, open_store
from relevo.bootstrap.x_api import asking_x
from relevo.bootstrap.x_chat import registrar_of
from relevo.contracts.brain import Question
from relevo.contracts.reaching import REACHES, Reach
from relevo.contracts.x import X
from relevo.flow.converse import Converser
from relevo.flow.turn import TurnServices
from relevo.flow.work import Worker
from relevo.testing.ledger import Ledger, Permissive
from relevo.testing.scripted import ScriptedBrain
from relevo.testing.x.account import account_on
from relevo.testing.x.local_bot import copy_bot
from relevo.testing.x.world import FakeX

KEY = bytes(range(32))
START_SECONDS = 60.0
ANSWER = "Answer to "


@dataclass(kw_only=True)
class XBusiness:
    """The business: its web process, its bot and its database."""

    x: FakeX
    clock: DrivenClock
    opened: OpenStore
    web: Program
    port: int
    kills: int = 0
    is_restarting: bool = False
    orphans: list[Any] = field(default_factory=list)
    """Tokens that a killed process held: nobody ends what they were taken for, until their time is over."""

    async def begin(self) -> None:
        """Start the web process, and wait until it listens."""
        self.web.start()
        deadline = monotonic() + START_SECONDS
        while not await self._listens():
            if not self.web.is_running:
                raise self.web.died()
            if monotonic() > deadline:
                raise BenchError(f"The web process did not listen within {START_SECONDS:.0f} s; see {self.web.log}.")
            await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Kill it with signal 9, start it again, and have X tell again what it could not tell meanwhile."""
        self.is_restarting = True
        os.kill(self.web.pid, signal.SIGKILL)
        self.web.wait()
        self.kills += 1
        self.orphans += [row[0] for row in await self.opened.database.rows(_HELD)]
        await self.begin()
        await self.x.deliveries.retry()
        self.is_restarting = False

    async def _listens(self) -> bool:
        connection = HttpConnection(self.port)
        try:
            return (await connection.ask("GET", "/health")).status == 200
        except OSError:
            return False
        finally:
            connection.close()


_HELD = """
SELECT token FROM platform_events WHERE state = 'held' UNION ALL SELECT token FROM deliveries WHERE state = 'sending'
"""


@asynccontextmanager
async def business_on(x: FakeX, clock: DrivenClock, dsn: str, folder: Path) -> AsyncIterator[XBusiness]:
    """Run it on a migrated database, with keys for encrypted chat and a webhook that is subscribed to everything."""
    token, secret = x.brand.signer()
    async with open_store(dsn, size=6, name="bench", attachment_key=KEY) as opened:
        async with asking_x(opened, account_on(x), KEY) as asking:
            await registrar_of(opened, asking.api, KEY).register()
        port = free_port()
        web = Program(
            name="relevo web",
            command=[sys.executable, "-m", "bench.kit.driven_web"],
            folder=PROJECT,
            log=folder / "relevo-web.log",
            environment={
                **x.environment,
                "X_ACCESS_TOKEN": token,
                "X_ACCESS_SECRET": secret,
                "DATABASE_URL": dsn,
                "RELEVO_ATTACHMENT_KEY": base64.b64encode(KEY).decode(),
                "RELEVO_PORT": str(port),
                "RELEVO_PROJECT": str(_project(folder, x)),
                "RELEVO_STATE": str(folder / "state"),
                FILE: str(clock.file),
            },
        )
        business = XBusiness(x=x, clock=clock, opened=opened, web=web, port=port)
        async with _bot(opened):
            try:
                await business.begin()
                x.subscribe(f"http://127.0.0.1:{port}/webhooks/x")
                yield business
            finally:
                web.stop()


def _project(folder: Path, x: FakeX) -> Path:
    project = folder / "bot"
    copy_bot(PROJECT, project, x.brand.username)
    return project


@asynccontextmanager
async def _bot(opened: OpenStore) -> AsyncIterator[None]:
    """Run a bot that answers each message by naming it."""
    store, live, stop = opened.store, opened.live, asyncio.Event()
    services = TurnServices(business=Ledger(), effects=store.effects, policies=Permissive(), handoffs=store.handoffs)
    converser = Converser(
        inbox=store.inbox,
        brain=ScriptedBrain(_answer),
        live=live,
        services=services,
        default_language="en",
        reaches={**REACHES, X: Reach(joins_turns=True)},
    )
    working = asyncio.create_task(Worker(inbox=store.inbox, live=live, verb=converser.converse).run(stop))
    try:
        yield
    finally:
        stop.set()
        live.wake_bots()
        await working


def _answer(question: Question) -> tuple[str, str]:
    """Speak in two bubbles, which leave as one message."""
    return f"{ANSWER}{question.text}", "Anything else?"
