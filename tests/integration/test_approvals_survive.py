"""What was approved is done once and told once, whoever is silent, refuses or dies on the way."""

from __future__ import annotations

import asyncio

import pytest

from relevo.contracts.store import Intent, TurnOutcome
from relevo.domain.effects import Decision, EffectOrder, EffectResult, EffectState, PreparedEffect, Verdict
from relevo.flow.effects import perform
from relevo.testing import Died
from relevo.testing.ledger import Trouble
from tests.integration.hands import claimed, written
from tests.integration.office import DONE, Office
from tests.integration.test_effects import Services

pytestmark = pytest.mark.anyio

ALLOWED = Verdict(decision=Decision.AUTO, rule="testing.allowed")


async def approved(office: Office, *troubles: Trouble) -> str:
    """Have an agent approve something while things go wrong, and give its key."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    office.business.fail(*troubles)
    result = await office.decider().approve(key, (await office.effect()).hash, kim)
    assert result.state is EffectState.UNCONFIRMED
    return key


async def asked_again(office: Office, effect: PreparedEffect, amount: int) -> EffectState:
    """Have a turn of the same contact ask for the same thing, perhaps for more of it, allowed by then."""
    assert effect.conversation_id is not None
    order = EffectOrder(
        key=effect.order.key, kind="credit", business_ref="C001", arguments={"amount": amount}, amount=amount
    )
    services = Services(office.business, office.opened.store.effects)
    return (await perform(order, ALLOWED, services, Intent(conversation_id=effect.conversation_id))).state


@pytest.mark.parametrize("silence", [Trouble.SILENT_BEFORE, Trouble.SILENT_AFTER])
async def test_a_silent_business_is_asked_again_until_it_answers(office: Office, silence: Trouble) -> None:
    """Nothing is said before it is known; then it is done exactly once."""
    key = await approved(office, silence, silence)
    await office.decider().step()
    assert office.business.asked[key] == 1, "whoever approved it may still be waiting for the answer"
    for _ in range(3):
        await office.let_time_pass()
        await office.decider().step()
    assert (list(office.business.booked), office.business.asked[key]) == ([key], 3)
    assert await office.heard() == [DONE]
    assert ((await office.effect()).state, (await office.case()).status) == (EffectState.DONE, "resolved")


@pytest.mark.parametrize("death", [Trouble.DIES_BEFORE, Trouble.DIES_AFTER])
async def test_a_crash_after_the_approval_is_ended_by_somebody_else(office: Office, death: Trouble) -> None:
    """However many take it up: one deed, one message."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    office.business.fail(death)
    with pytest.raises(Died):
        await office.decider().approve(key, (await office.effect()).hash, kim)
    assert await office.heard() == []
    await office.let_time_pass()
    await asyncio.gather(*(office.decider().step() for _ in range(4)))
    assert list(office.business.booked) == [key]
    assert await office.heard() == [DONE]
    assert (await office.case()).status == "resolved"


async def test_when_the_business_refuses_the_contact_is_told_and_the_case_stays(office: Office) -> None:
    """Somebody has to look into it; the deed of another effect does not close it either."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    office.business.fail(Trouble.REFUSES)
    result = await office.decider().approve(key, (await office.effect()).hash, kim)
    assert (result.state, result.rule) == (EffectState.REFUSED, "testing.business_refuses")
    (told,) = await office.heard()
    assert "could not be done just now. Your case CASE-T1 stays open" in told
    other = await office.prepared("T2")
    await office.opened.database.run("UPDATE effects SET case_id = 'CASE-T1'")
    await office.decider().approve(other, (await office.effect("T2")).hash, kim)
    assert (await office.case()).status == "open"


async def test_one_that_goes_wrong_does_not_keep_the_others_waiting(office: Office) -> None:
    """A business that raises what it may not is one effect's trouble; the next look tries that one again."""
    kim = await office.agent("kim", {"points": 100})
    for ticket in ("T1", "T2"):
        key = await office.prepared(ticket)
        office.business.fail(Trouble.SILENT_BEFORE)
        await office.decider().approve(key, (await office.effect(ticket)).hash, kim)
    await office.let_time_pass()
    office.business.fail(Trouble.BROKEN)
    await office.decider().step()
    assert sorted([(await office.effect(ticket)).state.value for ticket in ("T1", "T2")]) == ["done", "intended"]
    await office.decider().step()
    assert len(office.business.booked) == 2


@pytest.mark.parametrize("name", ["key", "language", "text"])
async def test_what_a_business_calls_its_values_does_not_matter(office: Office, name: str) -> None:
    """They fill the sentence's places, and nothing else."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    await office.opened.database.run(
        f"UPDATE effects SET kind = 'refund', arguments = arguments || '{{\"{name}\": \"x\"}}'"
    )
    await office.decider().approve(key, (await office.effect()).hash, kim)
    assert await office.heard() == [DONE], "a refund's sentence needs a reference, which was not given"


@pytest.mark.parametrize("silence", [Trouble.SILENT_BEFORE, Trouble.SILENT_AFTER])
async def test_who_asks_again_meanwhile_gets_it_once_and_as_it_was_approved(office: Office, silence: Trouble) -> None:
    """A turn does not do what a person approved, with what it asks for now: it was approved as it was shown."""
    key = await approved(office, silence)
    assert await asked_again(office, await office.effect(), 10**6) is EffectState.PREPARED
    await office.let_time_pass()
    await office.decider().step()
    assert office.business.booked[key].amount == 100
    assert ((await office.case()).status, await office.heard()) == ("resolved", [DONE])


async def test_what_a_dead_turn_began_is_ended_as_it_was_allowed(office: Office) -> None:
    """Another order of the same key does not take its place."""
    key = await office.prepared()
    await office.opened.database.run("UPDATE effects SET state = 'intended'")
    assert await asked_again(office, await office.effect(), 10**6) is EffectState.DONE
    assert office.business.booked[key].amount == 100


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (Trouble.SILENT_AFTER, "What you had agreed to before is done."),
        (Trouble.REFUSES, "What you had agreed to before could not be done. Tell me if you still want it."),
    ],
)
async def test_what_a_turn_began_before_a_person_took_its_message_is_ended(
    office: Office, trouble: Trouble, told: str
) -> None:
    """The turn is not run again: somebody else finds out, once, and the contact hears it."""
    key = await office.prepared()
    await office.opened.database.run("UPDATE effects SET state = 'intended', case_id = NULL")
    await office.decider().step()
    assert office.business.asked == {}, "a turn may be about to do it"
    await office.opened.database.run("UPDATE effects SET intended_at = now() - interval '1 hour'")
    claim = await claimed(office.opened.store.inbox, written("hello?", number=9))
    await office.decider().step()
    assert office.business.asked == {}, "a turn that still runs, or is run again, ends it itself"
    await office.opened.store.inbox.settle(claim, TurnOutcome())
    office.business.fail(trouble)
    for _ in range(3):
        await office.decider().step()
        await office.opened.database.run("UPDATE effects SET intended_at = now() - interval '1 hour'")
    assert await office.heard() == [told]
    assert list(office.business.booked) == ([key] if "is done" in told else [])


async def test_what_was_done_is_recorded_as_done_even_after_a_refusal(office: Office) -> None:
    """Two asked at the same moment, since the first was slow: the business refused one and did it for the other."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    approvals = office.opened.store.approvals
    await approvals.approve(key, (await office.effect()).hash, kim.id)
    done = EffectResult(key=key, state=EffectState.DONE)
    assert await approvals.finish(key, EffectResult(key=key, state=EffectState.REFUSED), "not done", closes_case=False)
    assert await approvals.finish(key, done, "done", closes_case=True)
    assert not await approvals.finish(key, done, "done", closes_case=True)
    assert ((await office.effect()).state, await office.heard()) == (EffectState.DONE, ["not done", "done"])
