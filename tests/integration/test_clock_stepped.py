"""The database's clock is stepped: what waits is neither stuck until the old time comes again nor thought forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.bots import BotLine
from relevo.store.inbox import PostgresInbox
from tests.integration.hands import written

pytestmark = pytest.mark.anyio

HOUR = "interval '1 hour'"


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """Give a store on this test's database."""
    async with open_store(database, size=2, hears=()) as opened:
        yield opened


async def test_what_came_before_the_clock_was_put_back_is_taken_at_once(opened: OpenStore) -> None:
    """A message that waits, and one whose bot is gone, do not wait for an hour."""
    inbox = opened.store.inbox
    await inbox.receive([written(by="amina"), written(by="bilal")])
    assert len(await inbox.claim(1)) == 1
    times = ("received_at", "due_at", "lease_until")
    await opened.database.run(f"UPDATE inbox SET {', '.join(f'{time} = {time} + {HOUR}' for time in times)}")
    assert {claim.arrival.address for claim in await inbox.claim(10)} == {"amina", "bilal"}


async def test_a_bot_that_died_before_the_clock_was_put_back_is_not_ready(opened: OpenStore) -> None:
    """It was last seen in the future."""
    await opened.store.bots.seen(BotLine(name="b", host="h", process=1, model="m", problem=None))
    assert len(await opened.store.bots.living(60)) == 1
    await opened.database.run(f"UPDATE bots SET seen_at = seen_at + {HOUR}")
    assert not await opened.store.bots.living(60)


async def test_nobody_is_locked_out_by_a_clock_that_was_put_back(opened: OpenStore) -> None:
    """Who has used up a limit gets it back in time, not an hour later."""
    accounts = opened.store.accounts
    assert await accounts.take("here", 1, 1.0) == 0.0
    await opened.database.run(f"UPDATE rate_limits SET filled_at = filled_at + {HOUR}")
    assert await accounts.take("here", 1, 1.0) == 0.0


async def test_what_came_just_before_the_clock_was_put_forward_is_not_given_up(opened: OpenStore) -> None:
    """The sweeper leaves it to the bots for as long as everything else."""
    here = 10_000.0
    inbox = PostgresInbox(opened.database, passing=lambda: here)
    assert await inbox.abandoned(30) == []
    await inbox.receive([written()])
    await opened.database.run(f"UPDATE inbox SET received_at = received_at - {HOUR}")
    here -= 3600  # so much more has passed there than here
    assert await inbox.abandoned(30) == []
    here += 29
    assert await inbox.abandoned(30) == []
    here += 2
    assert len(await inbox.abandoned(30)) == 1
