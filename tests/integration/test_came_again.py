"""A contact who comes again about an open case: linked and more urgent, with what a person decides about in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.store import Intent, TurnOutcome
from relevo.domain.cases import Case, CaseContact, CaseRequest, Priority, Trigger
from relevo.domain.effects import EffectOrder, EffectState
from tests.integration.hands import claimed, written

pytestmark = pytest.mark.anyio

CASE = CaseRequest(id="CASE-1", type="overcharge", trigger=Trigger.USER_REQUEST, reference="AO-1", detail={"a": 1})
URGENT = Priority().because("repeated_contact", "2").because("large_amount", "745500")
KEY = "refund:AO-1:delivery"


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """A store with one open case in it."""
    async with open_store(database) as opened:
        await opened.store.inbox.settle(await claimed(opened.store.inbox, written()), TurnOutcome(cases=(CASE,)))
        yield opened


async def come_again(opened: OpenStore, contact: CaseContact, number: int = 2) -> Case:
    """Have a turn say so, and give the case as it is then."""
    claim = await claimed(opened.store.inbox, written(number=number))
    await opened.store.inbox.settle(claim, TurnOutcome(contacts=(contact,)))
    return await opened.store.desk.case("CASE-1")


async def prepare(opened: OpenStore) -> None:
    """Let an effect wait for a person."""
    order = EffectOrder(key=KEY, kind="refund", business_ref="C005", arguments={}, amount=745_500, unit="EUR")
    claim = await claimed(opened.store.inbox, written(number=9))
    await opened.store.inbox.settle(claim, TurnOutcome())
    await opened.store.effects.intend(
        order, EffectState.PREPARED, "refund.at_once_limit", Intent(conversation_id=claim.conversation.id)
    )


async def test_it_is_more_urgent_and_holds_what_is_new(opened: OpenStore) -> None:
    """The goal is kept where there was none; what is known stays, and what is new joins it."""
    contact = CaseContact(case_id="CASE-1", priority=URGENT, goal="my delivery", detail={"b": 2})
    case = await come_again(opened, contact)
    assert (case.goal, case.detail, case.priority.score, case.contacted) == ("my delivery", {"a": 1, "b": 2}, 60, 2)
    case = await come_again(opened, CaseContact(case_id="CASE-1", priority=URGENT, goal="something else"), 3)
    assert (case.goal, case.contacted) == ("my delivery", 3)


async def test_the_same_contact_is_counted_once(opened: OpenStore) -> None:
    """A later turn of the same conversation only adds to it."""
    case = await come_again(opened, CaseContact(case_id="CASE-1", priority=URGENT, is_counted=False))
    assert case.contacted == 1


async def test_a_prepared_effect_is_decided_about_in_it(opened: OpenStore) -> None:
    """No second case is needed."""
    await prepare(opened)
    case = await come_again(opened, CaseContact(case_id="CASE-1", priority=URGENT, effects=(KEY,)))
    assert case.waits_for_approval
    assert [effect.order.key for effect in await opened.store.desk.effects_of("CASE-1")] == [KEY]


async def test_a_case_that_was_closed_meanwhile_is_open_again_for_what_waits_in_it(opened: OpenStore) -> None:
    """Nothing waits where nobody looks; without anything that waits, what is closed stays closed."""
    await opened.store.case_work.close("CASE-1", 1, "resolved")
    assert not (await come_again(opened, CaseContact(case_id="CASE-1", priority=URGENT))).is_open
    await prepare(opened)
    case = await come_again(opened, CaseContact(case_id="CASE-1", priority=URGENT, effects=(KEY,)), 3)
    assert case.is_open
    assert (case.outcome, case.closed_at) == (None, None)
