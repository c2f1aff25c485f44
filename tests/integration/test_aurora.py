"""The demo company: its data, who somebody is, and points credited once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from relevo.contracts.records import Order, Subscription, Trip
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict, NotFound
from relevo.store.aurora.company import Aurora
from relevo.store.aurora.demo import ZONE, demo_agents, demo_cases
from relevo.store.aurora.desk import AuroraDesk
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
    newest, *_, oldest = await aurora.records(Trip, "C001")
    assert newest.flown_on == date(2026, 6, 30)
    assert newest.credited_at == (NOW - timedelta(hours=20)).astimezone(ZONE)
    assert (oldest.flight, oldest.flown_on) == ("AU0702", date(2026, 7, 1) - timedelta(days=41))


async def test_an_untouched_demo_is_anchored_anew(aurora: Aurora) -> None:
    """No claim window goes stale while nobody does anything."""
    assert await aurora.load(NOW + timedelta(days=300))
    assert (await aurora.records(Trip, "C001"))[0].flown_on == date(2026, 6, 30) + timedelta(days=300)


async def test_who_called_and_wrote_before_the_bot_came_is_on_the_desk(database: str) -> None:
    """Once, however often it is loaded; with the times of the last load."""
    opened = Database(database, size=2)
    await opened.open()
    for anchor in (NOW, NOW + timedelta(days=3)):
        await AuroraDesk(opened).load(anchor)
    rows = await opened.rows(
        "SELECT k.business_ref, x.kind, x.is_answered FROM encounters x JOIN contacts k ON k.id = x.contact_id"
        " WHERE x.happened_at > %s ORDER BY x.external_id",
        (NOW - timedelta(days=11),),
    )
    await opened.close()
    assert rows == [
        ("C004", "call", False), ("C004", "email", False), ("C005", "email", True), ("C005", "call", True)
    ]  # fmt: skip


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
    assert len(await aurora.records(Trip, "C001")) == 3


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
    assert await aurora.records(Trip, "C999") == []
    assert {trip.ticket for trip in await aurora.records(Trip, "C004")} == {"0751000000041"}


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
        (_order(kind="upgrade"), "unknown_effect"),
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


def _refund(
    order: str = "AO-50052", payment: str | None = "PAY-9002", amount: int = 2880, **changed: Any
) -> EffectOrder:
    values: dict[str, Any] = {
        "key": f"refund:{order}:{payment or 'delivery'}",
        "kind": "refund",
        "business_ref": "C008",
        "arguments": {"order": order, "payment": payment},
        "amount": amount,
        "unit": "EUR",
    }
    return EffectOrder(**values | changed)


DELIVERY = _refund("AO-50017", None, 745_500, business_ref="C005")


async def test_orders_come_with_what_they_cost_and_how_they_were_paid(aurora: Aurora) -> None:
    """And nobody sees another's."""
    (order,) = await aurora.records(Order, "C006")
    assert (order.id, order.goods, order.delivery, order.total, order.paid) == ("AO-50063", 20_000, 0, 20_000, 20_000)
    assert [(payment.id, payment.amount, payment.method) for payment in order.payments] == [
        ("PAY-8963", 10_000, "card ending 6006"),
        ("PAY-8964", 10_000, "gift card"),
    ]
    assert (order.placed_on, order.items) == (date(2026, 6, 24), ("Noise-cancelling headphones",))
    (order,) = await aurora.records(Order, "C005")
    assert (order.seller, order.is_third_party, order.goods, order.delivery) == ("Papelera Norte", True, 9000, 745_500)
    assert await aurora.records(Order, "C999") == []


async def test_a_payment_goes_back_once_for_a_key(aurora: Aurora) -> None:
    """Twenty at the same moment are one, with one reference; afterwards the order tells of it."""
    results = await asyncio.gather(*(aurora.carry_out(_refund()) for _ in range(20)))
    assert len({str(result) for result in results}) == 1
    assert results[0] == {
        "order": "AO-50052",
        "charge": "PAY-9002",
        "amount": 2880,
        "unit": "EUR",
        "reference": results[0]["reference"],
        "payments": [{"payment": "PAY-9002", "method": "card ending 0982", "amount": 2880}],
    }
    (order,) = await aurora.records(Order, "C008")
    assert order.paid == order.total == 2880
    (refund,) = order.refunds
    assert (refund.charge, refund.amount, refund.reference) == ("PAY-9002", 2880, results[0]["reference"])


async def test_a_delivery_goes_back_whole(aurora: Aurora) -> None:
    """To the card that paid for it; a person may have made it less."""
    done = await aurora.carry_out(DELIVERY)
    assert done["payments"] == [{"payment": "PAY-8801", "method": "card ending 4417", "amount": 745_500}]
    await aurora.reset(NOW)
    assert (await aurora.carry_out(_refund("AO-50017", None, 500_000, business_ref="C005")))["amount"] == 500_000


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (_refund(business_ref="C001"), "refund.unknown_order"),
        (_refund("AO-59999"), "refund.unknown_order"),
        (_refund(amount=2881), "refund.not_due"),
        (_refund(amount=0), "refund.not_due"),
        (_refund(amount=-2880), "refund.not_due"),
        (_refund(unit="USD"), "refund.not_due"),
        (_refund(payment="PAY-8801"), "refund.not_due"),
        (_refund(payment=None, amount=391), "refund.not_due"),
        (_refund("AO-50063", "PAY-8964", 10_000, business_ref="C006"), "refund.not_due"),
        (_refund("AO-50017", None, 745_501, business_ref="C005"), "refund.not_due"),
    ],
)
async def test_what_an_order_does_not_owe_is_refused(aurora: Aurora, order: EffectOrder, reason: str) -> None:
    """Another's, too much, nothing, another currency, another order's payment; and no trace is left."""
    with pytest.raises(Conflict) as refused:
        await aurora.carry_out(order)
    assert refused.value.reason == reason
    assert (await aurora.carry_out(_refund()))["amount"] == 2880


async def test_only_what_is_too_much_goes_back_of_two_payments(aurora: Aurora) -> None:
    """The first payment stays, whoever asks for it under whatever key, and the other one does not go back twice."""
    await aurora.carry_out(_refund())
    for order in (_refund(payment="PAY-9001"), _refund(key="refund:again")):
        with pytest.raises(Conflict):
            await aurora.carry_out(order)


async def test_two_charges_of_one_order_at_the_same_moment(aurora: Aurora) -> None:
    """Either payment may go back, never both."""
    orders = [_refund(payment=payment) for payment in ("PAY-9001", "PAY-9002")]
    results = await asyncio.gather(*map(aurora.carry_out, orders), return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 1


def _cancellation(subscription: str = "SUB-301", ref: str = "C002", ends_on: str = "2026-07-06") -> EffectOrder:
    return EffectOrder(
        key=f"cancel_subscription:{subscription}",
        kind="cancel_subscription",
        business_ref=ref,
        arguments={"subscription": subscription, "ends_on": ends_on},
    )


async def test_subscriptions_come_with_the_end_of_what_is_paid(aurora: Aurora) -> None:
    """Where one renews, or ends; and nobody sees another's."""
    (active,) = await aurora.records(Subscription, "C002")
    assert (active.id, active.plan, active.price, active.is_active) == ("SUB-301", "Wi-Fi Unlimited", 1499, True)
    assert active.paid_until == date(2026, 7, 6)
    (cancelled,) = await aurora.records(Subscription, "C003")
    assert (cancelled.paid_until, cancelled.is_active) == (date(2026, 7, 3), False)
    assert await aurora.records(Subscription, "C001") == []


async def test_a_subscription_is_cancelled_once_for_a_key(aurora: Aurora) -> None:
    """Twenty at the same moment are one, with one result; afterwards it does not renew."""
    results = await asyncio.gather(*(aurora.carry_out(_cancellation()) for _ in range(20)))
    assert all(
        result == {"subscription": "SUB-301", "plan": "Wi-Fi Unlimited", "ends_on": "2026-07-06"} for result in results
    )
    (cancelled,) = await aurora.records(Subscription, "C002")
    assert (cancelled.is_active, cancelled.paid_until) == (False, date(2026, 7, 6))
    with pytest.raises(Conflict) as refused:
        await aurora.carry_out(replace(_cancellation(), key="cancel_subscription:again"))
    assert refused.value.reason == "subscription.active"


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (_cancellation(ref="C001"), "subscription.unknown"),
        (_cancellation("SUB-999"), "subscription.unknown"),
        (_cancellation(ends_on="2026-07-05"), "subscription.other_end"),
        (_cancellation("SUB-303", "C003", "2026-07-03"), "subscription.active"),
    ],
)
async def test_another_subscription_than_was_shown_stays(aurora: Aurora, order: EffectOrder, reason: str) -> None:
    """Another's, one that ends on another day, one that was cancelled before; and no trace is left."""
    with pytest.raises(Conflict) as refused:
        await aurora.carry_out(order)
    assert refused.value.reason == reason
    (active,) = await aurora.records(Subscription, "C002")
    assert active.is_active


async def test_a_demo_that_was_changed_before_it_had_orders_gets_them(aurora: Aurora, database: str) -> None:
    """What was done in it stays."""
    await aurora.carry_out(_order())
    opened = Database(database)
    await opened.open()
    for table in ("payments", "items", "orders", "subscriptions"):
        await opened.run(f"DELETE FROM aurora_{table}")
    await opened.close()
    assert not await aurora.load(NOW + timedelta(days=300))
    (order,) = await aurora.records(Order, "C008")
    assert order.placed_on == date(2026, 6, 30)
    assert [one.id for one in await aurora.records(Subscription, "C005")] == ["SUB-302"]
    assert await _points(aurora) == 23_890


def test_the_demo_knows_its_agents_and_open_cases() -> None:
    """Who works there with which limits, and what was open before the bot came."""
    agents: dict[str, Any] = {agent.email: agent for agent in demo_agents()}
    assert agents["noelia@aurora.example"].limits == {"money": 1_000_000, "points": 100_000}
    assert agents["george@aurora.example"].limits == {}
    cases = {case.id: case for case in demo_cases(NOW)}
    assert cases["CASE-7001"].reference == "AO-50017"
    assert cases["CASE-7002"].promised_at == NOW - timedelta(hours=2)
