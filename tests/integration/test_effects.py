"""Effects: recorded before they are tried, done once for each key, never told to another contact."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.business import Business
from relevo.contracts.store import Effects, Intent
from relevo.domain.effects import Decision, EffectOrder, EffectResult, EffectState, Verdict
from relevo.errors import AccessDenied, StaleVerdict
from relevo.flow.effects import perform
from relevo.testing import Died
from relevo.testing.ledger import Ledger, Trouble
from tests.integration.hands import do_nothing_at_once

pytestmark = pytest.mark.anyio

CONVERSATION = Intent(conversation_id=UUID(int=1))
ALLOWED = Verdict(decision=Decision.AUTO, rule="points.allowed")
REFUSED = Verdict(decision=Decision.REFUSED, rule="points.window", facts={"days": 180})
TO_APPROVE = Verdict(decision=Decision.NEEDS_APPROVAL, rule="points.amount")


def order(key: str = "credit:T1", *, ref: str = "C001", amount: int = 100) -> EffectOrder:
    """Give an order of a contact."""
    return EffectOrder(key=key, kind="credit", business_ref=ref, arguments={"amount": amount})


@dataclass(frozen=True)
class World:
    """A record of effects and a business that carries them out."""

    opened: OpenStore
    business: Ledger

    @property
    def effects(self) -> Effects:
        return self.opened.store.effects

    async def perform(self, verdict: Verdict = ALLOWED, ordered: EffectOrder | None = None) -> EffectResult:
        services = Services(self.business, self.effects)
        return await perform(ordered or order(), verdict, services, CONVERSATION)

    async def recorded(self) -> list[tuple[Any, ...]]:
        return await self.opened.database.rows(
            "SELECT key, business_ref, state, rule, result, arguments FROM effects ORDER BY key"
        )


@dataclass(frozen=True)
class Services:
    business: Business
    effects: Effects


@pytest.fixture(params=["at once", "the long way"])
async def world(database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Give a world of this test alone, in which nothing can be done at once where it is to go the long way."""
    if request.param == "the long way":
        do_nothing_at_once(monkeypatch)
    async with open_store(database) as opened:
        yield World(opened, Ledger())


async def test_an_allowed_effect_is_done_and_recorded(world: World) -> None:
    """The result is the business's, under the rule that allowed it."""
    result = await world.perform()
    assert result == EffectResult(key="credit:T1", state=EffectState.DONE, rule="points.allowed", result={"booking": 1})
    assert await world.recorded() == [("credit:T1", "C001", "done", "points.allowed", {"booking": 1}, {"amount": 100})]


async def test_the_same_key_gives_the_recorded_result(world: World) -> None:
    """However often, by whatever words and with whatever verdict it is asked for: the business is asked once."""
    first = await world.perform()
    for verdict in (ALLOWED, REFUSED, TO_APPROVE):
        assert await world.perform(verdict, order(amount=999)) == first
    assert world.business.asked == {"credit:T1": 1}


async def test_racing_orders_of_one_key_are_one_deed(world: World) -> None:
    """Two conversations of one contact at once: both hear the same result."""
    results = await asyncio.gather(*(world.perform() for _ in range(8)))
    assert len({str(result) for result in results}) == 1
    assert list(world.business.booked) == ["credit:T1"]


@pytest.mark.parametrize("death", [Trouble.DIES_BEFORE, Trouble.DIES_AFTER])
@pytest.mark.parametrize("later", [ALLOWED, REFUSED, TO_APPROVE])
async def test_a_crash_between_intent_and_result_is_ended_by_the_retry(
    world: World, death: Trouble, later: Verdict
) -> None:
    """What was begun is finished under the rule that allowed it, even if the deed itself has changed the facts."""
    world.business.fail(death)
    with pytest.raises(Died):
        await world.perform()
    assert [row[2] for row in await world.recorded()] == ["intended"]
    result = await world.perform(later)
    assert (result.state, result.rule, result.result) == (EffectState.DONE, "points.allowed", {"booking": 1})
    assert [row[2:4] for row in await world.recorded()] == [("done", "points.allowed")]
    assert list(world.business.booked) == ["credit:T1"]


async def test_a_refusal_by_policy_never_reaches_the_business(world: World) -> None:
    """It is recorded with its rule, and what the rule's sentence needs is given."""
    result = await world.perform(REFUSED)
    assert (result.state, result.rule, result.result) == (EffectState.REFUSED, "points.window", {"days": 180})
    assert [row[2:4] for row in await world.recorded()] == [("refused", "points.window")]
    assert world.business.asked == {}


@pytest.mark.parametrize("by", ["policy", "business"])
async def test_what_was_refused_may_be_tried_again(world: World, by: str) -> None:
    """The reason may be gone; the record then tells of the new order."""
    if by == "business":
        world.business.fail(Trouble.REFUSES)
    refused = await world.perform(ALLOWED if by == "business" else REFUSED)
    assert refused.state is EffectState.REFUSED
    assert (await world.perform(ordered=order(amount=50))).state is EffectState.DONE
    assert await world.recorded() == [("credit:T1", "C001", "done", "points.allowed", {"booking": 1}, {"amount": 50})]


async def test_a_business_that_refuses_names_its_reason(world: World) -> None:
    """Its stable code becomes the rule."""
    world.business.fail(Trouble.REFUSES)
    assert (await world.perform()).rule == "testing.business_refuses"


@pytest.mark.parametrize("silence", [Trouble.SILENT_BEFORE, Trouble.SILENT_AFTER])
async def test_a_business_that_does_not_answer_leaves_it_unconfirmed(world: World, silence: Trouble) -> None:
    """Nobody knows whether it was done: it is said so, and not tried again without a person."""
    world.business.fail(silence)
    for _ in range(2):
        assert (await world.perform()).state is EffectState.UNCONFIRMED
    assert world.business.asked == {"credit:T1": 1}


async def test_a_failed_effect_may_be_tried_again(world: World) -> None:
    """Failed means certainly not done."""
    await world.effects.intend(order(), EffectState.INTENDED, "points.allowed", CONVERSATION)
    await world.effects.conclude(EffectResult(key="credit:T1", state=EffectState.FAILED))
    assert (await world.perform()).state is EffectState.DONE


async def test_a_prepared_effect_waits_for_its_approval(world: World) -> None:
    """Asked again, even where the policy would allow it by now, it is still the one that waits for a person."""
    for verdict in (TO_APPROVE, ALLOWED, REFUSED):
        result = await world.perform(verdict)
        assert (result.state, result.rule) == (EffectState.PREPARED, "points.amount")
    assert world.business.asked == {}


async def test_a_done_effect_stays_done(world: World) -> None:
    """A worker that comes late with another ending changes nothing."""
    await world.perform()
    before = await world.recorded()
    for state in (EffectState.REFUSED, EffectState.FAILED, EffectState.UNCONFIRMED):
        await world.effects.conclude(EffectResult(key="credit:T1", state=state, result={"late": True}))
    assert await world.recorded() == before


@pytest.mark.parametrize("known", ["done", "intended", "prepared", "unconfirmed"])
async def test_another_contact_s_effect_is_not_told(world: World, known: str) -> None:
    """Who names another's ticket learns nothing of what was done with it, and changes nothing."""
    if known == "intended":
        await world.effects.intend(order(), EffectState.INTENDED, "points.allowed", CONVERSATION)
    else:
        world.business.fail(*[Trouble.SILENT_BEFORE] * (known == "unconfirmed"))
        await world.perform(TO_APPROVE if known == "prepared" else ALLOWED)
    before, asked = await world.recorded(), world.business.asked.copy()
    assert before[0][2] == known
    for verdict in (ALLOWED, REFUSED, TO_APPROVE):
        with pytest.raises(AccessDenied):
            await world.perform(verdict, order(ref="C002"))
    assert (await world.recorded(), world.business.asked) == (before, asked)


async def test_who_asked_for_another_s_ticket_does_not_keep_its_owner_from_it(world: World) -> None:
    """What was refused to one contact is not reserved for them: the owner's order takes its place."""
    await world.perform(REFUSED, order(ref="C002"))
    assert (await world.perform(ordered=order(ref="C001"))).state is EffectState.DONE
    assert [row[1:3] for row in await world.recorded()] == [("C001", "done")]
    with pytest.raises(AccessDenied):
        await world.perform(ALLOWED, order(ref="C002"))


@pytest.mark.parametrize("dirt", ["\x00", "\ud800"])
async def test_a_result_that_no_database_can_hold_is_recorded_even_so(world: World, dirt: str) -> None:
    """A done effect is recorded as done, whatever its business said about it."""
    await world.effects.intend(order(), EffectState.INTENDED, "points.allowed", CONVERSATION)
    result = EffectResult(key="credit:T1", state=EffectState.DONE, result={f"k{dirt}": [f"v{dirt}"]})
    await world.effects.conclude(result)
    assert [row[2] for row in await world.recorded()] == ["done"]


async def test_a_verdict_that_counted_on_another_sum_is_not_recorded(world: World) -> None:
    """Of two effects that were judged before either was recorded, the second is to be judged again."""
    intent = Intent(conversation_id=UUID(int=1), window_days=30, spent=0)

    async def intend(key: str, spent: int) -> EffectResult | None:
        counted = EffectOrder(key=key, kind="credit", business_ref="C001", arguments={}, amount=70, unit="points")
        return await world.effects.intend(counted, EffectState.INTENDED, "r", replace(intent, spent=spent))

    both = await asyncio.gather(intend("one", 0), intend("two", 0), return_exceptions=True)
    assert sorted(map(type, both), key=str) == [type(None), StaleVerdict]
    (row,) = await world.recorded()
    other = {"one": "two", "two": "one"}[row[0]]
    with pytest.raises(StaleVerdict):
        await intend(other, 69)
    assert await intend(other, 70) is None
    assert await world.effects.spent("credit", "C001", 30) == 140


async def test_every_case_number_is_given_out_once(world: World) -> None:
    """Also to many at once, and with the name that is told to contacts."""
    numbers = await asyncio.gather(*(world.effects.next_case_id() for _ in range(20)))
    assert len(set(numbers)) == 20
    assert min(numbers) == "CASE-7101"
