"""The demo company: its data, who somebody is, and points credited once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict, NotFound
from relevo.store.aurora import Aurora
from relevo.store.aurora_demo import ZONE, demo_agents, demo_cases
from relevo.store.pool import Database

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 30, 22, 30, tzinfo=timezone.utc)  # past midnight in Madrid
TICKETS = ("0751000000011", "0751000000012")


@pytest.fixture
async def aurora(database: str) -> AsyncIterator[Aurora]:
    """The demo company, loaded as of NOW."""
    opened = Database(database, size=8)
    await opened.open()
    business = Aurora(opened)
    assert await business.load(NOW)
    yield business
    await opened.close()


def _order(
    ticket: str = TICKETS[0], *, ref: str = "C001", points: int = 5640, kind: str = "credit_points"
) -> EffectOrder:
    return EffectOrder(
        key=f"{kind}:{ticket}", kind=kind, business_ref=ref, arguments={"ticket": ticket, "points": points}
    )


async def _points(business: Aurora, ref: str = "C001") -> int | None:
    return (await business.person(ref)).points


async def test_dates_count_from_the_anchor_where_the_company_is(aurora: Aurora) -> None:
    """At half past midnight in Madrid it is July there already."""
    newest, *_, oldest = await aurora.trips("C001")
    assert newest.flown_on == date(2026, 6, 30)
    assert newest.credited_at == (NOW - timedelta(hours=20)).astimezone(ZONE)
    assert (oldest.flight, oldest.flown_on) == ("AU0702", date(2026, 7, 1) - timedelta(days=41))


async def test_an_untouched_demo_is_anchored_anew(aurora: Aurora) -> None:
    """No claim window goes stale while nobody does anything."""
    assert await aurora.load(NOW + timedelta(days=300))
    assert (await aurora.trips("C001"))[0].flown_on == date(2026, 6, 30) + timedelta(days=300)


async def test_a_touched_demo_stays_until_it_is_reset(aurora: Aurora) -> None:
    """What somebody did is not undone by a restart, only on request."""
    await aurora.carry_out(_order())
    assert not await aurora.load(NOW + timedelta(days=300))
    assert await _points(aurora) == 23_890
    await aurora.reset(NOW)
    assert await _points(aurora) == 18_250
    assert await aurora.load(NOW)


async def test_loading_at_once_from_many_processes_loads_whole(aurora: Aurora) -> None:
    """Several starts at the same moment leave one demo."""
    assert all(await asyncio.gather(*(aurora.load(NOW) for _ in range(6))))
    assert len(await aurora.trips("C001")) == 3


@pytest.mark.parametrize(
    ("facts", "ref"),
    [
        ({"loyalty_number": "AU48207315", "booking_code": "RBL7Q2"}, "C001"),
        ({"ticket": "0751000000041", "email": "PRIYA.ANAND@example.com"}, "C004"),
        ({"order": "AO-50052", "phone": "+819000000008"}, "C008"),
        ({"loyalty_number": "AU48207315", "phone": "600000001"}, "C001"),
        ({"loyalty_number": "AU48207315", "name": "lucia robles"}, "C001"),
        ({"loyalty_number": "AU48207315", "name": "Lucy Robles"}, None),
        ({"loyalty_number": "AU48207315", "booking_code": "OWH5T4"}, None),
        ({"loyalty_number": "AU48207315", "ticket": "0751000000041"}, None),
        ({"loyalty_number": "AU48207315", "phone": "+44600000001"}, None),
        ({"loyalty_number": "AU48207315", "phone": "1"}, None),
        ({"loyalty_number": "AU48207315", "shoe_size": "38"}, None),
        ({"loyalty_number": "%"}, None),
        ({"loyalty_number": ""}, None),
        ({}, None),
    ],
)
async def test_a_person_is_whom_all_facts_describe(aurora: Aurora, facts: dict[str, str], ref: str | None) -> None:
    """Every fact must fit; what fits nobody or everybody is nobody."""
    assert await aurora.identify(facts) == ref


async def test_nobody_else_is_found(aurora: Aurora) -> None:
    """An unknown reference is a clear error, and nobody has another's tickets."""
    with pytest.raises(NotFound):
        await aurora.person("C999")
    assert await aurora.trips("C999") == []
    assert {trip.ticket for trip in await aurora.trips("C004")} == {"0751000000041"}


async def test_points_are_credited_once_for_a_key(aurora: Aurora) -> None:
    """The same order again gives the same result, and nothing more happens."""
    first, second, again = [await aurora.carry_out(_order(ticket)) for ticket in (*TICKETS, TICKETS[0])]
    assert first == again == {"ticket": TICKETS[0], "points": 5640, "balance": 23_890}
    assert second["balance"] == 29_530
    assert await _points(aurora) == 29_530


async def test_points_are_credited_once_under_pressure(aurora: Aurora) -> None:
    """Twenty at the same moment are one, with one result."""
    results = await asyncio.gather(*(aurora.carry_out(_order(TICKETS[n % 2])) for n in range(20)))
    assert await _points(aurora) == 29_530
    assert len({(result["ticket"], result["balance"]) for result in results}) == 2


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (_order("0751000000041", points=1245), "points.unknown_ticket"),
        (_order("0759999999999"), "points.unknown_ticket"),
        (_order("0751000000013", points=1245), "points.already_credited"),
        (_order("0751000000032", ref="C003", points=0), "points.not_due"),
        (_order(points=56_400), "points.not_due"),
        (_order(kind="refund"), "unknown_effect"),
    ],
)
async def test_what_is_not_theirs_or_not_due_is_refused(aurora: Aurora, order: EffectOrder, reason: str) -> None:
    """And leaves no trace: the right order goes through afterwards."""
    before = await _points(aurora)
    with pytest.raises(Conflict) as refused:
        await aurora.carry_out(order)
    assert refused.value.reason == reason
    assert await _points(aurora) == before
    assert (await aurora.carry_out(_order()))["balance"] == 23_890


async def test_a_key_is_nobody_elses(aurora: Aurora) -> None:
    """The same key for another person is refused instead of giving away the first one's result."""
    await aurora.carry_out(_order())
    with pytest.raises(Conflict):
        await aurora.carry_out(_order(ref="C002"))


def test_the_demo_knows_its_agents_and_open_cases() -> None:
    """Who works there with which limits, and what was open before the bot came."""
    agents: dict[str, Any] = {agent.email: agent for agent in demo_agents()}
    assert agents["noelia@aurora.example"].limits == {"money": 1_000_000, "points": 100_000}
    assert agents["george@aurora.example"].limits == {}
    cases = {case.id: case for case in demo_cases(NOW)}
    assert cases["CASE-7001"].reference == "AO-50017"
    assert cases["CASE-7002"].promised_at == NOW - timedelta(hours=2)
