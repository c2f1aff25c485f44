"""What keeps a bot process busy, and what looks after messages that no bot takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.store import Claim, TurnOutcome
from relevo.domain.conversations import Control
from relevo.domain.messages import Author
from relevo.errors import LeaseLost
from relevo.flow import work
from relevo.flow.sweep import Sweeper
from relevo.flow.work import Worker
from relevo.store.inbox import PostgresInbox
from relevo.store.live import EVERYTHING, of_bot
from tests.integration.hands import claimed, eventually, lines, spoken, timeline, written

pytestmark = pytest.mark.anyio

SHORT_LEASE_SECONDS = 0.6
SILENCE_SECONDS = 0.05


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """Give a store of this test alone, whose leases are short."""
    async with open_store(database, lease_seconds=SHORT_LEASE_SECONDS) as opened:
        yield opened


class Settling:
    """A verb that settles, or does what the text says."""

    def __init__(self, opened: OpenStore) -> None:
        self.opened = opened
        self.begun: list[str] = []
        self.settled: list[str] = []
        self.lost: list[str] = []
        self.story: list[str] = []
        self.go = asyncio.Event()

    async def __call__(self, claim: Claim) -> None:
        text = claim.arrival.text
        self.begun.append(text)
        self.story.append("begun")
        if text == "mistake":
            raise KeyError(text)
        if text.startswith("slow"):
            await self.go.wait()
        try:
            await self.opened.store.inbox.settle(claim, TurnOutcome(messages=lines(f"re {text}")))
        except LeaseLost:
            self.lost.append(text)
            self.story.append("lost")
        else:
            self.settled.append(text)
            self.story.append("settled")


def worker(opened: OpenStore, verb: Settling, *, at_once: int = 4) -> Worker:
    """Give a worker on short leases."""
    return Worker(
        inbox=opened.store.inbox, live=opened.live, verb=verb, lease_seconds=SHORT_LEASE_SECONDS, at_once=at_once
    )


async def test_a_worker_takes_what_waits_and_what_comes(opened: OpenStore) -> None:
    """Whatever was there before it began, and whatever arrives while it runs; told to stop, it ends."""
    inbox, verb, stop = opened.store.inbox, Settling(opened), asyncio.Event()
    await inbox.receive([written("before", by="amina"), written("before too", by="bilal")])
    running = asyncio.create_task(worker(opened, verb).run(stop))
    await eventually(lambda: len(verb.settled) == 2)
    await inbox.receive([written("after", number=2)])
    opened.live.wake_bots()
    await eventually(lambda: len(verb.settled) == 3)
    stop.set()
    opened.live.wake_bots()
    await asyncio.wait_for(running, 10)
    assert verb.settled[2] == "after"


async def test_a_worker_does_no_more_at_once_than_it_may(opened: OpenStore) -> None:
    """What it has no hand free for stays for others."""
    inbox, verb, stop = opened.store.inbox, Settling(opened), asyncio.Event()
    await inbox.receive([written(f"slow {n}", by=f"person {n}") for n in range(5)])
    running = asyncio.create_task(worker(opened, verb, at_once=2).run(stop))
    await eventually(lambda: len(verb.begun) == 2)
    assert len(await inbox.claim(10)) == 3
    stop.set()
    verb.go.set()
    await asyncio.wait_for(running, 10)
    assert len(verb.settled) == 2


async def test_a_long_turn_keeps_its_lease(opened: OpenStore) -> None:
    """The lease is renewed while the turn runs: nobody else takes the message."""
    inbox, verb, stop = opened.store.inbox, Settling(opened), asyncio.Event()
    await inbox.receive([written("slow")])
    running = asyncio.create_task(worker(opened, verb).run(stop))
    await eventually(lambda: verb.begun == ["slow"])
    for _ in range(8):
        await asyncio.sleep(SHORT_LEASE_SECONDS / 4)
        assert await inbox.claim(10) == []
    verb.go.set()
    await eventually(lambda: verb.settled == ["slow"])
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_a_turn_that_lost_its_lease_here_ends_before_it_is_begun_again(opened: OpenStore) -> None:
    """Where renewing failed, the same process may be the one that takes the message again: one after the other."""
    inbox, verb, stop = opened.store.inbox, Settling(opened), asyncio.Event()
    await inbox.receive([written("slow")])
    only = Worker(inbox=inbox, live=opened.live, verb=verb, lease_seconds=3600)  # which never renews in time
    running = asyncio.create_task(only.run(stop))
    await eventually(lambda: verb.begun == ["slow"])
    await eventually_attempted(opened, 2)
    verb.go.set()
    await eventually(lambda: verb.settled == ["slow"])
    assert verb.story == ["begun", "lost", "begun", "settled"]
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_what_was_begun_is_ended_when_a_worker_is_told_to_stop(opened: OpenStore) -> None:
    """It begins nothing new, finishes what it has, and only then ends."""
    inbox, verb, stop = opened.store.inbox, Settling(opened), asyncio.Event()
    await inbox.receive([written("slow", number=1), written("next", number=2)])
    running = asyncio.create_task(worker(opened, verb).run(stop))
    await eventually(lambda: verb.begun == ["slow"])
    stop.set()
    opened.live.wake_bots()
    await asyncio.sleep(SHORT_LEASE_SECONDS)
    assert not running.done()
    verb.go.set()
    await asyncio.wait_for(running, 10)
    assert (verb.begun, verb.settled) == (["slow"], ["slow"])


async def test_a_worker_that_would_wait_for_long_stops_when_told(
    opened: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the end of an idle bot, and nothing is told to one that hears no more."""
    monkeypatch.setattr(work, "_IDLE_SECONDS", 3_600.0)
    verb, stop = Settling(opened), asyncio.Event()
    running = asyncio.create_task(Worker(inbox=opened.store.inbox, live=opened.live, verb=verb).run(stop))
    await opened.store.inbox.receive([written()])
    await eventually(lambda: verb.settled == ["hello"])
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_what_arrives_in_its_hands_as_it_is_told_to_stop_is_given_back(opened: OpenStore) -> None:
    """Nobody waits for a lease, and it does not count as begun."""
    inbox, verb, stop = opened.store.inbox, Settling(opened), asyncio.Event()
    await inbox.receive([written("hello")])

    class Stopping(PostgresInbox):
        async def claim(self, limit: int, bot: str | None = None) -> list[Claim]:
            stop.set()
            return await super().claim(limit, bot)

    one = worker(opened, verb)
    one.inbox = Stopping(opened.database)
    await asyncio.wait_for(one.run(stop), 10)
    (claim,) = await inbox.claim(10)
    assert (verb.begun, claim.attempts) == ([], 1)


async def test_what_is_cut_off_is_given_back_at_once(opened: OpenStore) -> None:
    """It was begun, so it counts; but it waits for no lease, however long that is."""
    verb = Settling(opened)
    await opened.store.inbox.receive([written("slow")])
    one = worker(opened, verb)
    one.inbox = PostgresInbox(opened.database, lease_seconds=600)
    running = asyncio.create_task(one.run(asyncio.Event()))
    await eventually(lambda: verb.begun == ["slow"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    (claim,) = await opened.store.inbox.claim(10)
    assert claim.attempts == 2


async def test_one_message_s_mistake_does_not_stop_the_others(opened: OpenStore) -> None:
    """It is tried again when its lease runs out; the others are answered meanwhile."""
    verb, stop = Settling(opened), asyncio.Event()
    await opened.store.inbox.receive([written("mistake", by="amina"), written("hello", by="bilal")])
    running = asyncio.create_task(worker(opened, verb).run(stop))
    await eventually(lambda: verb.begun.count("mistake") == 2)
    assert verb.settled == ["hello"]
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_a_worker_that_is_cancelled_leaves_nothing_running(opened: OpenStore) -> None:
    """Its turns and its renewing end with it: what it held is free for others when the lease runs out."""
    verb = Settling(opened)
    await opened.store.inbox.receive([written("slow")])
    before = asyncio.all_tasks()
    running = asyncio.create_task(worker(opened, verb).run(asyncio.Event()))
    await eventually(lambda: verb.begun == ["slow"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await eventually(lambda: asyncio.all_tasks() <= before)
    await eventually_claimed(opened)


async def eventually_attempted(opened: OpenStore, times: int) -> None:
    """Wait until the one message was taken so often."""
    for _ in range(500):
        if await opened.database.rows("SELECT attempts FROM inbox") == [(times,)]:
            return
        await asyncio.sleep(0.02)
    pytest.fail("nobody took it again")


async def eventually_claimed(opened: OpenStore) -> None:
    """Wait until somebody else can have what was held."""
    for _ in range(200):
        if await opened.store.inbox.claim(1):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the lease never ran out")


async def sweep_until(opened: OpenStore, states: list[tuple[str, int]], *, language: str = "en") -> None:
    """Run a sweeper until the inbox looks like this."""
    sweeper = Sweeper(
        inbox=opened.store.inbox,
        effects=opened.store.effects,
        live=opened.live,
        silence_seconds=SILENCE_SECONDS,
        default_language=language,
    )
    stop = asyncio.Event()
    sweeping = asyncio.create_task(sweeper.run(stop))
    for _ in range(400):
        found = await opened.database.rows("SELECT state, count(*) FROM inbox GROUP BY state ORDER BY state")
        if found == states:
            break
        await asyncio.sleep(0.01)
    else:
        pytest.fail(f"the inbox never looked like {states}")
    stop.set()
    await asyncio.wait_for(sweeping, 10)


async def test_a_contact_whom_no_bot_answers_is_told(opened: OpenStore) -> None:
    """A case is opened with their words, each message is seen to once, and a returning bot leaves them alone."""
    inbox = opened.store.inbox
    (received,) = await inbox.receive([written("my points, please", number=1)])
    await sweep_until(opened, [("settled", 1)])
    (case,) = await opened.store.desk.cases()
    assert (case.trigger, case.goal) == ("bot_unavailable", "my points, please")
    (_, notice, _) = await opened.store.conversations.entries(received.conversation_id, 0)
    assert notice.author is Author.SYSTEM
    assert case.id in (notice.content.text or "")
    assert await inbox.claim(10) == []
    assert await opened.database.rows("SELECT count(*) FROM deliveries WHERE state = 'queued'") == [(1,)]


async def test_a_message_for_an_agent_is_swept_without_a_word(opened: OpenStore) -> None:
    """The agent sees it; nobody is told that a bot is missing."""
    claim = await claimed(opened.store.inbox, written(number=1))
    await opened.store.inbox.settle(claim, TurnOutcome())
    await opened.store.conversations.pass_control(claim.conversation.id, 0, Control.AGENT)
    await opened.store.inbox.receive([written("are you there?", number=2)])
    await sweep_until(opened, [("settled", 2)])
    said = spoken(await timeline(opened, claim))
    assert said == ["message contact: hello", "control system: None", "message contact: are you there?"]
    assert await opened.store.desk.cases() == []


async def test_what_a_bot_holds_is_not_swept(opened: OpenStore) -> None:
    """A turn may take long; only what nobody has in hand is taken."""
    claim = await claimed(opened.store.inbox, written("slow", number=1))
    await opened.store.inbox.receive([written("waits behind it", number=2), written("nobody's", by="bilal")])
    await sweep_until(opened, [("held", 1), ("settled", 1), ("waiting", 1)])
    await opened.store.inbox.settle(claim, TurnOutcome(messages=lines("re slow")))


@pytest.mark.parametrize(("language", "word"), [("es", "Lo siento"), ("en", "sorry")])
async def test_the_notice_speaks_the_installation_s_language(opened: OpenStore, language: str, word: str) -> None:
    """Where the conversation has none yet."""
    await opened.store.inbox.receive([written()])
    await sweep_until(opened, [("settled", 1)], language=language)
    rows = await opened.database.rows(
        "SELECT content ->> 'text' FROM entries WHERE author = 'system' AND kind = 'message'"
    )
    assert word in rows[0][0]


async def test_a_worker_without_a_free_hand_says_so_when_something_comes_for_it(database: str) -> None:
    """The others hear of nothing else that is for it alone."""
    async with open_store(database, hears=(*EVERYTHING, of_bot("busy"))) as opened:
        verb, stop = Settling(opened), asyncio.Event()
        await opened.store.inbox.receive([written("slow")])
        busy = Worker(inbox=opened.store.inbox, live=opened.live, verb=verb, name="busy", at_once=1)
        running = asyncio.create_task(busy.run(stop))
        await eventually(lambda: verb.begun == ["slow"])
        with opened.live.bots("other") as wake:
            opened.live.wake_bots("busy")
            heard: frozenset[str] = frozenset()
            while "busy" not in heard:  # whose listening has just begun is told of anything first
                assert await wake.wait(10)
                heard = wake.heard()
        stop.set()
        verb.go.set()
        await asyncio.wait_for(running, 10)
