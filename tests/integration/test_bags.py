"""Missing and damaged bags at the demo company: reported, brought and paid for once each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from relevo.contracts.records import Bag, BagPayment
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store.aurora.company import Aurora
from relevo.store.pool import Database

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 30, 10, 30, tzinfo=timezone.utc)
PRIYA, TOMAS = "C004", "C003"


@pytest.fixture
async def aurora(database: str) -> AsyncIterator[Aurora]:
    """The demo company, loaded as of NOW."""
    opened = Database(database, size=8)
    await opened.open()
    business = Aurora(opened)
    assert await business.load(NOW)
    yield business
    await opened.close()


def _report(tag: str | None = "0751999999", *, ref: str = PRIYA, ticket: str = "0751000000041") -> EffectOrder:
    told = {"ticket": ticket, "tag": tag, "description": "red", "address": None, "reported_on": "2026-06-30"}
    return EffectOrder(key=f"report_baggage:{ticket}:{tag}", kind="report_baggage", business_ref=ref, arguments=told)


def _pay(kind: str = "pay_essentials", *, place: int = 1, amount: int = 5_000, **changed: Any) -> EffectOrder:
    arguments = {"ticket": "0751000000041", "report": "MADAU00417", "place": place, **changed}
    return EffectOrder(
        key=f"{kind}:MADAU00417:{place}",
        kind=kind,
        business_ref=PRIYA,
        arguments=arguments,
        amount=amount,
        unit="EUR",
    )


async def test_the_demo_tells_what_became_of_each_bag(aurora: Aurora) -> None:
    """Of its owner alone."""
    (lost,), (found,) = await aurora.records(Bag, PRIYA), await aurora.records(Bag, TOMAS)
    assert (lost.report, lost.status, lost.flight, lost.delivered_on) == ("MADAU00417", "not_located", "AU1188", None)
    assert lost.flown_on == date(2026, 6, 29)
    assert [(event.event, event.place) for event in found.events] == [
        ("opened", "MAD"),
        ("located", "MEX"),
        ("delivered", None),
    ]
    assert found.delivered_on == date(2026, 6, 26)
    assert await aurora.records(Bag, "C001") == []


async def test_a_bag_is_reported_once_however_often_it_is_asked_for(aurora: Aurora) -> None:
    """Also at the same moment; the next bag gets the next number."""
    results = await asyncio.gather(*(aurora.carry_out(_report()) for _ in range(4)))
    assert {result["report"] for result in results} == {"MADAU00431"}
    assert (await aurora.carry_out(_report("0751888888")))["report"] == "MADAU00432"
    assert [bag.report for bag in await aurora.records(Bag, PRIYA)] == ["MADAU00417", "MADAU00431", "MADAU00432"]


async def test_nobody_reports_a_bag_on_somebody_elses_ticket(aurora: Aurora) -> None:
    """The business refuses, whatever was verified."""
    with pytest.raises(Conflict, match="no such ticket"):
        await aurora.carry_out(_report(ref=TOMAS))


async def test_an_address_changes_once_and_never_after_delivery(aurora: Aurora) -> None:
    """What was shown before another change is not done too."""

    def order(changes: int, report: str = "MADAU00417", ref: str = PRIYA) -> EffectOrder:
        arguments = {"report": report, "address": f"Street {changes}", "address_changes": changes}
        key = f"change_delivery_address:{report}:{changes + 1}"
        return EffectOrder(key=key, kind="change_delivery_address", business_ref=ref, arguments=arguments)

    assert (await aurora.carry_out(order(0)))["address"] == "Street 0"
    assert (await aurora.carry_out(order(0)))["address"] == "Street 0"
    with pytest.raises(Conflict, match="meanwhile"):
        await aurora.carry_out(replace(order(0), key="another"))
    await aurora.carry_out(order(1))
    (bag,) = await aurora.records(Bag, PRIYA)
    assert (bag.delivery_address, bag.address_changes) == ("Street 1", 2)
    with pytest.raises(Conflict, match="delivered already"):
        await aurora.carry_out(order(0, "MADAU00398", TOMAS))
    with pytest.raises(Conflict, match="no such report"):
        await aurora.carry_out(order(2, ref=TOMAS))


async def test_money_is_paid_once_and_to_the_means_of_the_ticket(aurora: Aurora) -> None:
    """The same key gives the same; a key from before another payment is refused."""
    first, again = [await aurora.carry_out(_pay()) for _ in range(2)]
    assert first == again
    assert (first["amount"], first["method"], first["reference"]) == (5_000, "card ending 3094", "BG-60001")
    with pytest.raises(Conflict) as refused:
        await aurora.carry_out(replace(_pay(), key="pay_essentials:another:1"))
    assert refused.value.reason == "baggage.paid_meanwhile"
    assert (await aurora.carry_out(_pay(place=2, amount=700)))["amount"] == 700
    payments = await aurora.records(BagPayment, PRIYA)
    assert [(payment.kind, payment.amount) for payment in payments] == [("essentials", 5_000), ("essentials", 700)]


@pytest.mark.parametrize(
    "order",
    [
        replace(_pay(), business_ref=TOMAS),
        replace(_pay(), unit="GBP"),
        replace(_pay(), amount=0),
        _pay(report="MADAU00398"),
        _pay("pay_damage", ticket="0751000000031", report=None),
    ],
)
async def test_what_is_not_theirs_or_no_money_is_not_paid(aurora: Aurora, order: EffectOrder) -> None:
    """The business refuses, whatever the bot was told."""
    with pytest.raises(Conflict):
        await aurora.carry_out(order)
    assert await aurora.records(BagPayment, PRIYA) == []


async def test_a_fresh_demo_forgets_what_was_done_for_bags(aurora: Aurora) -> None:
    """So that it can be shown again."""
    await aurora.carry_out(_report())
    await aurora.carry_out(_pay())
    await aurora.reset(NOW + timedelta(days=1))
    assert [bag.report for bag in await aurora.records(Bag, PRIYA)] == ["MADAU00417"]
    assert await aurora.records(BagPayment, PRIYA) == []
