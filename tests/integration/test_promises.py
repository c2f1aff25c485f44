"""Promised times: when one passes, the contact is written to first, once, and the case is raised with its reason."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from relevo.contracts.clock import system_clock
from relevo.contracts.store import TurnOutcome
from relevo.domain.cases import Case, CaseContact, CaseRequest, Priority, Trigger
from relevo.errors import Conflict
from relevo.flow.promises import PromiseWatch
from tests.integration.hands import claimed, written
from tests.integration.office import Office

pytestmark = pytest.mark.anyio

SORRY = (
    "We said we would have news about your case CASE-1 by now, and we don't yet. I'm sorry. I've marked it as more"
    " urgent; a person will write to you here."
)


async def opened_case(office: Office) -> None:
    """Have a contact open a case."""
    claim = await claimed(office.opened.store.inbox, written("where is my bag?"))
    case = CaseRequest(id="CASE-1", type="lost_baggage", trigger=Trigger.USER_REQUEST)
    await office.opened.store.inbox.settle(claim, TurnOutcome(cases=(case,)))


async def promised(office: Office, *, seconds: float = -1.0) -> None:
    """Promise an answer by a moment from now."""
    await office.opened.store.case_work.promise("CASE-1", system_clock() + timedelta(seconds=seconds))


def watch(office: Office) -> PromiseWatch:
    """Give a watcher, as each web process has one."""
    return PromiseWatch(case_work=office.opened.store.case_work, live=office.opened.live, default_language="en")


async def the_case(office: Office) -> Case:
    """Give the case as it is now."""
    return await office.opened.store.desk.case("CASE-1")


def reasons(case: Case) -> list[str]:
    """Give why a case is urgent."""
    return [reason.code for reason in case.priority.reasons]


async def test_a_missed_promise_is_owned_up_to_once_however_many_watch(office: Office) -> None:
    """The contact does not have to ask, and hears it once."""
    await opened_case(office)
    await promised(office)
    await asyncio.gather(*(watch(office).step() for _ in range(6)))
    assert await watch(office).step() == 0
    assert await office.heard() == [SORRY]
    case = await the_case(office)
    assert (reasons(case), case.priority.level) == (["promise_missed"], "high")
    assert case.due_at is not None
    assert case.due_at <= system_clock()


async def test_a_promise_that_is_still_to_come_is_left_alone(office: Office) -> None:
    """Nobody is told anything."""
    await opened_case(office)
    await promised(office, seconds=3600)
    assert await watch(office).step() == 0
    assert (await office.heard(), reasons(await the_case(office))) == ([], [])


async def test_a_case_without_a_conversation_is_raised_and_nobody_is_written_to(office: Office) -> None:
    """There is nowhere to write."""
    await office.opened.database.run(
        "INSERT INTO cases (id, type, trigger, promised_at)"
        " VALUES ('CASE-1', 'other', 'user_request', now() - interval '1 minute')"
    )
    assert await watch(office).step() == 1
    assert reasons(await the_case(office)) == ["promise_missed"]
    assert await office.opened.database.rows("SELECT FROM deliveries") == []


async def test_a_closed_case_is_left_alone(office: Office) -> None:
    """What was answered is no promise any more, and nothing can be promised in it."""
    await opened_case(office)
    await promised(office)
    await office.opened.store.case_work.close("CASE-1", 1, "found")
    assert await watch(office).step() == 0
    assert await office.heard() == []
    with pytest.raises(Conflict, match="nothing was promised"):
        await promised(office)


async def test_a_new_promise_starts_the_clock_again(office: Office) -> None:
    """Missed again, it is owned up to again."""
    await opened_case(office)
    for number in (1, 2):
        await promised(office)
        await watch(office).step()
        assert await office.heard() == [SORRY] * number
    assert reasons(await the_case(office)) == ["promise_missed"]


async def test_a_promise_renewed_while_the_watcher_looks_is_not_missed(office: Office) -> None:
    """The watcher has read that it passed; by the time it writes, there is another one."""
    await opened_case(office)
    await promised(office)
    work = office.opened.store.case_work
    (missed,) = await work.missed_promises()
    await promised(office, seconds=3600)
    assert not await work.miss("CASE-1", missed.case.priority.because("promise_missed"), SORRY)
    assert (await office.heard(), reasons(await the_case(office))) == ([], [])


async def test_reasons_that_others_add_meanwhile_stay(office: Office) -> None:
    """The contact comes again while the watcher looks, and the other way round: both are known, and both count."""
    await opened_case(office)
    await promised(office)
    work, inbox = office.opened.store.case_work, office.opened.store.inbox
    (missed,) = await work.missed_promises()
    claim = await claimed(inbox, written("any news?", number=2))
    again = CaseContact(case_id="CASE-1", priority=Priority().because("repeated_contact", "2"))
    assert await work.miss("CASE-1", missed.case.priority.because("promise_missed"), SORRY)
    await inbox.settle(claim, TurnOutcome(contacts=(again,)))
    case = await the_case(office)
    assert (reasons(case), case.priority.level) == (["promise_missed", "repeated_contact"], "urgent")
    stored = await office.opened.database.rows("SELECT priority, contacted FROM cases")
    assert stored == [(70, 2)]


async def test_a_watcher_and_turns_about_the_same_case_do_not_wait_for_each_other(office: Office) -> None:
    """All of them at once, again and again: nobody is turned away, and each promise is owned up to once."""
    await opened_case(office)
    inbox = office.opened.store.inbox
    for number in range(2, 22):
        await promised(office)
        claim = await claimed(inbox, written("any news?", number=number))
        again = CaseContact(case_id="CASE-1", priority=Priority().because("repeated_contact", str(number)))
        await asyncio.gather(watch(office).step(), inbox.settle(claim, TurnOutcome(contacts=(again,))))
    assert await office.heard() == [SORRY] * 20
