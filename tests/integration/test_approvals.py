"""What people decide about prepared effects: within their limits, by four eyes, once, and heard by the contact."""

from __future__ import annotations

import asyncio
import time

import pytest

from relevo.domain.conversations import Control
from relevo.domain.effects import EffectState
from relevo.errors import AccessDenied, Conflict, NotFound, Unreadable
from relevo.flow.deliver import Deliverer
from tests.integration.office import DONE, Office

pytestmark = pytest.mark.anyio


async def test_an_approval_does_it_once_tells_the_contact_and_closes_the_case(office: Office) -> None:
    """The business, the outbox, the timeline and the case agree."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    result = await office.decider().approve(key, (await office.effect()).hash, kim)
    assert (result.state, result.result) == (EffectState.DONE, {"booking": 1})
    assert office.business.asked == {key: 1}
    assert await office.heard() == [DONE]
    case, effect = await office.case(), await office.effect()
    assert (case.status, case.outcome, effect.state, effect.decided_by) == (
        "resolved",
        "approved",
        EffectState.DONE,
        kim.id,
    )


@pytest.mark.parametrize(
    ("limits", "code", "sentence"),
    [
        ({}, "no_limit", "You may not approve points; a colleague with a limit can. It waits in the list."),
        ({"money": 10_000}, "no_limit", "You may not approve points"),
        ({"points": 99}, "limit", "100 points is beyond your limit of 99 points; a colleague with a higher one"),
    ],
)
async def test_nobody_approves_beyond_their_limit(
    office: Office, limits: dict[str, int], code: str, sentence: str
) -> None:
    """The sentence says who can; a supervisor with the limit then may."""
    key, kim, boss = (
        await office.prepared(),
        await office.agent("kim", limits),
        await office.agent("boss", {"points": 100}),
    )
    hash_ = (await office.effect()).hash
    with pytest.raises(AccessDenied, match=sentence) as refused:
        await office.decider().approve(key, hash_, kim)
    assert refused.value.reason == code
    assert office.business.asked == {}
    assert (await office.decider().approve(key, hash_, boss)).state is EffectState.DONE


async def test_money_and_points_have_limits_of_their_own(office: Office) -> None:
    """What somebody may give in points says nothing about euros."""
    key = await office.prepared(amount=100, unit="EUR")
    points, money = await office.agent("points", {"points": 10**6}), await office.agent("money", {"money": 100})
    hash_ = (await office.effect()).hash
    with pytest.raises(AccessDenied, match="You may not approve money"):
        await office.decider().approve(key, hash_, points)
    assert (await office.decider().approve(key, hash_, money)).state is EffectState.DONE


async def test_whoever_changed_the_amount_does_not_approve_it(office: Office) -> None:
    """Four eyes: somebody else may, and exactly the new amount is done."""
    key, kim, lee = (
        await office.prepared(),
        await office.agent("kim", {"points": 100}),
        await office.agent("lee", {"points": 50}),
    )
    changed = await office.decider().change_amount(key, (await office.effect()).hash, kim, 50)
    with pytest.raises(Conflict) as refused:
        await office.decider().approve(key, changed.hash, kim)
    assert refused.value.reason == "four_eyes"
    await office.decider().approve(key, changed.hash, lee)
    assert (office.business.booked[key].amount, office.business.booked[key].arguments["amount"]) == (50, 50)


async def test_an_amount_is_changed_within_limits_and_only_downwards(office: Office) -> None:
    """Nobody makes it more than the contact asked for, in one step or in two."""
    key, kim, low = (
        await office.prepared(),
        await office.agent("kim", {"points": 500}),
        await office.agent("low", {"points": 10}),
    )
    hash_ = (await office.effect()).hash
    for amount in (0, -1, 101):
        with pytest.raises(Unreadable, match="at most what was asked for"):
            await office.decider().change_amount(key, hash_, kim, amount)
    with pytest.raises(AccessDenied, match="beyond your limit"):
        await office.decider().change_amount(key, hash_, low, 50)
    changed = await office.decider().change_amount(key, hash_, kim, 50)
    with pytest.raises(Unreadable):
        await office.decider().change_amount(key, changed.hash, kim, 101)
    assert (await office.decider().change_amount(key, changed.hash, kim, 100)).order.amount == 100
    assert await office.heard() == []


async def test_nobody_approves_what_is_their_own(office: Office) -> None:
    """An agent who is the contact has to leave it to a colleague."""
    key, own, lee = (
        await office.prepared(),
        await office.agent("own", {"points": 100}, ref="C001"),
        await office.agent("lee", {"points": 100}),
    )
    hash_ = (await office.effect()).hash
    with pytest.raises(Conflict) as refused:
        await office.decider().approve(key, hash_, own)
    assert refused.value.reason == "own_contact"
    assert (await office.decider().approve(key, hash_, lee)).state is EffectState.DONE


@pytest.mark.parametrize("verb", ["approve", "decline", "change"])
async def test_what_was_changed_since_it_was_shown_is_not_decided(office: Office, verb: str) -> None:
    """The hash binds what was seen."""
    key, kim, lee = (
        await office.prepared(),
        await office.agent("kim", {"points": 100}),
        await office.agent("lee", {"points": 100}),
    )
    shown = (await office.effect()).hash
    await office.decider().change_amount(key, shown, kim, 50)
    with pytest.raises(Conflict) as refused:
        await office.decides(verb, key, shown, lee)
    assert refused.value.reason == "changed"
    assert (await office.effect()).state is EffectState.PREPARED


@pytest.mark.parametrize("verb", ["approve", "decline", "change"])
async def test_what_nobody_decided_in_time_is_over(office: Office, verb: str) -> None:
    """The watcher refuses it once and tells the contact; the case stays, and is more urgent, as they are told."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    await office.let_time_pass()
    with pytest.raises(Conflict) as late:
        await office.decides(verb, key, (await office.effect()).hash, kim)
    assert late.value.reason == "expired"
    await asyncio.gather(*(office.decider().step() for _ in range(3)))
    case, effect = await office.case(), await office.effect()
    assert (effect.state, effect.rule, case.status) == (EffectState.REFUSED, "approval.expired", "open")
    assert [reason.code for reason in case.priority.reasons] == ["approval_expired"]
    assert case.due_at is not None
    told = await office.heard()
    assert len(told) == 1
    assert "nobody has decided about CASE-T1 in time" in told[0]
    assert office.business.asked == {}


async def test_of_two_approvals_at_once_one_wins_and_the_other_learns_who(office: Office) -> None:
    """Nothing is done twice or told twice."""
    key, kim, lee = (
        await office.prepared(),
        await office.agent("kim", {"points": 100}),
        await office.agent("lee", {"points": 100}),
    )
    hash_ = (await office.effect()).hash
    results = await asyncio.gather(
        *(office.decider().approve(key, hash_, agent) for agent in (kim, lee)), return_exceptions=True
    )
    (lost,) = [result for result in results if isinstance(result, BaseException)]
    assert isinstance(lost, Conflict)
    winner = kim if (await office.effect()).decided_by == kim.id else lee
    assert f"decided already by {winner.name}" in str(lost)
    assert office.business.asked == {key: 1}
    assert await office.heard() == [DONE]


async def test_approving_against_declining_has_one_outcome(office: Office) -> None:
    """The contact hears one of them, and only that one is true."""
    kim, lee = await office.agent("kim", {"points": 100}), await office.agent("lee", {"points": 100})
    for number in range(1, 9):
        key = await office.prepared(f"T{number}")
        hash_ = (await office.effect(f"T{number}")).hash
        verbs = [office.decides(verb, key, hash_, who) for verb, who in (("approve", kim), ("decline", lee))]
        results = await asyncio.gather(*(verbs if number % 2 else reversed(verbs)), return_exceptions=True)
        assert sum(isinstance(result, Conflict) for result in results) == 1, results
        state = (await office.effect(f"T{number}")).state
        assert (key in office.business.booked) is (state is EffectState.DONE)
        assert len(await office.heard()) == number


async def test_what_the_policy_refuses_by_now_is_not_approved(office: Office) -> None:
    """Nothing is done, and it still waits, to be declined."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    office.judge.most = 99
    with pytest.raises(Conflict, match=r"refuses this by now \(testing.too_much\)") as refused:
        await office.decider().approve(key, (await office.effect()).hash, kim)
    assert refused.value.reason == "policy"
    assert (await office.effect()).state is EffectState.PREPARED
    assert (office.business.asked, await office.heard()) == ({}, [])


async def test_two_approvals_for_one_person_do_not_pass_their_limit_together(office: Office) -> None:
    """Each alone is within the sum; at the same moment, the second sees the first."""
    office.judge.most = 150
    kim, lee = await office.agent("kim", {"points": 100}), await office.agent("lee", {"points": 100})
    keys = [await office.prepared("T1"), await office.prepared("T2")]
    hashes = [(await office.effect(ticket)).hash for ticket in ("T1", "T2")]
    results = await asyncio.gather(
        *(office.decider().approve(*which) for which in zip(keys, hashes, (kim, lee), strict=True)),
        return_exceptions=True,
    )
    assert sorted(isinstance(result, Conflict) for result in results) == [False, True], results
    assert len(office.business.booked) == 1


async def test_who_has_no_account_any_more_decides_nothing(office: Office) -> None:
    """Also where their page is still open."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    await office.opened.store.accounts.remove_agent(kim.email)
    for verb in ("approve", "decline", "change"):
        with pytest.raises(Conflict, match="Your account was removed") as refused:
            await office.decides(verb, key, (await office.effect()).hash, kim)
        assert refused.value.reason == "no_account"
    assert (office.business.asked, await office.heard()) == ({}, [])


async def test_declining_tells_the_reason_once_and_closes_the_case(office: Office) -> None:
    """The contact reads the agent's own words."""
    key, kim = await office.prepared(), await office.agent("kim")
    hash_ = (await office.effect()).hash
    for reason in ("", "   ", "x" * 501):
        with pytest.raises(Unreadable, match="the customer reads it"):
            await office.decider().decline(key, hash_, kim, reason)
    await office.decider().decline(key, hash_, kim, " the flight was not yours ")
    with pytest.raises(Conflict, match="decided already by kim"):
        await office.decider().decline(key, hash_, kim, "again")
    (told,) = await office.heard()
    assert "could not approve it: the flight was not yours. Your case is CASE-T1" in told
    case, effect = await office.case(), await office.effect()
    assert (case.status, case.outcome, effect.reason) == ("resolved", "refused", "the flight was not yours.")


async def test_a_decision_reaches_a_contact_who_is_with_a_person(office: Office) -> None:
    """Approval is no handoff: whoever has control, the words are the system's and go out."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    effect, store = await office.effect(), office.opened.store
    assert effect.conversation_id is not None
    await store.handoffs.take_over(effect.conversation_id, 0, kim.id, None)
    await office.decider().approve(key, effect.hash, kim)
    assert await office.heard() == [DONE]
    assert (await store.conversations.get(effect.conversation_id)).control is Control.AGENT


async def test_a_case_that_waits_for_a_decision_is_not_closed_by_hand(office: Office) -> None:
    """And one that was closed before it waited stays closed when it is done."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    with pytest.raises(Conflict, match="approve or decline it first"):
        await office.opened.store.case_work.close("CASE-T1", kim.id, "resolved")
    await office.opened.database.run("UPDATE cases SET status = 'closed', outcome = 'by hand'")
    await office.decider().approve(key, (await office.effect()).hash, kim)
    case = await office.case()
    assert (case.status, case.outcome, await office.heard()) == ("closed", "by hand", [DONE])


async def test_an_effect_that_nobody_knows_is_said_to_be_none(office: Office) -> None:
    """Whatever is asked of it."""
    kim = await office.agent("kim", {"points": 100})
    for verb in ("approve", "decline", "change"):
        with pytest.raises(NotFound):
            await office.decides(verb, "credit:none", "hash", kim)


async def test_the_contact_hears_it_at_once(office: Office) -> None:
    """From the click to the platform it is far less than the two seconds that are promised."""
    key, kim = await office.prepared(), await office.agent("kim", {"points": 100})
    stop = asyncio.Event()
    deliverer = Deliverer(
        outbox=office.opened.store.outbox, channels={office.channel.name: office.channel}, live=office.opened.live
    )
    sending = asyncio.create_task(deliverer.run(stop))
    hash_, began = (await office.effect()).hash, time.perf_counter()
    await office.decider().approve(key, hash_, kim)
    while not office.channel.shown:
        await asyncio.sleep(0.001)
    seconds = time.perf_counter() - began
    stop.set()
    await sending
    print(f"from the click to the platform: {1000 * seconds:.0f} ms")
    assert office.channel.shown_to("amina") == [DONE]
    assert seconds < 2
