"""Where a platform can be asked what it has shown, what may have been sent is looked up before anything else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.channel import LooksUp
from relevo.domain.messages import Author, Content
from relevo.errors import PlatformAway, SendDeferred, SendDelayed
from relevo.flow.deliver import MAX_ATTEMPTS, Deliverer
from relevo.testing.loopback import Fault, Loopback, Remembering
from tests.integration.hands import let_all_be_due
from tests.integration.test_outbox import deliver_all, deliverer, endings, say

pytestmark = pytest.mark.anyio


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """Give a store of this test alone."""
    async with open_store(database) as opened:
        yield opened


@pytest.mark.parametrize(
    "fault", [Fault.ANSWER_LOST, Fault.SEND_LOST, Fault.DIES_AFTER, Fault.DIES_BEFORE, Fault.BROKEN]
)
async def test_what_may_have_been_sent_is_looked_up_and_shown_once(opened: OpenStore, fault: Fault) -> None:
    """In its order: what is behind it waits until it is known."""
    platform = Remembering("push")
    assert isinstance(platform, LooksUp)
    assert not isinstance(Loopback("push"), LooksUp)
    await say(opened, "one", "two")
    platform.fail(fault)
    await deliver_all(opened, platform)
    assert platform.shown_to("amina") == ["one", "two"]
    assert len(platform.looked_up) == 1
    assert await endings(opened) == [("sent", None), ("sent", None)]
    rows = await opened.database.rows("SELECT external_id = 'push-' || id, doubted_at FROM deliveries")
    assert rows == [(True, None)] * 2


@pytest.mark.parametrize(
    "blind", [SendDeferred("It is not listed yet."), PlatformAway("It is away."), KeyError("the channel's own mistake")]
)
async def test_while_nobody_can_tell_it_waits_and_at_last_a_person_decides(opened: OpenStore, blind: Exception) -> None:
    """As long as for a platform that is away; until then nothing is sent, and it counts as no attempt."""
    platform = Remembering("push")
    await say(opened, "one", "two")
    platform.fail(Fault.ANSWER_LOST)
    platform.blind = blind
    looks = MAX_ATTEMPTS + 1 if isinstance(blind, SendDeferred) else 2  # each mistake is logged at length
    for _ in range(1 + looks):
        await deliverer(opened, platform).step()
        await let_all_be_due(opened.database)
    assert platform.attempted == platform.looked_up[:1]
    assert len(platform.looked_up) == looks
    assert (await endings(opened))[0][0] == "queued"
    impatient = Deliverer(
        outbox=opened.store.outbox, channels={"push": platform}, live=opened.live, patience_seconds=0.0
    )
    await impatient.step()
    state, reason = (await endings(opened))[0]
    assert (state, reason.startswith("It could not be looked up")) == ("unconfirmed", True)
    platform.blind = None
    await deliver_all(opened, platform)
    assert platform.shown_to("amina") == ["one", "two"]


async def test_what_is_never_taken_is_refused_after_so_many_tries(opened: OpenStore) -> None:
    """A platform that loses everything is not asked for ever."""
    platform = Remembering("push")
    await say(opened, "one", "two")
    platform.fail(*[Fault.SEND_LOST] * MAX_ATTEMPTS)
    await deliver_all(opened, platform)
    (state, reason), (behind, _) = await endings(opened)
    assert (state, reason, behind) == (
        "refused",
        f"Tried {MAX_ATTEMPTS} times, and the platform never took it.",
        "sent",
    )
    assert len(platform.attempted) == MAX_ATTEMPTS + 1
    assert platform.shown_to("amina") == ["two"]


class Full(Loopback):
    """A platform that takes nothing for now."""

    is_full = True

    async def send(self, delivery):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Take it, or say when."""
        if self.is_full:
            raise SendDelayed("It takes no more for now.", until=delivery.queued_at + timedelta(minutes=7))
        return await super().send(delivery)


async def test_what_a_platform_has_wait_counts_as_no_attempt_and_says_until_when(opened: OpenStore) -> None:
    """However often it is told to wait; its reason is there meanwhile, and gone afterwards."""
    platform = Full("push")
    conversation = await say(opened, "one")
    for _ in range(MAX_ATTEMPTS + 3):
        await deliverer(opened, platform).step()
        await let_all_be_due(opened.database)
    assert await endings(opened) == [("queued", "It takes no more for now.")]
    await deliverer(opened, platform).step()
    (state,) = await opened.store.deliveries.after(conversation, 0)
    assert state.due_at == state.queued_at + timedelta(minutes=7)
    platform.is_full = False
    await deliver_all(opened, platform)
    assert await endings(opened) == [("sent", None)]
    assert await opened.database.rows("SELECT attempts FROM deliveries") == [(1,)]


async def test_answers_are_taken_before_what_nobody_waits_for(opened: OpenStore) -> None:
    """Of those that are due; within a conversation the order stays."""
    early = await say(opened, "one")
    await opened.database.run("DELETE FROM deliveries")
    await opened.store.conversations.say(early, Author.SYSTEM, Content(text="by the way"))
    await say(opened, "answer", by="bilal")
    claims = await opened.store.outbox.claim(["push"], 1)
    assert [delivery.content.text for delivery, _ in claims] == ["answer"]
