"""Conversations: who answers changes by compare-and-set along the drawn arrows, and timelines are read in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import product
from uuid import UUID

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.conversations import Conversations
from relevo.contracts.store import TurnOutcome
from relevo.domain.conversations import Control, may_change
from relevo.domain.messages import Author, Button, Content
from relevo.errors import Conflict, NotFound
from tests.integration.hands import claimed, everything, lines, spoken, written

pytestmark = pytest.mark.anyio

NOBODY = UUID(int=1)


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """Give a store of this test alone."""
    async with open_store(database) as opened:
        yield opened


@pytest.fixture
def conversations(opened: OpenStore) -> Conversations:
    """Give its conversations."""
    return opened.store.conversations


@pytest.fixture
async def amina(opened: OpenStore) -> UUID:
    """Give the conversation of somebody who wrote and was answered."""
    claim = await claimed(opened.store.inbox)
    await opened.store.inbox.settle(claim, TurnOutcome(messages=lines("hi")))
    return claim.conversation.id


async def test_control_passes_along_the_arrows_and_nowhere_else(
    opened: OpenStore, conversations: Conversations, amina: UUID
) -> None:
    """Every pair of states: an allowed change raises the version and is on the timeline, any other is a conflict."""
    allowed = 0
    for before, after in product(Control, Control):
        await opened.database.run("UPDATE conversations SET control = %s", (before.value,))
        conversation = await conversations.get(amina)
        if may_change(before, after):
            version = await conversations.pass_control(amina, conversation.control_version, after)
            assert version == conversation.control_version + 1
            found = await conversations.get(amina)
            assert (found.control, found.control_version) == (after, version)
            (entry,) = await conversations.entries(amina, conversation.last_position)
            assert (entry.kind, entry.content.custom) == ("control", {"from": before.value, "to": after.value})
            allowed += 1
        else:
            state = await everything(opened.database)
            with pytest.raises(Conflict) as refused:
                await conversations.pass_control(amina, conversation.control_version, after)
            assert refused.value.reason == "control"
            assert await everything(opened.database) == state
    assert allowed == 23, "the table of domain.conversations has changed"


@pytest.mark.parametrize("off_by", [-1, 1])
async def test_control_is_not_taken_on_an_old_look(
    opened: OpenStore, conversations: Conversations, off_by: int
) -> None:
    """Who has seen another version is told to look again, and nothing changes."""
    claim = await claimed(opened.store.inbox)
    await conversations.pass_control(claim.conversation.id, 0, Control.REQUESTED)
    before = await everything(opened.database)
    with pytest.raises(Conflict):
        await conversations.pass_control(claim.conversation.id, 1 + off_by, Control.AGENT)
    assert await everything(opened.database) == before


async def test_of_agents_who_take_control_at_once_one_gets_it(conversations: Conversations, amina: UUID) -> None:
    """The others hear that somebody was faster."""
    taken = await asyncio.gather(
        *(conversations.pass_control(amina, 0, Control.AGENT) for _ in range(8)), return_exceptions=True
    )
    assert taken.count(1) == 1
    assert sum(isinstance(each, Conflict) for each in taken) == 7


async def test_control_is_taken_while_turns_end_and_messages_arrive(
    opened: OpenStore, conversations: Conversations
) -> None:
    """Whatever comes at the same moment, positions have no gap, and the bot's words are a draft from then on."""
    inbox = opened.store.inbox
    for attempt in range(10):
        claim = await claimed(inbox, written(by=f"person {attempt}"))
        conversation_id = claim.conversation.id
        await asyncio.gather(
            inbox.settle(claim, TurnOutcome(messages=lines("bot"))),
            conversations.pass_control(conversation_id, 0, Control.AGENT),
            inbox.receive([written(by=f"person {attempt}", number=2)]),
            conversations.say(conversation_id, Author.AGENT, Content(text="agent")),
        )
        entries = await conversations.entries(conversation_id, 0)
        assert [entry.position for entry in entries] == [1, 2, 3, 4, 5]
        places = {(entry.kind, entry.author.value): entry.position for entry in entries if entry.position > 1}
        spoken_at = places.get(("message", "bot"))
        drafted_at = places.get(("draft", "bot"))
        assert (spoken_at or 0) < places["control", "system"] < (drafted_at or 99), spoken(entries)


async def test_what_an_agent_says_is_on_the_timeline_and_in_the_outbox(
    opened: OpenStore, conversations: Conversations, amina: UUID
) -> None:
    """Everybody leaves by the same door, buttons and all."""
    content = Content(text="See", buttons=(Button(title="Yes", payload="/yes"),), custom={"ñ": "\u202e😀"})
    position = await conversations.say(amina, Author.AGENT, content)
    (entry,) = await conversations.entries(amina, position - 1)
    assert (entry.position, entry.kind, entry.author, entry.content) == (position, "message", Author.AGENT, content)
    assert (await opened.database.rows("SELECT position, state FROM deliveries"))[-1] == (position, "queued")


async def test_racing_words_of_agents_get_places_of_their_own(conversations: Conversations, amina: UUID) -> None:
    """No two messages share a position, and none is lost."""
    said = [conversations.say(amina, Author.AGENT, Content(text=str(n))) for n in range(16)]
    positions = await asyncio.gather(*said)
    assert sorted(positions) == list(range(3, 19))


async def test_a_timeline_is_read_after_a_cursor(conversations: Conversations, amina: UUID) -> None:
    """Oldest first, at most so many; the last position is the next cursor."""
    for number in range(5):
        await conversations.say(amina, Author.AGENT, Content(text=str(number)))
    pages, cursor = [], 0
    while page := await conversations.entries(amina, cursor, limit=3):
        pages.append([entry.position for entry in page])
        cursor = page[-1].position
    assert pages == [[1, 2, 3], [4, 5, 6], [7]]


async def test_a_conversation_is_found_by_address_and_by_id(conversations: Conversations, amina: UUID) -> None:
    """Both give the same; another address, channel or id gives none."""
    found = await conversations.find("push", "amina")
    assert found == await conversations.get(amina)
    assert await conversations.find("push", "bilal") is None
    assert await conversations.find("widget", "amina") is None


async def test_what_is_not_there_is_said_to_be_missing(conversations: Conversations) -> None:
    """Reading, speaking and passing control end in the same sentence."""
    for attempt in (
        conversations.get(NOBODY),
        conversations.say(NOBODY, Author.AGENT, Content(text="hello?")),
        conversations.pass_control(NOBODY, 0, Control.AGENT),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await conversations.entries(NOBODY, 0) == []
