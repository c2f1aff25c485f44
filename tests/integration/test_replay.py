"""Messages that were given up: they are counted, listed, and answered after all when somebody says so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.store import Claim, Inbox, TurnOutcome
from relevo.domain.messages import Author
from relevo.errors import LeaseLost
from tests.integration.hands import claimed, let_leases_expire, lines, spoken, timeline, written

pytestmark = pytest.mark.anyio


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """Give a store of this test alone."""
    async with open_store(database) as opened:
        yield opened


@pytest.fixture
def inbox(opened: OpenStore) -> Inbox:
    """Give its inbox."""
    return opened.store.inbox


async def given_up(inbox: Inbox, *, by: str = "amina") -> Claim:
    """Let a bot give a message up."""
    claim = await claimed(inbox, written("boom", number=1, by=by))
    sorry = TurnOutcome(messages=lines("sorry"), author=Author.SYSTEM, dead_letter="the action raised")
    await inbox.settle(claim, sorry)
    return claim


async def test_what_waits_and_what_was_given_up_is_counted(opened: OpenStore, inbox: Inbox) -> None:
    """Nothing is hidden: how much waits, since when, in how many conversations too long, and what is dead."""
    await given_up(inbox)
    await claimed(inbox, written(by="bilal"))
    await inbox.receive([written(by="chidi", number=1), written(by="chidi", number=2)])
    await opened.database.run("UPDATE inbox SET received_at = now() - interval '1 hour' WHERE text = 'hello'")
    found = await inbox.backlog(overdue_seconds=60)
    assert (found.waiting, found.overdue_lanes, found.dead) == (3, 2, 1)
    assert found.oldest_at is not None
    assert (await inbox.backlog(overdue_seconds=7200)).overdue_lanes == 0


async def test_dead_letters_are_listed_newest_first_without_their_words(inbox: Inbox) -> None:
    """With the reason; what the contact wrote is for the desk."""
    first, second = await given_up(inbox), await given_up(inbox, by="bilal")
    found = await inbox.dead_letters()
    assert [letter.inbox_id for letter in found] == [second.inbox_id, first.inbox_id]
    assert found[0].conversation_id == second.conversation.id
    assert (found[0].channel, found[0].attempts, found[0].reason) == ("push", 1, "the action raised")
    assert len(await inbox.dead_letters(limit=1)) == 1


async def test_a_replayed_message_is_answered_after_all(opened: OpenStore, inbox: Inbox) -> None:
    """Once, behind what was said meanwhile; others that were given up stay so unless all are meant."""
    claim = await given_up(inbox)
    other = await given_up(inbox, by="bilal")
    assert await inbox.replay(claim.inbox_id) == 1
    assert await inbox.replay(claim.inbox_id) == 0
    (again,) = await inbox.claim(10)
    assert (again.inbox_id, again.attempts, again.arrival.text) == (claim.inbox_id, 1, "boom")
    await inbox.settle(again, TurnOutcome(messages=lines("after all")))
    said = spoken(await timeline(opened, claim))
    assert said == ["message contact: boom", "message system: sorry", "message bot: after all"]
    assert [letter.inbox_id for letter in await inbox.dead_letters()] == [other.inbox_id]
    assert await inbox.replay(None) == 1
    assert await inbox.dead_letters() == []


async def test_a_replayed_message_and_the_next_one_are_both_answered_once(opened: OpenStore, inbox: Inbox) -> None:
    """Replayed while a later message is in hands, the later one to end sees another tracker and is tried again."""
    dead = await given_up(inbox)
    later = await claimed(inbox, written("later", number=2))
    await inbox.replay(dead.inbox_id)
    (replayed,) = await inbox.claim(10)
    outcome = TurnOutcome(messages=lines("after all"), tracker_events=(b"{}",))
    await inbox.settle(replayed, outcome)
    with pytest.raises(LeaseLost):
        await inbox.settle(later, TurnOutcome(messages=lines("re later"), tracker_events=(b"{}",)))
    await let_leases_expire(opened.database)
    (again,) = await inbox.claim(10)
    await inbox.settle(again, TurnOutcome(messages=lines("re later"), tracker_events=(b"{}",)))
    assert spoken(await timeline(opened, dead))[-2:] == ["message bot: after all", "message bot: re later"]
