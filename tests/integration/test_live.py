"""Wake-ups: everybody who asked hears of news, in every process, and a broken line costs time only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.bots import BotLine
from relevo.contracts.store import TurnOutcome
from relevo.store.live import BOTS, of_bot
from tests.integration.hands import eventually, lines, written

pytestmark = pytest.mark.anyio

AMINA, BILAL = UUID(int=1), UUID(int=2)
PATIENCE_SECONDS = 20.0
MOMENT_SECONDS = 0.1


@pytest.fixture
async def here(database: str) -> AsyncIterator[OpenStore]:
    """Give one process's store, which listens."""
    async with open_store(database, name="here") as opened:
        await until_heard(opened)
        yield opened


@pytest.fixture
async def there(database: str) -> AsyncIterator[OpenStore]:
    """Give another process's store on the same database, which listens."""
    async with open_store(database, name="there") as opened:
        await until_heard(opened)
        yield opened


async def until_heard(opened: OpenStore) -> None:
    """Wait until what is said is heard."""
    with opened.live.conversation(UUID(int=99)) as news:
        opened.live.changed(UUID(int=99))
        assert await news.wait(PATIENCE_SECONDS)


async def test_news_reaches_every_process(here: OpenStore, there: OpenStore) -> None:
    """Bots, senders and pages hear of it, here and elsewhere."""
    with (
        here.live.bots() as bots_here,
        there.live.bots() as bots,
        there.live.senders() as senders,
        there.live.conversation(AMINA) as page,
        there.live.conversation(AMINA) as second_page,
    ):
        here.live.wake_bots()
        here.live.wake_senders()
        here.live.changed(AMINA)
        for subscription in (bots_here, bots, senders, page, second_page):
            assert await subscription.wait(PATIENCE_SECONDS)


async def test_what_is_kept_is_told_in_the_same_breath(database: str, here: OpenStore, there: OpenStore) -> None:
    """A stranger's message to any bot, the next one to the one that answered; an answer to pages, callers, senders."""
    await there.store.bots.seen(BotLine(name="one", host="h", process=1, model="m", problem=None))
    inbox = here.store.inbox
    async with open_store(database, name="one", hears=(BOTS, of_bot("one"))) as one:
        with one.live.bots() as listens:
            assert await listens.wait(PATIENCE_SECONDS)
        with one.live.bots() as any_bot, one.live.bots("one") as itself:
            (kept,) = await inbox.receive([written()])
            assert kept.is_told
            assert await any_bot.wait(PATIENCE_SECONDS)
            assert await itself.wait(PATIENCE_SECONDS)
            (claim,) = await one.store.inbox.claim(1, "one")
            with (
                there.live.conversation(claim.conversation.id) as page,
                there.live.senders() as senders,
            ):
                committed = await one.store.inbox.settle(
                    claim, TurnOutcome(messages=lines("hello"), tracker_events=(b"{}",))
                )
                assert committed.is_told
                assert await page.wait(PATIENCE_SECONDS)
                assert await senders.wait(PATIENCE_SECONDS)
            (again,) = await inbox.receive([written(number=2)])
            assert (again.home, again.is_told) == ("one", True)
            assert await itself.wait(PATIENCE_SECONDS)
            assert not await any_bot.wait(MOMENT_SECONDS)
            await inbox.receive([written()])  # it was answered: nobody has anything to do
            assert not await itself.wait(MOMENT_SECONDS)


async def test_nobody_is_woken_for_another_s_news(here: OpenStore) -> None:
    """Each topic by itself; who waits in vain is told so after the time."""
    with here.live.bots() as bots, here.live.conversation(BILAL) as bilal, here.live.conversation(AMINA) as amina:
        here.live.changed(AMINA)
        here.live.wake_senders()
        assert await amina.wait(PATIENCE_SECONDS)
        assert not await bilal.wait(MOMENT_SECONDS)
        assert not await bots.wait(MOMENT_SECONDS)


async def test_what_happens_between_subscribing_and_waiting_is_not_missed(here: OpenStore, there: OpenStore) -> None:
    """Subscribe, look, wait: news during the look ends the wait at once, and only once."""
    with here.live.conversation(AMINA) as first, here.live.conversation(AMINA) as news:
        there.live.changed(AMINA)
        assert await first.wait(PATIENCE_SECONDS)
        assert await news.wait(0.01)
        assert not await news.wait(MOMENT_SECONDS)


async def test_much_news_of_one_kind_is_told_together(here: OpenStore) -> None:
    """A thousand changes wake a page a few times, and each other page once or more."""
    pages = [UUID(int=number) for number in range(200)]
    with here.live.conversation(pages[0]) as first, here.live.conversation(pages[-1]) as last:
        for _ in range(5):
            for page in pages:
                here.live.changed(page)
        assert await first.wait(PATIENCE_SECONDS)
        assert await last.wait(PATIENCE_SECONDS)


async def test_who_leaves_is_forgotten(here: OpenStore) -> None:
    """A page that was closed leaves nothing behind, also when it failed."""
    with pytest.raises(KeyError), here.live.conversation(AMINA), here.live.bots():
        raise KeyError
    assert here.live._topics == {}


async def test_a_cut_line_is_mended_and_everybody_looks_again(here: OpenStore, there: OpenStore) -> None:
    """Who listens is woken when the line is back, since something may have been said; then news comes again."""
    with here.live.bots() as bots, here.live.conversation(AMINA) as page:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
        assert await there.database.rows(cut)
        assert await bots.wait(PATIENCE_SECONDS)
        assert await page.wait(PATIENCE_SECONDS)
        await until_heard(there)
        there.live.changed(AMINA)
        assert await page.wait(PATIENCE_SECONDS)


async def test_what_cannot_be_told_does_not_stop_what_comes_after(here: OpenStore, there: OpenStore) -> None:
    """The teller's connection is cut while it is needed: the next news is told even so."""
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'here'"
    await there.database.rows(cut)
    heard: list[bool] = []
    with there.live.conversation(AMINA) as page:
        for _ in range(20):
            here.live.changed(AMINA)
            heard.append(await page.wait(1.0))
            if heard[-1]:
                break
    assert heard[-1]
    eventually_open = here.live._tasks
    await eventually(lambda: not any(task.done() for task in eventually_open))


async def test_who_closes_while_something_is_being_told_is_not_kept_waiting(database: str) -> None:
    """A process ends although its last word was on the way just then."""
    for _ in range(5):
        async with open_store(database) as opened:
            opened.live.wake_senders()
            await opened.database.rows("SELECT 1")
            leaving = asyncio.create_task(opened.live.close())
            assert await asyncio.wait([leaving], timeout=PATIENCE_SECONDS) == ({leaving}, set())
