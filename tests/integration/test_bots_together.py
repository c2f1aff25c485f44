"""Several bots on one database: they share, come and go, know different things, and keep each lane's order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.brain.knowing import ending, needed_by
from relevo.contracts.bots import BotLine
from relevo.contracts.brain import Answer, History, Question
from relevo.contracts.store import Claim, Inbox, TurnOutcome
from relevo.domain.messages import Content
from relevo.errors import NotKnown, Unavailable
from relevo.flow.converse import Converser
from relevo.flow.other_bots import OtherBots
from relevo.flow.receive import receive
from relevo.flow.turn import TurnServices
from relevo.flow.work import Worker
from relevo.store.inbox import PostgresInbox
from relevo.store.live import EVERYTHING, of_bot
from relevo.testing.ledger import Ledger, Permissive
from tests.integration.hands import eventually, written

pytestmark = pytest.mark.anyio
LEASE_SECONDS = 0.6
CONTACTS = 12
COMMON = frozenset({"slot:in_request", "intent:begin"})


class Vanishing(PostgresInbox):
    """The inbox of a bot whose process ends without a word: it gives nothing back."""

    async def defer(self, claim: Claim, seconds: float) -> None:
        raise Unavailable


@dataclass
class Bot:
    """A bot process: connections of its own, and a brain that knows some things."""

    name: str
    opened: OpenStore
    knows: frozenset[str] = COMMON
    vanishes: bool = False
    answered: list[str] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Work until it is stopped, or cancelled."""
        store, live = self.opened.store, self.opened.live
        inbox = (Vanishing if self.vanishes else PostgresInbox)(self.opened.database, lease_seconds=LEASE_SECONDS)
        await store.bots.seen(BotLine(name=self.name, host="h", process=1, model="m", problem=None, knows=self.knows))
        services = TurnServices(
            business=Ledger(), effects=store.effects, attachments=store.attachments, policies=Permissive()
        )
        converser = Converser(
            inbox=inbox,
            brain=self,
            live=live,
            services=services,
            default_language="en",
            others=OtherBots(name=self.name, bots=store.bots, inbox=inbox, live=live, lost_seconds=60),
        )
        worker = Worker(
            inbox=inbox, live=live, verb=converser.converse, name=self.name, lease_seconds=LEASE_SECONDS, at_once=3
        )
        await worker.run(self.stop)

    async def answer(self, question: Question, history: History) -> Answer:
        """Repeat the message; "begin" opens a request, which is a slot of that name."""
        past = [event for turn in await history() for event in msgspec.json.decode(turn)]
        if unknown := needed_by(past) - self.knows:
            raise NotKnown(unknown, ending())
        await asyncio.sleep(0)
        self.answered.append(question.text)
        word, _, request = question.text.partition(" ")
        events: list[dict[str, Any]] = [{"event": "user", "parse_data": {"intent": {"name": "begin"}}}]
        if word == "begin":
            events += [{"event": "slot", "name": name, "value": True} for name in ("in_request", request)]
        encoded = tuple(msgspec.json.encode(event) for event in events)
        return Answer(messages=(Content(text=f"re {question.text}"),), tracker_events=encoded, language="en")


@dataclass
class Company:
    """The bots of a test, and whoever writes to them."""

    dsn: str
    opened: OpenStore
    stack: AsyncExitStack
    hired: list[Bot] = field(default_factory=list)
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    written: Counter[str] = field(default_factory=Counter)

    async def hire(self, name: str, *more: str, vanishes: bool = False) -> Bot:
        """Start a bot that knows more than others."""
        hears = (*EVERYTHING, of_bot(name))
        opened = await self.stack.enter_async_context(open_store(self.dsn, size=3, name=name, hears=hears))
        bot = Bot(name, opened, COMMON | {f"slot:{each}" for each in more}, vanishes)
        self.hired.append(bot)
        self.running[name] = asyncio.create_task(bot.run())
        return bot

    def answered(self) -> int:
        """Count answers; what one vanished with counts again."""
        return sum(len(bot.answered) for bot in self.hired)

    async def write(self, by: str, *texts: str) -> None:
        """Have somebody write."""
        for text in texts:
            self.written[by] += 1
            await receive(self.opened.store.inbox, self.opened.live, written(text, by=by, number=self.written[by]))

    async def heard(self, by: str) -> list[str]:
        """Give what the bots, or the system, said to somebody."""
        found = await self.opened.store.conversations.find("push", by)
        assert found is not None
        entries = await self.opened.store.conversations.entries(found.id, 0, limit=2000)
        return [e.content.text or "" for e in entries if e.kind == "message" and e.author.value != "contact"]

    async def settled(self, number: int) -> None:
        """Wait until so many messages are over."""
        for _ in range(4000):
            found = await self.opened.database.rows("SELECT count(*) FROM inbox WHERE state IN ('settled', 'dead')")
            if found[0][0] >= number:
                return
            await asyncio.sleep(0.01)
        pytest.fail(f"{number} messages were never over")


@pytest.fixture
async def company(database: str) -> AsyncIterator[Company]:
    """A database of this test alone, and nobody who answers yet."""
    async with _company(database) as made:
        yield made


@asynccontextmanager
async def _company(dsn: str) -> AsyncIterator[Company]:
    async with AsyncExitStack() as stack, open_store(dsn, size=3) as opened:
        made = Company(dsn, opened, stack)
        try:
            yield made
        finally:
            for task in made.running.values():
                task.cancel()
            await asyncio.gather(*made.running.values(), return_exceptions=True)


async def test_bots_that_come_and_go_in_the_middle_move_nothing_out_of_order(company: Company) -> None:
    """One is added, one stops, one vanishes with messages in hand: each message is answered once, in order."""
    people = [f"person {number}" for number in range(CONTACTS)]
    enough = asyncio.Event()

    async def talk() -> None:
        while not enough.is_set():
            for person in people:
                await company.write(person, f"{person}: {company.written[person]}")
            await eventually(lambda: company.answered() > company.written.total() - 2 * CONTACTS)

    talking = company.running["everybody"] = asyncio.create_task(talk())
    vanishing = await company.hire("vanishing", vanishes=True)
    await eventually(lambda: len(vanishing.answered) >= 10)
    first = await company.hire("first")
    company.running["vanishing"].cancel()
    await eventually(lambda: len(first.answered) >= 10)
    second = await company.hire("second")
    first.stop.set()
    await asyncio.wait_for(company.running["first"], 10)
    await eventually(lambda: len(second.answered) >= 10)
    enough.set()
    await talking
    await company.settled(company.written.total())
    for person in people:
        assert await company.heard(person) == [f"re {person}: {number}" for number in range(company.written[person])]
    print({bot.name: len(bot.answered) for bot in (vanishing, first, second)})


async def test_a_request_is_finished_by_a_bot_that_knows_it(company: Company) -> None:
    """While models are exchanged, others leave its lane alone; nothing counts as begun twice, all else is shared."""
    old, new = await company.hire("old"), await company.hire("new", "lounge")
    await company.write("amina", "begin lounge")
    await company.settled(1)
    if "begin lounge" in old.answered:  # whichever took it: what it opened is known to the new one alone
        old.answered.remove("begin lounge")
    for number in range(6):
        await company.write("amina", f"amina {number}")
        await company.write("bilal", f"bilal {number}")
    await company.settled(13)
    assert await company.heard("amina") == ["re begin lounge", *(f"re amina {number}" for number in range(6))]
    assert await company.heard("bilal") == [f"re bilal {number}" for number in range(6)]
    assert not [text for text in old.answered if "amina" in text]
    assert [text for text in new.answered if "amina" in text] == [f"amina {number}" for number in range(6)]
    assert await company.opened.database.rows("SELECT DISTINCT attempts, state FROM inbox") == [(1, "settled")]


async def test_what_no_bot_knows_any_more_is_told_and_goes_to_a_person(company: Company) -> None:
    """The contact hears a case's number instead of an error, nothing is a dead letter, then the bot answers again."""
    new = await company.hire("new", "lounge")
    await company.write("amina", "begin lounge")
    await company.settled(1)
    await company.hire("old")
    new.stop.set()
    await asyncio.wait_for(company.running["new"], 10)
    await company.opened.store.bots.gone("new")
    await company.write("amina", "for Monday", "hello")
    await company.settled(3)
    begun, told, after = await company.heard("amina")
    (case,) = await company.opened.store.desk.cases()
    assert (begun, after) == ("re begin lounge", "re hello")
    assert case.id in told
    assert "updated" in told
    assert (case.trigger, case.goal) == ("bot_unavailable", "for Monday")
    assert await company.opened.database.rows("SELECT DISTINCT attempts, state, error FROM inbox") == [
        (1, "settled", None)
    ]


async def test_what_is_left_to_a_bot_that_then_vanishes_is_anybody_s_again(company: Company) -> None:
    """It was left for as long as a silent bot counts as living, and no longer."""
    inbox = company.opened.store.inbox
    await company.write("amina", "hello")
    (claim,) = await inbox.claim(1, "old")
    await inbox.leave(claim, ["new"], 60)
    assert await inbox.claim(1, "old") == []
    (again,) = await inbox.claim(1, "new")
    assert again.attempts == 1
    await inbox.leave(again, ["new"], 0)
    assert len(await inbox.claim(1, "old")) == 1


async def test_a_message_is_for_the_bot_that_answered_last_and_soon_for_anybody(company: Company) -> None:
    """That one has the conversation in memory; where it is busy, or gone, nobody waits for it longer than a moment."""
    inbox = company.opened.store.inbox
    await _lives("one", company)
    await _lives("two", company)
    await company.write("amina", "hello")
    await _answered_by("one", inbox)
    (kept,) = await inbox.receive([written("again", by="amina", number=8)])
    assert kept.home == "one"
    assert await _let_it_be_for("one", company) == 1
    assert await inbox.claim(1, "two") == []
    await _answered_by("one", inbox)
    await company.write("amina", "and again")
    taken: list[Claim] = []
    while not taken:
        taken = await inbox.claim(1, "two")
    await inbox.settle(taken[0], TurnOutcome(tracker_events=(b'{"event": "listen"}',)))
    (kept,) = await inbox.receive([written("still", by="amina", number=9)])
    assert kept.home == "two"


async def test_what_waits_behind_an_answer_is_for_the_bot_that_gave_it(company: Company) -> None:
    """It has not come anew, and was perhaps for another bot."""
    inbox = company.opened.store.inbox
    await company.write("amina", "hello", "and more")
    await _answered_by("one", inbox)
    assert await _let_it_be_for("one", company) == 1
    assert await inbox.claim(1, "two") == []
    await _answered_by("one", inbox)


async def test_a_clock_that_is_put_back_leaves_no_message_with_a_bot_that_is_gone(company: Company) -> None:
    """It would be for that one alone until the clock has caught up."""
    inbox = company.opened.store.inbox
    await _lives("one", company)
    await company.write("amina", "hello")
    await _answered_by("one", inbox)
    await company.write("amina", "again")
    await company.opened.database.run("UPDATE inbox SET for_bots_until = now() + interval '18 minutes'")
    assert len(await inbox.claim(1, "two")) == 1


async def test_what_is_for_a_bot_that_is_busy_is_taken_by_another(company: Company) -> None:
    """The busy one says that it has no hand free; nothing else wakes the other."""
    await _lives("busy", company)
    await company.write("amina", "hello")
    await _answered_by("busy", company.opened.store.inbox)
    two = await company.hire("two")
    await company.write("bilal", "hello")
    await company.settled(2)
    await company.write("amina", "again")
    company.opened.live.bot_is_busy("busy")
    await company.settled(3)
    assert two.answered == ["hello", "again"]


async def test_what_was_a_gone_bot_s_is_anybody_s_at_once(company: Company) -> None:
    """One that ended, or was silent for long, has nothing in memory."""
    inbox = company.opened.store.inbox
    await _lives("one", company)
    await company.write("amina", "hello")
    await _answered_by("one", inbox)
    await company.opened.store.bots.gone("one")
    (kept,) = await inbox.receive([written("again", by="amina", number=8)])
    assert kept.home is None
    assert len(await inbox.claim(1, "two")) == 1


async def _lives(bot: str, company: Company) -> None:
    line = BotLine(name=bot, host="host", process=1, model="model", problem=None, knows=COMMON)
    await company.opened.store.bots.seen(line)


async def _answered_by(bot: str, inbox: Inbox) -> None:
    (claim,) = await inbox.claim(1, bot)
    await inbox.settle(claim, TurnOutcome(tracker_events=(b'{"event": "listen"}',)))


async def _let_it_be_for(bot: str, company: Company) -> int:
    """Have the moment last, however slow the machine is."""
    return await company.opened.database.run(
        "UPDATE inbox SET for_bots_until = now() + interval '30 seconds' WHERE state = 'waiting' AND for_bots = %s",
        ([bot],),
    )
