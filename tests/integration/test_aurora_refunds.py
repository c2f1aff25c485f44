"""The demo company paying back: whole orders, pieces of them, fares; each once, in whatever turn, and to the cent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from relevo.contracts.records import Fare, Order
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store.aurora.company import Aurora
from relevo.store.pool import Database

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 30, 10, 0, tzinfo=timezone.utc)


@pytest.fixture
async def opened(database: str) -> AsyncIterator[Database]:
    """The database of the demo company, loaded as of NOW."""
    pool = Database(database, size=8)
    await pool.open()
    assert await Aurora(pool).load(NOW)
    yield pool
    await pool.close()


@pytest.fixture
def aurora(opened: Database) -> Aurora:
    """The demo company."""
    return Aurora(opened)


def _undelivered(order: str, ref: str, amount: int) -> EffectOrder:
    arguments = {"order": order, "ticket": None, "charge": "undelivered"}
    return _effect(f"refund:{order}:undelivered", ref, arguments, amount)


def _return(order: str, ref: str, amount: int, *pieces: tuple[int, int, int]) -> EffectOrder:
    given = [{"item": item, "first": first, "count": count} for item, first, count in pieces]
    name = ",".join(f"{item}.{first}x{count}" for item, first, count in pieces)
    arguments = {"order": order, "ticket": None, "charge": "withdrawal", "pieces": given}
    return _effect(f"refund:{order}:{name}", ref, arguments, amount)


def _fare(ticket: str, ref: str, amount: int, charge: str = "not_flown") -> EffectOrder:
    return _effect(f"refund:{ticket}:fare", ref, {"order": None, "ticket": ticket, "charge": charge}, amount)


def _effect(key: str, ref: str, arguments: dict[str, Any], amount: int, unit: str = "EUR") -> EffectOrder:
    return EffectOrder(key=key, kind="refund", business_ref=ref, arguments=arguments, amount=amount, unit=unit)


CASE = _undelivered("AO-50074", "C003", 19_890)
CANCELLED = _fare("0751000000072", "C007", 8800)


async def _refusal(aurora: Aurora, effect: EffectOrder) -> str:
    with pytest.raises(Conflict) as refused:
        await aurora.carry_out(effect)
    return refused.value.reason


async def test_an_order_that_did_not_come_goes_back_to_each_means_its_own(aurora: Aurora, opened: Database) -> None:
    """Twenty at the same moment are one; the order is cancelled, and nothing of it goes back again."""
    results = await asyncio.gather(*(aurora.carry_out(CASE) for _ in range(20)))
    assert len({str(result) for result in results}) == 1
    assert results[0]["payments"] == [
        {"payment": "PAY-8974", "method": "card ending 8118", "amount": 15_000},
        {"payment": "PAY-8975", "method": "gift card", "amount": 4890},
    ]
    (order,) = await aurora.records(Order, "C003")
    assert (order.left, order.delivery_left, order.lines[0].left) == (0, 0, 0)
    assert await opened.rows("SELECT status FROM aurora_orders WHERE id = 'AO-50074'") == [("cancelled",)]
    assert await _refusal(aurora, _return("AO-50074", "C003", 18_900, (1, 1, 1))) == "refund.already_refunded"
    delivery = _effect("refund:AO-50074:delivery", "C003", {"order": "AO-50074", "payment": None}, 990)
    assert await _refusal(aurora, delivery) == "refund.not_due"


async def test_what_came_meanwhile_does_not_go_back_as_undelivered(aurora: Aurora, opened: Database) -> None:
    """A person may have taken days to decide."""
    await opened.run("UPDATE aurora_orders SET delivered_on = placed_on WHERE id = 'AO-50074'")
    assert await _refusal(aurora, CASE) == "refund.delivered"


async def test_pieces_go_back_one_by_one_and_the_delivery_with_the_last(aurora: Aurora) -> None:
    """In their order, each once, and all of it comes to what was paid."""
    first, rest = ("AO-50078", "C004", 1200, (1, 1, 1)), ("AO-50078", "C004", 5040, (1, 2, 2), (2, 1, 1))
    assert (await aurora.carry_out(_return(*first)))["amount"] == 1200
    assert (await aurora.carry_out(_return(*first)))["amount"] == 1200, "the same key is the same refund"
    assert await _refusal(aurora, _return("AO-50078", "C004", 2400, (1, 1, 2))) == "refund.already_refunded"
    assert await _refusal(aurora, _return("AO-50078", "C004", 2400, (1, 3, 1))) == "refund.already_refunded"
    assert await _refusal(aurora, _return("AO-50078", "C004", 5041, *rest[3:])) == "refund.not_due"
    assert (await aurora.carry_out(_return(*rest)))["amount"] == 5040
    orders = {order.id: order for order in await aurora.records(Order, "C004")}
    assert orders["AO-50078"].left == 0
    assert sum(payment.refunded for payment in orders["AO-50078"].payments) == 6240


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (_return("AO-50078", "C004", 1200, (3, 1, 1)), "refund.already_refunded"),
        (_return("AO-50078", "C004", 4800, (1, 1, 4)), "refund.already_refunded"),
        (_return("AO-50078", "C004", 0, (1, 1, 0)), "refund.already_refunded"),
        (_return("AO-50078", "C001", 1200, (1, 1, 1)), "refund.unknown_order"),
        (_undelivered("AO-50074", "C003", 19_891), "refund.not_due"),
        (_fare("0751000000072", "C007", 8801), "refund.not_due"),
        (_fare("0751000000072", "C001", 8800), "refund.unknown_ticket"),
        (_fare("0751000000071", "C007", 7600), "refund.not_due"),
        (_fare("0751000000022", "C002", 9900, "given_back"), "refund.not_due"),
        (
            _effect("refund:x", "C007", {"order": None, "ticket": None, "charge": "not_flown"}, 1),
            "refund.unknown_ticket",
        ),
    ],
)
async def test_what_is_not_owed_is_refused(aurora: Aurora, effect: EffectOrder, reason: str) -> None:
    """Too many, too much, another's, a flight that was flown; and no trace is left."""
    assert await _refusal(aurora, effect) == reason
    assert (await aurora.carry_out(CANCELLED))["reference"] == "RF-40001"


async def test_a_fare_goes_back_once_whatever_for(aurora: Aurora) -> None:
    """To the means that paid for it; and its ticket says so."""
    done = await aurora.carry_out(CANCELLED)
    assert done["payments"] == [{"payment": "0751000000072", "method": "card ending 5525", "amount": 8800}]
    again = _effect("refund:again", "C007", {"order": None, "ticket": "0751000000072", "charge": "given_back"}, 8800)
    assert await _refusal(aurora, again) == "refund.already_refunded"
    fares = {fare.ticket: fare for fare in await aurora.records(Fare, "C007")}
    assert fares["0751000000072"].refund is not None
    assert fares["0751000000071"].refund is None


async def test_one_order_asked_for_in_every_way_at_the_same_moment_goes_back_once(aurora: Aurora) -> None:
    """As undelivered, as sent back whole and piece by piece, and its second payment: no more than was paid."""
    ways = [
        _undelivered("AO-50044", "C001", 3900),
        _return("AO-50044", "C001", 3900, (1, 1, 2)),
        _return("AO-50044", "C001", 1950, (1, 1, 1)),
        _return("AO-50044", "C001", 1950, (1, 2, 1)),
    ]
    await asyncio.gather(*(aurora.carry_out(way) for way in ways * 3), return_exceptions=True)
    orders = {order.id: order for order in await aurora.records(Order, "C001")}
    assert sum(payment.refunded for payment in orders["AO-50044"].payments) <= 3900
    assert 3900 - orders["AO-50044"].left == sum(refund.amount for refund in orders["AO-50044"].refunds)


async def test_a_demo_that_was_changed_before_it_had_fares_gets_them(aurora: Aurora, opened: Database) -> None:
    """With what was done in it, and the days that it had."""
    await aurora.carry_out(CANCELLED)
    await opened.run("UPDATE aurora_tickets SET fare = NULL, paid_with = NULL WHERE fare_refunded = 0")
    await opened.run("UPDATE aurora_orders SET promised_on = NULL")
    await opened.run("UPDATE aurora_items SET names = NULL")
    assert not await aurora.load(NOW + timedelta(days=300))
    fares = {fare.ticket: fare for fare in await aurora.records(Fare, "C007")}
    assert (fares["0751000000071"].amount, fares["0751000000071"].method) == (7600, "card ending 5525")
    assert fares["0751000000072"].refund is not None
    (order,) = await aurora.records(Order, "C003")
    assert order.promised_on == (NOW - timedelta(days=14)).date()
    assert order.lines[0].names == {"es": "Estuche de vuelo para violín"}
