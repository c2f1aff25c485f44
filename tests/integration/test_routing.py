"""Offers on a real database: routers that race, agents who answer or do not, contacts who hear how long it takes."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from uuid import UUID

import pytest

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.reaching import Reach
from relevo.contracts.routing import Manner, Routed
from relevo.domain.conversations import Control
from relevo.domain.handoff import Handback
from relevo.domain.queues import Queue, Queues
from relevo.domain.service import Service
from relevo.errors import Conflict
from relevo.flow.desk import DeskWork
from relevo.flow.promises import PromiseWatch
from relevo.store.routing import ONE_ROUTER
from tests.integration.routed import Floor, floor_on

pytestmark = pytest.mark.anyio


@pytest.fixture
async def floor(database: str) -> AsyncIterator[Floor]:
    """A floor."""
    async with floor_on(database) as opened:
        yield opened


async def test_an_offer_is_declined_runs_out_goes_on_and_is_accepted(floor: Floor) -> None:
    """Each is asked once, each answer is on the timeline, and the contact hears who is here."""
    kim, lee = await floor.agent("Kim"), await floor.agent("Lee")
    await floor.says("amina", "person")
    assert (await floor.router().step()).next_at_seconds == pytest.approx(30, abs=3)
    assert await floor.offered("amina") == "Kim"
    amina = await floor.conversation("amina")
    with pytest.raises(Conflict, match="offer has ended"):
        await floor.offers.accept(amina.id, lee)
    await floor.offers.decline(amina.id, kim)
    await floor.router().step()
    assert await floor.offered("amina") == "Lee"
    with pytest.raises(Conflict, match="offer has ended"):
        await floor.offers.decline(amina.id, kim)
    await floor.let_offers_run_out()
    await floor.router().step()
    assert await floor.offered("amina") is None, "everybody was asked, so it rests in the queue"
    assert (await floor.conversation("amina")).control is Control.QUEUED
    await floor.let_waits_age(121)
    await floor.router().step()
    assert await floor.offered("amina") == "Kim", "a new round does not begin with who was asked last"
    await floor.offers.accept(amina.id, kim)
    taken = await floor.conversation("amina")
    assert (taken.control, taken.agent_id) == (Control.AGENT, kim.id)
    assert (await floor.heard("amina"))[-1] == "message system: Kim is with you now and has everything you've written."
    assert (await floor.steps("amina"))[2:] == [
        "offered",
        "queued declined",
        "offered",
        "queued timed_out",
        "offered",
        "agent",
    ]
    with pytest.raises(Conflict, match="Kim has it now"):
        await floor.offers.accept(amina.id, lee)


async def test_what_waits_in_a_queue_that_is_gone_is_routed_anew_and_all_else_stays(floor: Floor) -> None:
    """An administrator gives queues another shape: one waits where it belongs by now, one where it always did."""
    await floor.agent("Kim", queues=("refunds",))
    await floor.says("amina", "refund")
    await floor.says("oliver", "person")
    await floor.router().step()
    router = floor.router()
    router.service = Service(queues=Queues(named=(Queue(name="refunds", case_types=("refund",)),)))
    assert (await router.step()).moved == [(await floor.conversation("amina")).id]
    assert await floor.offered("amina") == "Kim"
    assert (await router.step()).moved == []
    assert await floor.opened.database.rows("SELECT queue FROM handoffs ORDER BY queue") == [("default",), ("refunds",)]


async def test_who_leaves_is_passed_over_and_asked_again_when_they_return(floor: Floor) -> None:
    """Away, or a desk that nobody hears of: the offer goes on at once; coming back begins it anew for them."""
    kim = await floor.agent("Kim")
    await floor.says("amina", "person")
    await floor.router().step()
    await floor.comes(kim, is_away=True)
    await floor.router().step()
    assert (await floor.steps("amina"))[-1] == "queued left"
    assert await floor.offered("amina") is None
    await floor.comes(kim, is_away=False)
    await floor.router().step()
    assert await floor.offered("amina") == "Kim"
    await floor.offers.decline((await floor.conversation("amina")).id, kim)
    await floor.router().step()
    assert await floor.offered("amina") is None
    await floor.comes(kim, is_away=True)
    await floor.comes(kim, is_away=False)
    await floor.router().step()
    assert await floor.offered("amina") == "Kim"


async def test_taken_by_hand_while_offered_one_wins_and_the_other_is_told_by_whom(floor: Floor) -> None:
    """The offer does not keep a colleague from helping; a page that shows the queue of a moment ago may be used."""
    kim, lee = await floor.agent("Kim"), await floor.agent("Lee", is_here=False)
    await floor.says("amina", "person")
    before = await floor.conversation("amina")
    await floor.router().step()
    await floor.opened.store.handoffs.take_over(before.id, before.control_version, lee.id, None)
    with pytest.raises(Conflict, match="Lee has it now"):
        await floor.offers.accept(before.id, kim)
    await floor.router().step()
    assert (await floor.conversation("amina")).agent_id == lee.id


async def test_nobody_there_the_bot_goes_on_and_who_comes_is_offered_it(floor: Floor) -> None:
    """The contact hears that somebody is here now; what was closed meanwhile, or is too long ago, is left alone."""
    for who in ("amina", "bilal", "chen"):
        await floor.says(who, "person")
    assert await floor.heard("amina") == ["message bot: nobody is here"]
    await floor.opened.database.run("UPDATE cases SET status = 'closed' WHERE id = (SELECT max(id) FROM cases)")
    bilal = (await floor.conversation("bilal")).id
    await floor.opened.database.run(
        "UPDATE handoffs SET expires_at = now() - interval '1 s' WHERE conversation_id = %s", (bilal,)
    )
    await floor.router().step()
    assert await floor.offered("amina") is None
    await floor.agent("Kim")
    await floor.router().step()
    assert await floor.offered("amina") == "Kim"
    assert "Somebody from our team is here now" in (await floor.heard("amina"))[-1]
    assert {(await floor.conversation(who)).control for who in ("bilal", "chen")} == {Control.BOT}
    assert await floor.heard("chen") == ["message bot: nobody is here"]


async def test_a_missed_promise_and_a_third_contact_bring_a_person_unasked(floor: Floor) -> None:
    """The bot goes on until somebody can take it; the reason stays in the record."""
    for who in ("amina", "bilal"):
        await floor.says(who, "case")
    await floor.opened.database.run("UPDATE cases SET promised_at = now() WHERE id = (SELECT min(id) FROM cases)")
    store = floor.opened.store
    watch = PromiseWatch(case_work=store.case_work, live=floor.opened.live, default_language="en", store=store)
    assert await watch.step() == 1
    for _ in range(2):
        await floor.says("bilal", "again")
    assert (await floor.heard("bilal"))[-1] == "message bot: re: again"
    triggers = await floor.opened.database.rows("SELECT trigger, state FROM handoffs ORDER BY created_at")
    assert triggers == [("promise_missed", "requested"), ("repeated_contact", "requested")]
    await floor.agent("Kim")
    await floor.router().step()
    assert [await floor.offered(who) for who in ("amina", "bilal")] == ["Kim", "Kim"]


async def test_whatever_makes_an_offer_possible_makes_it_at_once(floor: Floor) -> None:
    """Somebody is queued, comes, or has room again: a router that never looks by itself hears of each."""
    stop = asyncio.Event()
    running = asyncio.create_task(replace(floor.router(), look_seconds=3_600).run(stop))
    try:
        kim = await floor.agent("Kim", capacity=1)
        await floor.says("amina", "person")
        await floor.until_offered("amina")
        await floor.offers.accept((await floor.conversation("amina")).id, kim)
        await floor.says("bilal", "person")
        amina = await floor.conversation("amina")
        desk = DeskWork(store=floor.opened.store, live=floor.opened.live)
        await desk.close(amina.id, amina.control_version, kim, Handback(outcome="resolved"))
        await floor.until_offered("bilal")
        await floor.offers.decline((await floor.conversation("bilal")).id, kim)
        await floor.agent("Lee")
        await floor.until_offered("bilal")
    finally:
        stop.set()
        await running


async def test_queues_and_roles_say_who_is_asked(floor: Floor) -> None:
    """Refunds go to whoever has that queue; danger goes to a supervisor, and to anybody while none is there."""
    await floor.agent("Kim", queues=("default",))
    await floor.says("amina", "refund please")
    assert await floor.heard("amina") == ["message bot: nobody is here"]
    await floor.says("bilal", "danger")
    await floor.router().step()
    assert (await floor.offered("amina"), await floor.offered("bilal")) == (None, "Kim")
    await floor.agent("Max", queues=("money",))
    await floor.agent("Noelia", role="supervisor", queues=("supervisors",))
    await floor.says("chen", "danger")
    await floor.router().step()
    assert (await floor.offered("amina"), await floor.offered("chen")) == ("Max", "Noelia")


async def test_contacts_hear_their_place_and_how_long_it_takes(floor: Floor) -> None:
    """At once where nobody has room, honest without data, again when it changes, and not within a minute."""
    kim = await floor.agent("Kim", capacity=0)
    await floor.says("amina", "person")
    await floor.says("bilal", "person")
    assert (await floor.heard("bilal")) == ["message bot: number 2"]
    for _ in range(2):
        await floor.router().step()
    assert len(await floor.heard("bilal")) == 2
    assert "number 2 in the queue. I can't tell yet" in (await floor.heard("bilal"))[-1]
    amina = await floor.conversation("amina")
    await floor.opened.store.handoffs.take_over(amina.id, amina.control_version, kim.id, None)
    await floor.router().step()
    assert len(await floor.heard("bilal")) == 2
    await floor.let_waits_age(61)
    await floor.router().step()
    assert "number 1 in the queue" in (await floor.heard("bilal"))[-1]
    await floor.opened.database.run(
        "INSERT INTO handoffs (id, conversation_id, episode, idempotency_key, state, trigger, record, expires_at,"
        " waits_since, taken_at, ended_at) SELECT gen_random_uuid(), %s, 10 + n, 'k' || n, 'ended', 'user_request',"
        " '{}', now(), now() - interval '250 s', now(), now() FROM generate_series(1, 5) n",
        (amina.id,),
    )
    await floor.let_waits_age(61)
    await floor.router().step()
    assert "Lately it took us about 5 minutes to answer" in (await floor.heard("bilal"))[-1]
    await floor.says("bilal", "cancel")
    assert (await floor.conversation("bilal")).control is Control.BOT


async def test_who_comes_in_the_middle_of_a_look_is_offered_and_not_told_to_wait(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is free; nobody hears of a queue only because they came between the offers and the line."""
    await floor.agent("Kim")
    look = (routing := floor.opened.store.routing).route

    async def route(manner: Manner) -> Routed:
        routed = await look(manner)
        if not floor.written:
            await floor.says("amina", "person")
        return routed

    monkeypatch.setattr(routing, "route", route)
    for _ in range(2):
        await floor.router().step()
    assert await floor.offered("amina") == "Kim"
    assert await floor.heard("amina") == ["message bot: number 1"]


async def test_where_a_channel_takes_few_messages_a_place_is_told_once(floor: Floor) -> None:
    """What changes about it is not worth one of those few."""
    kim = await floor.agent("Kim", capacity=0)
    await floor.says("amina", "person")
    await floor.says("bilal", "person")
    few = replace(floor.router(), reaches={"push": Reach(joins_turns=True)})
    await few.step()
    assert "number 2 in the queue" in (await floor.heard("bilal"))[-1]
    amina = await floor.conversation("amina")
    await floor.opened.store.handoffs.take_over(amina.id, amina.control_version, kim.id, None)
    await floor.let_waits_age(61)
    await few.step()
    assert len(await floor.heard("bilal")) == 2


async def test_what_is_put_back_or_left_by_who_was_removed_is_offered_to_somebody_else(floor: Floor) -> None:
    """And a supervisor gives what a colleague has to another."""
    kim, lee = await floor.agent("Kim"), await floor.agent("Lee")
    noelia = await floor.agent("Noelia", role="supervisor", is_here=False)
    await floor.says("amina", "person")
    await floor.router().step()
    amina = await floor.conversation("amina")
    await floor.offers.accept(amina.id, kim)
    amina = await floor.conversation("amina")
    await floor.opened.store.handoffs.put_back(amina.id, amina.control_version, kim.id)
    await floor.router().step()
    assert await floor.offered("amina") == "Lee"
    await floor.offers.accept(amina.id, lee)
    amina = await floor.conversation("amina")
    await floor.offers.assign(amina.id, amina.control_version, kim.id, noelia)
    assert (await floor.conversation("amina")).agent_id == kim.id
    with pytest.raises(Conflict, match="Kim has it now"):
        await floor.offers.assign(amina.id, amina.control_version, lee.id, noelia)
    await floor.opened.store.accounts.remove_agent(kim.email)
    await floor.opened.store.handoffs.release(kim.id)
    await floor.router().step()
    assert await floor.offered("amina") == "Lee"


async def test_one_router_waits_while_another_decides(floor: Floor) -> None:
    """What is read about load and room stays true until the offers are written."""
    await floor.agent("Kim")
    await floor.says("amina", "person")
    database = floor.opened.database
    async with database.connection() as connection:
        async with connection.transaction():
            await connection.execute(ONE_ROUTER)
            looking = asyncio.create_task(floor.router().step())
            waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while not (await database.rows(waits))[0][0]:
                assert not looking.done(), "it did not wait"
                await asyncio.sleep(0.01)
            assert await floor.offered("amina") is None
        await looking
    assert await floor.offered("amina") == "Kim"


async def test_however_routers_race_each_conversation_is_offered_to_one_and_nobody_gets_too_many(database: str) -> None:
    """Several processes route while agents accept, decline, take by hand and hand back; nothing is lost."""
    draw = random.Random(18)
    async with AsyncExitStack() as stack:
        floors = [await stack.enter_async_context(floor_on(database)) for _ in range(3)]
        agents = {(a := await floors[0].agent(f"a{n}", capacity=1 + n % 3)).id: a for n in range(5)}
        people = [f"p{n}" for n in range(10)]
        for who in people:
            await floors[0].says(who, "person")
        for _ in range(5):
            await asyncio.gather(*(floor.router().step() for floor in floors), *_acting(floors, agents, draw))
            line = await floors[0].opened.store.routing.line()
            team = await floors[1].opened.store.routing.team(45)
            held = [one.conversation_id for member in team for one in member.held]
            waiting = [entry.conversation_id for entry in line]
            assert Counter([*held, *waiting]) == Counter(set(held) | set(waiting))
            assert len(held) + len(waiting) == len(people), "none is lost"
            for member in team:
                offered = sum(entry.offered_to == member.id for entry in line)
                assert offered + len(member.held) <= member.capacity
        rows = await floors[0].opened.database.rows(
            "SELECT h.state, c.control FROM handoffs h JOIN conversations c ON c.id = h.conversation_id"
        )
        assert all(state == control for state, control in rows), rows


def _acting(floors: list[Floor], agents: dict[int, AgentAccount], draw: random.Random) -> list[asyncio.Task[None]]:
    return [
        asyncio.create_task(_act(draw.choice(floors), agent, draw.choice(["accept", "accept", "decline", "put_back"])))
        for agent in agents.values()
    ]


async def _act(floor: Floor, agent: AgentAccount, verb: str) -> None:
    """Do one thing with everything that an agent is offered or has; somebody else may be quicker."""
    store = floor.opened.store
    theirs: list[UUID] = [e.conversation_id for e in await store.routing.line() if e.offered_to == agent.id]
    for conversation_id in theirs if verb != "put_back" else ():
        try:
            await getattr(floor.offers, verb)(conversation_id, agent)
        except Conflict:
            continue
    if verb == "put_back":
        for member in await store.routing.team(45):
            for held in member.held if member.id == agent.id else ():
                await store.handoffs.put_back(held.conversation_id, held.control_version, agent.id)
