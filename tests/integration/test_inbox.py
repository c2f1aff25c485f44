"""What came in: kept once, claimed in order by one worker at a time, written by nobody who lost the lease."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.store import Claim, Inbox, TurnOutcome
from relevo.domain.messages import MAX_TEXT_BYTES, Arrival
from relevo.errors import Conflict, LeaseLost
from relevo.flow.receive import arrival, receive
from tests.integration.hands import claimed, everything, let_all_be_due, let_leases_expire, lines, written

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


async def test_a_message_is_kept_once_however_often_it_arrives(opened: OpenStore, inbox: Inbox) -> None:
    """The second arrival gives the first one's place and changes nothing, before and after it was answered."""
    (first,) = await inbox.receive([written()])
    assert (first.is_new, first.is_settled, first.position) == (True, False, 1)
    before = await everything(opened.database)
    (again,) = await inbox.receive([written()])
    assert (again.is_new, again.is_settled) == (False, False)
    assert (again.inbox_id, again.conversation_id, again.position) == (first.inbox_id, first.conversation_id, 1)
    assert await everything(opened.database) == before
    (claim,) = await inbox.claim(1)
    await inbox.settle(claim, TurnOutcome(messages=lines("hi")))
    (answered,) = await inbox.receive([written()])
    assert (answered.inbox_id, answered.is_new, answered.is_settled) == (first.inbox_id, False, True)


async def test_a_used_id_with_another_text_is_refused(opened: OpenStore, inbox: Inbox) -> None:
    """It is a conflict with a stable code, and nothing changes."""
    await inbox.receive([written("hello")])
    before = await everything(opened.database)
    with pytest.raises(Conflict) as refused:
        await inbox.receive([written("goodbye")])
    assert refused.value.reason == "message_id_reused"
    assert await everything(opened.database) == before


async def test_the_same_id_of_another_channel_is_another_message(inbox: Inbox) -> None:
    """Ids are unique within a channel only."""
    (one,) = await inbox.receive([written("hello", channel="push")])
    (other,) = await inbox.receive([written("goodbye", channel="widget")])
    assert one.conversation_id != other.conversation_id
    assert other.is_new


async def test_of_racing_arrivals_of_one_message_one_is_kept(opened: OpenStore, inbox: Inbox) -> None:
    """A platform that sends again at the same moment gets the same place each time."""
    await inbox.receive([written(number=0)])
    received = [found for (found,) in await asyncio.gather(*(inbox.receive([written()]) for _ in range(16)))]
    assert len({found.inbox_id for found in received}) == 1
    assert sum(found.is_new for found in received) == 1
    assert [row[0] for row in await opened.database.rows("SELECT count(*) FROM entries")] == [2]


async def test_racing_first_messages_of_one_address_make_one_conversation(opened: OpenStore, inbox: Inbox) -> None:
    """One contact, one identity, one conversation, and a place of its own for each message."""
    people = [f"person {number}" for number in range(10)]
    for person in people:
        racing = (inbox.receive([written(number=number, by=person)]) for number in range(8))
        received = await asyncio.gather(*racing)
        assert sorted(found.position for (found,) in received) == list(range(1, 9))
        assert len({found.conversation_id for (found,) in received}) == 1
    counts = "SELECT (SELECT count(*) FROM contacts), (SELECT count(*) FROM identities), count(*) FROM conversations"
    assert await opened.database.rows(counts) == [(10, 10, 10)]


async def test_a_batch_is_kept_whole_or_not_at_all(opened: OpenStore, inbox: Inbox) -> None:
    """One message that cannot be kept keeps none of them, so that the platform sends all of them again."""
    await inbox.receive([written("hello", number=1)])
    before = await everything(opened.database)
    with pytest.raises(Conflict):
        await inbox.receive([written(number=2), written(by="bilal"), written("goodbye", number=1)])
    assert await everything(opened.database) == before
    received = await inbox.receive([written(number=2), written(by="bilal"), written(number=2), written(number=3)])
    assert [found.is_new for found in received] == [True, True, False, True]
    assert [found.position for found in received] == [2, 1, 2, 3]


async def test_racing_batches_in_any_order_are_all_kept(opened: OpenStore, inbox: Inbox) -> None:
    """Two batches that touch the same conversations the other way round do not stop each other."""
    people = [f"person {number}" for number in range(12)]
    await inbox.receive([written(by=person, number=0) for person in people])
    for attempt in range(1, 6):
        there = [written(by=person, number=attempt * 2) for person in people]
        back = [written(by=person, number=attempt * 2 + 1) for person in reversed(people)]
        both = await asyncio.gather(inbox.receive(there), inbox.receive(back))
        assert all(found.is_new for batch in both for found in batch)
    assert await opened.database.rows("SELECT count(*) FROM inbox") == [(12 * 11,)]


async def test_a_second_message_waits_for_the_first(inbox: Inbox) -> None:
    """Only the head of a conversation can be taken; the next one follows when it is settled."""
    await inbox.receive([written("first", number=1), written("second", number=2), written("other", by="bilal")])
    claims = await inbox.claim(10)
    assert [claim.arrival.text for claim in claims] == ["first", "other"]
    assert await inbox.claim(10) == []
    committed = await inbox.settle(claims[0], TurnOutcome())
    assert committed.has_next
    (claim,) = await inbox.claim(10)
    assert claim.arrival.text == "second"
    assert not (await inbox.settle(claim, TurnOutcome())).has_next


async def test_the_oldest_are_taken_first_and_no_more_than_asked_for(inbox: Inbox) -> None:
    """A limit keeps the rest for other workers."""
    await inbox.receive([written(by=person) for person in ("amina", "bilal", "chidi")])
    assert [claim.arrival.address for claim in await inbox.claim(2)] == ["amina", "bilal"]
    assert [claim.arrival.address for claim in await inbox.claim(2)] == ["chidi"]


async def test_a_claim_carries_what_came(inbox: Inbox) -> None:
    """Text, metadata, moment and conversation are those of the arrival, and its tries are counted."""
    message = Arrival(channel="push", address="amina", external_id="1", text="hola", metadata={"language": "es"})
    claim = await claimed(inbox, message)
    assert claim.arrival == message
    assert claim.attempts == 1
    assert (claim.conversation.language, claim.conversation.last_position) == ("es", 1)
    assert claim.received_at.utcoffset() is not None


async def test_racing_workers_never_share_a_conversation(inbox: Inbox) -> None:
    """Each conversation is in one pair of hands at a time, and is answered in its order."""
    people, numbers = [f"person {n}" for n in range(6)], range(8)
    await inbox.receive([written(str(number), number=number, by=person) for number in numbers for person in people])
    in_hands: set[str] = set()
    done: dict[str, list[str]] = {person: [] for person in people}
    chance = random.Random(7)

    async def work() -> None:
        while any(len(texts) < len(numbers) for texts in done.values()):
            for claim in await inbox.claim(chance.randint(1, 3)):
                person = claim.arrival.address
                assert person not in in_hands
                in_hands.add(person)
                for _ in range(chance.randint(0, 5)):
                    await asyncio.sleep(0)
                in_hands.discard(person)
                await inbox.settle(claim, TurnOutcome(messages=lines(f"re {claim.arrival.text}")))
                done[person].append(claim.arrival.text)

    await asyncio.wait_for(asyncio.gather(*(work() for _ in range(5))), 60)
    assert done == {person: [str(number) for number in numbers] for person in people}


async def test_a_deferred_message_keeps_its_place(opened: OpenStore, inbox: Inbox) -> None:
    """What is behind it waits with it, others do not, and it comes first when it is due."""
    await inbox.receive([written("first", number=1), written("second", number=2)])
    (claim,) = await inbox.claim(10)
    await inbox.defer(claim, seconds=3600)
    await inbox.receive([written("other", by="bilal")])
    assert [found.arrival.text for found in await inbox.claim(10)] == ["other"]
    await let_all_be_due(opened.database)
    (again,) = await inbox.claim(10)
    assert (again.arrival.text, again.attempts) == ("first", 2)


async def test_an_expired_lease_is_taken_by_another(opened: OpenStore, inbox: Inbox) -> None:
    """A worker that died loses its message to the next one, under another token."""
    claim = await claimed(inbox)
    assert await inbox.claim(10) == []
    await let_leases_expire(opened.database)
    (again,) = await inbox.claim(10)
    assert (again.inbox_id, again.attempts) == (claim.inbox_id, 2)
    assert again.token != claim.token


Ending = Callable[[Inbox, Claim], Awaitable[object]]
ENDINGS: dict[str, Ending] = {
    "settle": lambda inbox, claim: inbox.settle(claim, TurnOutcome(messages=lines("too late"))),
    "defer": lambda inbox, claim: inbox.defer(claim, seconds=0),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("other", ["holds it", "settled it", "deferred it"])
async def test_who_lost_the_lease_writes_nothing(opened: OpenStore, inbox: Inbox, ending: str, other: str) -> None:
    """Whatever the next worker has done meanwhile, the first one is told and changes nothing."""
    claim = await claimed(inbox)
    await let_leases_expire(opened.database)
    (taken,) = await inbox.claim(10)
    if other == "settled it":
        await inbox.settle(taken, TurnOutcome(messages=lines("in time")))
    if other == "deferred it":
        await inbox.defer(taken, seconds=3600)
    before = await everything(opened.database)
    with pytest.raises(LeaseLost):
        await ENDINGS[ending](inbox, claim)
    assert await everything(opened.database) == before


async def test_of_racing_settles_of_two_hands_the_token_decides(opened: OpenStore, inbox: Inbox) -> None:
    """Both ended at the same moment: the one whose lease ran out writes nothing."""
    for number in range(10):
        late = await claimed(inbox, written(number=number))
        await let_leases_expire(opened.database)
        (owner,) = await inbox.claim(1)
        endings = await asyncio.gather(
            inbox.settle(late, TurnOutcome(messages=lines("late"))),
            inbox.settle(owner, TurnOutcome(messages=lines("owner"))),
            return_exceptions=True,
        )
        assert isinstance(endings[0], LeaseLost), endings
    said = "SELECT DISTINCT content ->> 'text' FROM entries WHERE author = 'bot'"
    assert await opened.database.rows(said) == [("owner",)]


async def test_a_lease_that_is_renewed_stays(opened: OpenStore, inbox: Inbox) -> None:
    """Renewing prolongs one's own leases, and nobody else's."""
    mine = await claimed(inbox)
    others = await claimed(inbox, written(by="bilal"))
    await let_leases_expire(opened.database)
    (taken,) = await inbox.claim(1)
    assert taken.inbox_id == mine.inbox_id
    await let_leases_expire(opened.database)
    await inbox.renew([mine, others])
    (again,) = await inbox.claim(10)
    assert again.inbox_id == mine.inbox_id
    await inbox.settle(others, TurnOutcome())


async def test_messages_that_no_bot_takes_are_given_to_the_sweeper(opened: OpenStore, inbox: Inbox) -> None:
    """Only those that wait too long, heads of conversations, in nobody's hands; a returning bot finds none."""
    held = await claimed(inbox, written("held", by="chidi"))
    await inbox.receive([written("first", number=1), written("second", number=2), written("fresh", by="bilal")])
    assert await inbox.abandoned(30) == []
    await opened.database.run("UPDATE inbox SET received_at = now() - interval '1 minute' WHERE text <> 'fresh'")
    (taken,) = await inbox.abandoned(30)
    assert taken.arrival.text == "first"
    assert [claim.arrival.text for claim in await inbox.claim(10)] == ["fresh"]
    await inbox.settle(taken, TurnOutcome())
    await inbox.settle(held, TurnOutcome())


async def test_a_dead_letter_does_not_stop_what_is_behind_it(opened: OpenStore, inbox: Inbox) -> None:
    """It stays visible with its reason, counts as settled, and the conversation goes on."""
    await inbox.receive([written("poison", number=1), written("second", number=2)])
    (claim,) = await inbox.claim(10)
    await inbox.settle(claim, TurnOutcome(messages=lines("sorry"), dead_letter="the action raised"))
    assert await opened.database.rows("SELECT state, error, text FROM inbox ORDER BY id LIMIT 1") == [
        ("dead", "the action raised", "poison")
    ]
    assert (await inbox.receive([written("poison", number=1)]))[0].is_settled
    assert [claim.arrival.text for claim in await inbox.claim(10)] == ["second"]


async def test_what_no_database_can_hold_is_cleaned_at_the_door(opened: OpenStore, inbox: Inbox) -> None:
    """NUL and lone surrogates are gone from text and metadata; the raw bytes are kept beside them."""
    dirty = "a\x00b \ud83d c 😀"
    message = arrival(
        channel="push", address="amina", message_id="1", text=dirty, metadata={"k\x00": [{"\udfff": dirty}]}
    )
    await receive(inbox, opened.live, message)
    (claim,) = await inbox.claim(1)
    assert claim.arrival.text == "ab ? c 😀"
    assert claim.arrival.metadata == {"k": [{"?": "ab ? c 😀"}]}
    assert await opened.database.rows("SELECT raw FROM inbox") == [(dirty.encode("utf-8", "surrogatepass"),)]


@pytest.mark.parametrize("character", ["a", "ñ", "\u202e", "😀", '"', "\\", "\x01"])
async def test_the_longest_text_is_kept_whole(inbox: Inbox, character: str) -> None:
    """64 KiB of anything come back as they were."""
    text = character * (MAX_TEXT_BYTES // len(character.encode()))
    claim = await claimed(inbox, written(text))
    assert claim.arrival.text == text


async def test_odd_metadata_comes_back_as_it_was(inbox: Inbox) -> None:
    """Right to left, combining marks, emoji, escapes, nesting, numbers at the edge of what JSON holds."""
    metadata = {
        "\u202e\u05d0\u05d1": "e\u0301\u200d👩‍👩‍👧‍👦",
        "": {"\\u0000": ["\\", '"', "\x7f", "\u2028", "\uffff", "\U0010ffff"]},
        "numbers": [0, -1, 2**53, -(2**63), 2**64 - 1, 1e-300, 0.1],
        "nothing": [None, True, False, {}, []],
    }
    message = Arrival(channel="push", address="amina", external_id="1", text="hello", metadata=metadata)
    assert (await claimed(inbox, message)).arrival.metadata == metadata
