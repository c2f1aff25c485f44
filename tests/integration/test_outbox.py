"""What must go out: in order within a conversation, once, to an ending that everybody can see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.channel import Delivery
from relevo.contracts.store import Outbox, TurnOutcome
from relevo.domain.messages import Author, Content
from relevo.errors import LeaseLost
from relevo.flow.deliver import MAX_ATTEMPTS, Deliverer
from relevo.testing import Died
from relevo.testing.loopback import Fault, Loopback
from tests.integration.hands import claimed, eventually, let_all_be_due, let_leases_expire, lines, written

pytestmark = pytest.mark.anyio

SOON = datetime.now(timezone.utc) + timedelta(hours=1)


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """Give a store of this test alone."""
    async with open_store(database) as opened:
        yield opened


@pytest.fixture
def outbox(opened: OpenStore) -> Outbox:
    """Give its outbox."""
    return opened.store.outbox


@pytest.fixture(params=[False, True], ids=["shows duplicates", "drops duplicates"])
def platform(request: pytest.FixtureRequest) -> Loopback:
    """Give both kinds of platforms."""
    return Loopback("push", is_duplicate_safe=request.param)


async def say(opened: OpenStore, *texts: str, by: str = "amina", channel: str = "push") -> UUID:
    """Let the bot say something to somebody."""
    claim = await claimed(opened.store.inbox, written(by=by, channel=channel, number=len(texts)))
    await opened.store.inbox.settle(claim, TurnOutcome(messages=lines(*texts)))
    return claim.conversation.id


def deliverer(opened: OpenStore, platform: Loopback) -> Deliverer:
    """Give what sends to a platform."""
    return Deliverer(outbox=opened.store.outbox, channels={platform.name: platform}, live=opened.live)


async def deliver_all(opened: OpenStore, platform: Loopback) -> None:
    """Send until nothing is left, however often it is deferred or its sender dies."""
    for _ in range(60):
        try:
            while await deliverer(opened, platform).step():
                pass
        except Died:
            await let_leases_expire(opened.database)
        await let_all_be_due(opened.database)
        if not await opened.database.rows("SELECT 1 FROM deliveries WHERE state IN ('queued', 'sending')"):
            return
    pytest.fail("something never ends")


async def endings(opened: OpenStore) -> list[tuple[Any, ...]]:
    """Give state and reason of every delivery in order."""
    return await opened.database.rows("SELECT state, reason FROM deliveries ORDER BY conversation_id, position")


async def test_a_delivery_says_where_it_goes_and_what_it_carries(opened: OpenStore, outbox: Outbox) -> None:
    """Address and content are the conversation's, and nothing was tried yet."""
    conversation_id = await say(opened, "one")
    ((delivery, _),) = await outbox.claim(["push"], 10)
    assert (delivery.channel, delivery.address, delivery.conversation_id) == ("push", "amina", conversation_id)
    assert (delivery.content, delivery.attempts, delivery.may_be_sent) == (Content(text="one"), 1, False)


async def test_a_second_delivery_waits_for_the_first(opened: OpenStore, outbox: Outbox) -> None:
    """Within a conversation one after the other; conversations and channels do not wait for each other."""
    await say(opened, "one", "two")
    await say(opened, "uno", by="bilal")
    await say(opened, "eins", by="chidi", channel="other")
    claims = await outbox.claim(["push"], 10)
    assert [delivery.content.text for delivery, _ in claims] == ["one", "uno"]
    assert await outbox.claim(["push"], 10) == []
    await outbox.conclude(*claims[0], "sent", external_id="x1")
    assert [delivery.content.text for delivery, _ in await outbox.claim(["push"], 10)] == ["two"]
    assert [delivery.content.text for delivery, _ in await outbox.claim(["other"], 10)] == ["eins"]
    assert await outbox.claim([], 10) == []


async def test_racing_senders_never_share_a_conversation(opened: OpenStore, platform: Loopback) -> None:
    """Each message is sent once and in its order, however many senders there are."""
    people, texts = [f"person {n}" for n in range(5)], [str(n) for n in range(6)]
    for person in people:
        await say(opened, *texts, by=person)

    async def send() -> None:
        while await deliverer(opened, platform).step(limit=2) or len(platform.shown) < len(people) * len(texts):
            await asyncio.sleep(0)

    await asyncio.wait_for(asyncio.gather(*(send() for _ in range(4))), 30)
    assert {person: platform.shown_to(person) for person in people} == dict.fromkeys(people, texts)
    assert len(platform.attempted) == len(people) * len(texts)


async def test_a_deferred_delivery_keeps_what_is_behind_it_waiting(opened: OpenStore, outbox: Outbox) -> None:
    """Only its own conversation waits, and it comes first when its time has come."""
    await say(opened, "one", "two")
    ((delivery, token),) = await outbox.claim(["push"], 10)
    await outbox.defer(delivery, token, SOON)
    await say(opened, "uno", by="bilal")
    assert [found.content.text for found, _ in await outbox.claim(["push"], 10)] == ["uno"]
    await let_all_be_due(opened.database)
    ((again, _),) = await outbox.claim(["push"], 10)
    assert (again.id, again.attempts, again.may_be_sent) == (delivery.id, 2, False)


ENDINGS: dict[str, Callable[[Outbox, Delivery, UUID], Awaitable[None]]] = {
    "conclude": lambda outbox, delivery, token: outbox.conclude(delivery, token, "sent"),
    "defer": lambda outbox, delivery, token: outbox.defer(delivery, token, SOON),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("other", ["holds it", "concluded it", "deferred it"])
async def test_a_sender_that_lost_its_lease_writes_nothing(
    opened: OpenStore, outbox: Outbox, ending: str, other: str
) -> None:
    """Whatever the next sender has done meanwhile, the first one is told and changes nothing."""
    await say(opened, "one")
    ((delivery, token),) = await outbox.claim(["push"], 1)
    await let_leases_expire(opened.database)
    ((again, new_token),) = await outbox.claim(["push"], 1)
    assert (again.id, again.may_be_sent) == (delivery.id, True)
    if other == "concluded it":
        await outbox.conclude(again, new_token, "unconfirmed", reason="unknown")
    if other == "deferred it":
        await outbox.defer(again, new_token, SOON + timedelta(hours=1))
    before = await opened.database.rows("SELECT * FROM deliveries")
    with pytest.raises(LeaseLost):
        await ENDINGS[ending](outbox, delivery, token)
    assert await opened.database.rows("SELECT * FROM deliveries") == before


async def test_a_message_is_sent_with_the_platform_s_own_id(opened: OpenStore, platform: Loopback) -> None:
    """It is kept for echoes and receipts."""
    await say(opened, "one")
    await deliver_all(opened, platform)
    assert await opened.database.rows("SELECT state, external_id = 'push-' || id FROM deliveries") == [("sent", True)]


async def test_a_deferred_send_is_tried_again_in_its_place(opened: OpenStore, platform: Loopback) -> None:
    """Certainly not sent: again later, before what is behind it, and later each time."""
    await say(opened, "one", "two")
    platform.fail(Fault.DEFERRED, Fault.DEFERRED)
    waits = []
    for _ in range(2):
        await deliverer(opened, platform).step()
        assert await deliverer(opened, platform).step() == 0
        (row,) = await opened.database.rows("SELECT due_at - now() FROM deliveries ORDER BY position LIMIT 1")
        waits.append(round(row[0].total_seconds()))
        await let_all_be_due(opened.database)
    assert waits == [2, 4]
    await deliver_all(opened, platform)
    assert platform.shown_to("amina") == ["one", "two"]


async def test_a_send_that_is_deferred_for_ever_is_refused_with_its_reason(
    opened: OpenStore, platform: Loopback
) -> None:
    """Nobody waits behind it for ever, and the desk sees why."""
    await say(opened, "one", "two")
    platform.fail(*[Fault.DEFERRED] * MAX_ATTEMPTS)
    await deliver_all(opened, platform)
    assert platform.shown_to("amina") == ["two"]
    (state, reason), _ = await endings(opened)
    assert (state, reason) == ("refused", f"Tried {MAX_ATTEMPTS} times: The platform is busy.")


async def test_a_refused_send_lets_the_next_one_go(opened: OpenStore, platform: Loopback) -> None:
    """It is never tried again, and the desk sees why."""
    await say(opened, "one", "two")
    platform.fail(Fault.REFUSED)
    await deliver_all(opened, platform)
    assert (platform.shown_to("amina"), len(platform.attempted)) == (["two"], 2)
    assert (await endings(opened))[0] == ("refused", "The platform refuses this address.")


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.SEND_LOST, Fault.DIES_AFTER, Fault.DIES_BEFORE])
async def test_what_may_have_been_sent_is_repeated_only_where_duplicates_are_dropped(
    opened: OpenStore, platform: Loopback, fault: Fault
) -> None:
    """Elsewhere it stays unconfirmed for a person to see; nobody hears anything twice, and the next one goes out."""
    await say(opened, "one", "two")
    platform.fail(fault)
    await deliver_all(opened, platform)
    was_shown = fault in {Fault.ANSWER_LOST, Fault.DIES_AFTER} or platform.is_duplicate_safe
    assert platform.shown_to("amina") == (["one", "two"] if was_shown else ["two"])
    (state, reason), (next_state, _) = await endings(opened)
    assert state == ("sent" if platform.is_duplicate_safe else "unconfirmed")
    assert bool(reason) is not platform.is_duplicate_safe
    assert next_state == "sent"


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.DIES_AFTER])
async def test_what_is_unconfirmed_for_ever_never_counts_as_refused(opened: OpenStore, fault: Fault) -> None:
    """Refused means certainly not sent; after so many tries without an answer a person looks."""
    platform = Loopback("push", is_duplicate_safe=True)
    await say(opened, "one", "two")
    platform.fail(*[fault] * MAX_ATTEMPTS)
    await deliver_all(opened, platform)
    assert platform.shown_to("amina") == ["one", "two"]
    assert [state for state, _ in await endings(opened)] == ["unconfirmed", "sent"]
    assert len(platform.attempted) == MAX_ATTEMPTS + 1


async def test_a_channel_s_own_mistake_does_not_stop_the_others(opened: OpenStore) -> None:
    """Nobody knows what its send did: it is unconfirmed, and every other conversation and channel goes on."""
    broken, sound = Loopback("broken"), Loopback("sound")
    await say(opened, "one", "two", channel="broken")
    await say(opened, "uno", by="bilal", channel="sound")
    broken.fail(Fault.BROKEN)
    both = Deliverer(outbox=opened.store.outbox, channels={"broken": broken, "sound": sound}, live=opened.live)
    while await both.step():
        pass
    assert (broken.shown_to("amina"), sound.shown_to("bilal")) == (["two"], ["uno"])
    found = await opened.database.rows("SELECT state, reason FROM deliveries WHERE state <> 'sent'")
    assert [state for state, _ in found] == ["unconfirmed"]
    assert "KeyError" in found[0][1]


async def test_a_reason_that_no_database_can_hold_is_kept_even_so(opened: OpenStore, outbox: Outbox) -> None:
    """Platforms say what they like."""
    await say(opened, "one")
    ((delivery, token),) = await outbox.claim(["push"], 1)
    await outbox.conclude(delivery, token, "refused", external_id="x\x00", reason="no\x00 \ud800")
    assert await endings(opened) == [("refused", "no ?")]


async def test_what_a_page_has_fetched_counts_as_delivered(opened: OpenStore, outbox: Outbox) -> None:
    """Up to its cursor and no further, and nobody else's."""
    amina = await say(opened, "one", "two")
    bilal = await say(opened, "uno", by="bilal")
    await outbox.collect(amina, 2)
    found = "SELECT state FROM deliveries WHERE conversation_id = %s ORDER BY position"
    assert await opened.database.rows(found, (amina,)) == [("delivered",), ("queued",)]
    assert await opened.database.rows(found, (bilal,)) == [("queued",)]


async def test_a_new_message_is_sent_at_once_while_senders_run(opened: OpenStore, platform: Loopback) -> None:
    """Senders that run hear of it, keep the order, and end when they are told to."""
    stop = asyncio.Event()
    running = [asyncio.create_task(deliverer(opened, platform).run(stop)) for _ in range(2)]
    conversation_id = await say(opened, "one")
    for number in range(5):
        await opened.store.conversations.say(conversation_id, Author.AGENT, Content(text=str(number)))
        opened.live.wake_senders()
    await eventually(lambda: len(platform.shown) == 6)
    stop.set()
    opened.live.wake_senders()
    await asyncio.wait_for(asyncio.gather(*running), 10)
    assert platform.shown_to("amina") == ["one", "0", "1", "2", "3", "4"]
