"""Accounts: agents, sessions that end, visitors' tokens, and buckets that let through exactly what they should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.accounts import Accounts

pytestmark = pytest.mark.anyio


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """Give a store of this test alone."""
    async with open_store(database) as opened:
        yield opened


@pytest.fixture
def accounts(opened: OpenStore) -> Accounts:
    """Give its accounts."""
    return opened.store.accounts


def after(seconds: float) -> datetime:
    """Give a moment from now."""
    return datetime.now(timezone.utc) + timedelta(seconds=seconds)


async def test_an_agent_is_found_by_email_however_it_is_written(accounts: Accounts) -> None:
    """Case and blanks do not matter; nobody else is found."""
    kim = await accounts.add_agent(" Kim@Example.com ", "Kim", "agent", "hash")
    assert await accounts.agent("kim@example.COM") == kim
    assert await accounts.agent("other@example.com") is None
    assert (kim.name, kim.role, kim.password_hash, kim.limits) == ("Kim", "agent", "hash", {})


async def test_an_agent_who_is_added_again_is_replaced_and_signed_out(accounts: Accounts) -> None:
    """A new password ends every session of the old one, and no other agent's."""
    kim = await accounts.add_agent("kim@example.com", "Kim", "agent", "old")
    lee = await accounts.add_agent("lee@example.com", "Lee", "admin", "hash")
    await accounts.open_session(kim.id, b"kim's", after(60))
    await accounts.open_session(lee.id, b"lee's", after(60))
    again = await accounts.add_agent("KIM@example.com", "Kim K.", "supervisor", "new")
    assert (again.id, again.name, again.role, again.password_hash) == (kim.id, "Kim K.", "supervisor", "new")
    assert await accounts.session(b"kim's") is None
    assert await accounts.session(b"lee's") == lee


async def test_a_session_ends_by_time_and_by_signing_out(opened: OpenStore, accounts: Accounts) -> None:
    """An expired, a closed and an unknown session give nobody; expired ones are forgotten."""
    kim = await accounts.add_agent("kim@example.com", "Kim", "agent", "hash")
    await accounts.open_session(kim.id, b"one", after(60))
    await accounts.open_session(kim.id, b"two", after(60))
    assert await accounts.session(b"one") == kim
    await accounts.close_session(b"one")
    assert await accounts.session(b"one") is None
    assert await accounts.session(b"two") == kim
    await opened.database.run("UPDATE agent_sessions SET expires_at = now()")
    assert await accounts.session(b"two") is None
    assert await accounts.session(b"three") is None
    await accounts.open_session(kim.id, b"four", after(60))
    assert await opened.database.rows("SELECT token_hash FROM agent_sessions") == [(b"four",)]


async def test_a_bucket_gives_its_tokens_and_then_says_how_long_to_wait(accounts: Accounts) -> None:
    """Each bucket by itself."""
    assert [await accounts.take("amina", 3, 60) for _ in range(5)] == [0.0, 0.0, 0.0, 20.0, 20.0]
    assert await accounts.take("bilal", 3, 60) == 0.0


async def test_a_bucket_refills_with_time_up_to_its_size(opened: OpenStore, accounts: Accounts) -> None:
    """A token comes back after its share of the time; a long pause gives no more than the whole."""
    for _ in range(3):
        await accounts.take("amina", 3, 60)
    await opened.database.run("UPDATE rate_limits SET filled_at = filled_at - interval '21 seconds'")
    assert [await accounts.take("amina", 3, 60) > 0 for _ in range(2)] == [False, True]
    await opened.database.run("UPDATE rate_limits SET filled_at = filled_at - interval '1 day'")
    assert [await accounts.take("amina", 3, 60) > 0 for _ in range(4)] == [False, False, False, True]


async def test_asking_too_often_does_not_keep_a_bucket_empty(opened: OpenStore, accounts: Accounts) -> None:
    """A refused try costs nothing: whoever keeps asking is let in when the time has come."""
    await accounts.take("amina", 1, 60)
    for _ in range(6):
        await opened.database.run("UPDATE rate_limits SET filled_at = filled_at - interval '9 seconds'")
        assert await accounts.take("amina", 1, 60) > 0
    await opened.database.run("UPDATE rate_limits SET filled_at = filled_at - interval '9 seconds'")
    assert await accounts.take("amina", 1, 60) == 0.0


async def test_racing_takes_share_one_bucket(accounts: Accounts) -> None:
    """Of twenty at once exactly as many pass as there are tokens."""
    taken = await asyncio.gather(*(accounts.take("amina", 5, 3600) for _ in range(20)))
    assert taken.count(0.0) == 5
