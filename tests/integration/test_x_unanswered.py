"""When X does not say whether it sent something, it is found out first: nothing is sent twice, and nothing is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from relevo.errors import LeaseLost, PlatformAway
from relevo.testing.x.faults import Fault
from tests.integration.hands import let_leases_expire
from tests.integration.sending_on_x import sending

pytestmark = pytest.mark.anyio

ARRIVED = (Fault.RESPONSE_LOST, Fault.BROKEN_AFTER)
NOT_ARRIVED = (Fault.REQUEST_LOST, Fault.BROKEN_BEFORE)


@pytest.mark.parametrize("fault", ARRIVED)
async def test_what_arrived_unanswered_is_found_and_not_sent_again(database: str, fault: Fault) -> None:
    """By looking it up, seconds later; then what waited behind it goes."""
    async with sending(database) as here:
        here.x.faults.next("dm.send", fault)
        await here.answer("Your claim is open. See https://aurora.example/claims/7 & write to us.")
        await here.answer("Second")
        await here.send()
        assert [state for state, _ in await here.states()] == ["queued", "queued"]
        await here.later(6)
        await here.send()
        assert [state for state, _ in await here.states()] == ["sent", "sent"]
        assert len(here.ann.heard()) == 2
        assert len(here.x.calls("dm.send")) == 2
        (external_id,) = (await here.opened.database.rows("SELECT external_id FROM deliveries ORDER BY id LIMIT 1"))[0]
        assert external_id == here.x.brand.sent[0].id


@pytest.mark.parametrize("fault", NOT_ARRIVED)
async def test_what_did_not_arrive_is_sent_again_after_a_while(database: str, fault: Fault) -> None:
    """Not before X has had the time to list it."""
    async with sending(database) as here:
        here.x.faults.next("dm.send", fault)
        await here.answer("Hello")
        await here.send()
        await here.later(30)
        await here.send()
        assert (await here.states()) == [("queued", "X did not say whether it was sent.")]
        assert len(here.x.calls("dm.send")) == 1
        await here.later(31)
        await here.send()
        assert here.ann.heard() == ["Hello"]
        assert [state for state, _ in await here.states()] == ["sent"]


async def test_an_echo_settles_it_before_anybody_looks(database: str) -> None:
    """Told by X itself; the same echo again, and one of somebody's own words, are told apart."""
    async with sending(database) as here:
        here.x.faults.next("dm.send", Fault.RESPONSE_LOST)
        await here.answer("Hello")
        await here.send()
        (message,) = here.x.brand.sent
        told = ("2222", message.id, "Hello", message.sent_at)
        with pytest.raises(PlatformAway):
            await here.echoes.confirm("2222", "77", "something else", message.sent_at)
        assert [await here.echoes.confirm(*told), await here.echoes.confirm(*told)] == [True, True]
        assert await here.states() == [("sent", None)]
        assert await here.echoes.confirm("2222", "77", "something else", message.sent_at) is False
        await here.later(70)
        await here.send()
        assert len(here.x.calls("dm.send")) == 1
        assert not here.x.calls("dm.events")


async def test_of_the_same_words_sent_twice_each_is_found_as_itself(database: str) -> None:
    """What an earlier delivery left as is no proof of a later one."""
    async with sending(database) as here:
        await here.answer("Hello")
        await here.send()
        here.x.faults.next("dm.send", Fault.REQUEST_LOST)
        await here.answer("Hello")
        await here.send()
        await here.later(61)
        await here.send()
        assert here.ann.heard() == ["Hello", "Hello"]
        assert len(here.x.calls("dm.send")) == 3


async def test_a_sender_that_died_while_sending_is_the_same_case(database: str) -> None:
    """Whoever comes next looks first; the one who was too slow asks nobody any more."""
    async with sending(database, hosts=2) as here:
        here.x.faults.next("dm.send", Fault.SLOW)
        await here.answer("Hello")
        dying = asyncio.create_task(here.hosts[0].deliverer.step())
        await asyncio.wait_for(here.x.until(lambda: bool(here.ann.heard())), 20)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        here.x.faults.release()
        await here.later(61)
        await here.hosts[1].deliverer.step()
        assert here.ann.heard() == ["Hello"]
        assert [state for state, _ in await here.states()] == ["sent"]
        await here.answer("Slow")
        ((slow, _),) = await here.opened.store.outbox.claim(["x"], 1)
        await let_leases_expire(here.opened.database)
        ((quick, token),) = await here.opened.store.outbox.claim(["x"], 1)
        with pytest.raises(LeaseLost):
            await here.hosts[0].channel.send(slow)
        await here.opened.store.outbox.conclude(quick, token, "sent", external_id="1")
        assert here.ann.heard() == ["Hello"]


async def test_while_x_cannot_be_asked_what_is_in_doubt_waits_and_at_last_a_person_decides(database: str) -> None:
    """Three days, as everything that waits for a platform; a person who has it tried again has it looked up first."""
    async with sending(database) as here:
        here.x.faults.next("dm.send", Fault.RESPONSE_LOST)
        here.x.faults.rate("dm.events", Fault.BROKEN_BEFORE, 1.0)
        conversation = await here.answer("Hello")
        await here.send()
        for _ in range(4):
            await here.later(700)
            await here.send()
        assert [state for state, _ in await here.states()] == ["queued"]
        await here.later(timedelta(days=3).total_seconds())
        await here.send()
        assert [state for state, _ in await here.states()] == ["unconfirmed"]
        here.x.faults.rate("dm.events", Fault.BROKEN_BEFORE, 0.0)
        await here.opened.store.deliveries.retry(conversation, 2, 0)
        await here.later(700)
        await here.send()
        assert [state for state, _ in await here.states()] == ["sent"]
        assert here.ann.heard() == ["Hello"]
