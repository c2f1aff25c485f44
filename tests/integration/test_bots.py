"""Bot processes describe themselves in the database, and readiness is what they say."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.bootstrap.web import Readiness
from relevo.contracts.bots import BotLine, Bots
from relevo.contracts.store import TurnOutcome
from tests.integration.hands import let_leases_expire, written

pytestmark = pytest.mark.anyio
LOST_SECONDS = 10.0


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """A database of this test alone."""
    async with open_store(database, size=2) as opened:
        yield opened


@pytest.fixture
def bots(opened: OpenStore) -> Bots:
    """The bots in it."""
    return opened.store.bots


def bot(name: str = "bot-1", *, process: int = 7, model: str | None = "m", problem: str | None = None) -> BotLine:
    """Give a bot's description of itself."""
    return BotLine(name=name, host="here", process=process, model=model, problem=problem)


async def test_a_bot_that_starts_again_replaces_its_predecessor(bots: Bots) -> None:
    """There is one line for a name: the latest."""
    await bots.seen(bot(process=7))
    await bots.seen(bot(process=8, model=None, problem="It is starting."))
    assert await bots.living(LOST_SECONDS) == [bot(process=8, model=None, problem="It is starting.")]


async def test_a_silent_bot_counts_as_gone(opened: OpenStore, bots: Bots) -> None:
    """Whoever has said nothing for long is not among the living, and is forgotten after a day."""
    await bots.seen(bot("silent"))
    await opened.database.run("UPDATE bots SET seen_at = now() - interval '11 seconds'")
    await bots.seen(bot("talking"))
    assert [line.name for line in await bots.living(LOST_SECONDS)] == ["talking"]
    await opened.database.run("UPDATE bots SET seen_at = now() - interval '2 days' WHERE name = 'silent'")
    await bots.gone("talking")
    assert await opened.database.rows("SELECT name FROM bots") == []


async def test_a_bot_that_says_it_lives_hears_whether_messages_wait(opened: OpenStore, bots: Bots) -> None:
    """A wake-up may be lost with the process that kept a message; what somebody is answering does not wait."""
    assert not await bots.seen(bot())
    await opened.store.inbox.receive([written()])
    assert await bots.seen(bot())
    (claim,) = await opened.store.inbox.claim(1)
    assert not await bots.seen(bot())
    await let_leases_expire(opened.database)
    assert await bots.seen(bot())
    (claim,) = await opened.store.inbox.claim(1)
    await opened.store.inbox.settle(claim, TurnOutcome())
    assert not await bots.seen(bot())


async def test_ready_means_that_one_bot_can_answer(bots: Bots) -> None:
    """No bot, one that cannot answer (with its reason), and one that can."""
    readiness = Readiness(bots=bots, lost_seconds=LOST_SECONDS)
    assert "No bot process runs" in str((await readiness())["bot"])
    await bots.seen(bot(model=None, problem="The model m cannot be loaded."))
    assert await readiness() == {"database": True, "bot": "The model m cannot be loaded."}
    await bots.seen(bot("bot-2"))
    assert await readiness() == {"database": True, "bot": True}


async def test_without_a_database_nothing_is_ready(opened: OpenStore, bots: Bots) -> None:
    """A database that is gone is a sentence, not an exception."""
    await opened.database.close()
    parts = await Readiness(bots=bots, lost_seconds=LOST_SECONDS)()
    assert all(isinstance(part, str) for part in parts.values())
