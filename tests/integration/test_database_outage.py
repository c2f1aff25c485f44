"""A database that goes away during traffic and comes back: nothing acknowledged is lost, and everything goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.brain import Question
from relevo.errors import Unavailable
from relevo.flow.converse import Converser
from relevo.flow.deliver import Deliverer
from relevo.flow.receive import arrival, receive
from relevo.flow.turn import TurnServices
from relevo.flow.work import Worker
from relevo.store.migrate import migrate
from relevo.store.postgres import PostgresServer, destroy_postgres
from relevo.store.postgres_files import find_place, running_postmaster
from relevo.store.postgres_lock import Lock
from relevo.testing.ledger import Ledger, Permissive
from relevo.testing.loopback import Loopback
from relevo.testing.scripted import ScriptedBrain
from tests.integration.hands import eventually

pytestmark = pytest.mark.anyio

CONTACTS = 6
LEASE_SECONDS = 2.0
PATIENCE_SECONDS = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    """Give a database server of this test alone, which it may stop."""
    folder = tmp_path / "state"
    server = PostgresServer(folder)
    server.start()
    migrate(server.dsn)
    yield server
    server.stop()
    destroy_postgres(folder)


def stop_fast(server: PostgresServer) -> None:
    """End the server as a restart for maintenance does."""
    server.stop()


def stop_immediately(server: PostgresServer) -> None:
    """End the server as a crash does: nothing is put away, the next start recovers."""
    lock = Lock(server.state_folder)
    postmaster = running_postmaster(find_place(server.state_folder, lock.read_name() or "").data)
    lock.release()
    assert postmaster is not None
    os.kill(postmaster, signal.SIGQUIT)
    server.stop()


@dataclass
class Traffic:
    """Contacts who write through a platform that sends again until it hears yes."""

    opened: OpenStore
    acknowledged: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, address: str) -> None:
        """Send one contact's messages, each when the one before was acknowledged."""
        self.acknowledged[address] = 0
        while not self.enough.is_set():
            while not await self._was_taken(address, str(self.acknowledged[address])):
                await asyncio.sleep(0.02)
            self.acknowledged[address] += 1
            await asyncio.sleep(0.02)

    def total(self) -> int:
        return sum(self.acknowledged.values())

    async def _was_taken(self, address: str, text: str) -> bool:
        message = arrival(channel="push", address=address, message_id=text, text=text)
        try:
            await receive(self.opened.store.inbox, self.opened.live, message)
        except Unavailable:
            self.refused += 1
            return False
        return True


@dataclass
class Processes:
    """Two bots, a sender and a door, each with connections of its own, as in separate processes."""

    stack: AsyncExitStack
    dsn: str
    platform: Loopback = field(default_factory=lambda: Loopback("push", is_duplicate_safe=True))
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    running: list[asyncio.Task[None]] = field(default_factory=list)

    async def open(self, name: str) -> OpenStore:
        return await self.stack.enter_async_context(
            open_store(self.dsn, size=4, name=name, lease_seconds=LEASE_SECONDS)
        )

    async def start_bot(self, name: str) -> None:
        opened = await self.open(name)
        services = TurnServices(business=Ledger(), effects=opened.store.effects, policies=Permissive())
        brain = ScriptedBrain(_echo)
        converser = Converser(inbox=opened.store.inbox, brain=brain, live=opened.live, services=services)
        worker = Worker(
            inbox=opened.store.inbox, live=opened.live, verb=converser.converse, lease_seconds=LEASE_SECONDS
        )
        self.running.append(asyncio.create_task(worker.run(self.stop)))

    async def start_sender(self) -> None:
        opened = await self.open("sender")
        deliverer = Deliverer(
            outbox=opened.store.outbox, channels={self.platform.name: self.platform}, live=opened.live
        )
        self.running.append(asyncio.create_task(deliverer.run(self.stop)))

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(asyncio.gather(*self.running), PATIENCE_SECONDS)


def _echo(question: Question) -> str:
    return f"re {question.text}"


@pytest.fixture
async def processes(server: PostgresServer) -> AsyncIterator[Processes]:
    """Give processes that run against the server."""
    async with AsyncExitStack() as stack:
        processes = Processes(stack, server.dsn)
        await processes.start_bot("bot 1")
        await processes.start_bot("bot 2")
        await processes.start_sender()
        yield processes
        await processes.end()


@pytest.mark.parametrize("stop", [stop_fast, stop_immediately])
async def test_an_outage_during_traffic_loses_nothing_acknowledged(
    server: PostgresServer, processes: Processes, stop: Callable[[PostgresServer], None]
) -> None:
    """Receivers are told to send again meanwhile; bots, senders and wake-ups go on by themselves afterwards."""
    traffic = Traffic(await processes.open("web"))
    people = [f"person {number}" for number in range(CONTACTS)]
    writing = [asyncio.create_task(traffic.write(person)) for person in people]
    await eventually(lambda: len(processes.platform.shown) >= 2 * CONTACTS, PATIENCE_SECONDS)
    await asyncio.to_thread(stop, server)
    await eventually(lambda: traffic.refused >= CONTACTS, PATIENCE_SECONDS)
    before = traffic.total()
    await asyncio.to_thread(server.start)
    await eventually(lambda: traffic.total() >= before + 5 * CONTACTS, PATIENCE_SECONDS)
    traffic.enough.set()
    await asyncio.wait_for(asyncio.gather(*writing), PATIENCE_SECONDS)

    await eventually(lambda: len(processes.platform.shown) >= traffic.total(), PATIENCE_SECONDS)
    shown = {person: processes.platform.shown_to(person) for person in people}
    assert shown == {person: [f"re {n}" for n in range(count)] for person, count in traffic.acknowledged.items()}
    await _demand_whole_timelines(traffic)
    await _demand_wake_ups(traffic.opened)
    print(f"{traffic.total()} acknowledged, {traffic.refused} told to send again")


async def _demand_whole_timelines(traffic: Traffic) -> None:
    rows = traffic.opened.database.rows
    said = await rows(
        "SELECT i.address, array_agg(e.content ->> 'text' ORDER BY e.position) FROM entries e"
        " JOIN conversations c ON c.id = e.conversation_id JOIN identities i ON i.id = c.identity_id"
        " WHERE e.author = 'contact' GROUP BY i.address"
    )
    assert dict(said) == {person: [str(n) for n in range(count)] for person, count in traffic.acknowledged.items()}
    assert await rows("SELECT DISTINCT state FROM inbox") == [("settled",)]
    assert await rows("SELECT count(*) FROM entries WHERE author = 'bot'") == [(traffic.total(),)]


async def _demand_wake_ups(opened: OpenStore) -> None:
    with opened.live.senders() as news:
        for _ in range(PATIENCE_SECONDS):
            opened.live.wake_senders()
            if await news.wait(1.0):
                return
    pytest.fail("nobody hears wake-ups any more")
