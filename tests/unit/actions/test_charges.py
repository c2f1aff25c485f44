"""Which charges of an order could go back, and how they are written."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from actions.charges import charges, fare, undelivered, whole, withdrawn
from actions.wording import wording
from relevo.contracts.records import DELIVERY, Fare, Item, Order, Payment, Refund


def order(*payments: int, goods: int = 2000, delivery: int = 0, **changed: Any) -> Order:
    """Give an order with these payments, oldest first."""
    values: dict[str, Any] = {
        "id": "AO-1",
        "placed_on": date(2026, 6, 1),
        "promised_on": date(2026, 6, 8),
        "delivered_on": None,
        "seller": "Papelera Norte",
        "is_third_party": False,
        "items": ("Paper",),
        "goods": goods,
        "delivery": delivery,
        "currency": "EUR",
        "payments": tuple(
            Payment(id=f"P{place}", amount=amount, method=f"card ending {place}")
            for place, amount in enumerate(payments, 1)
        ),
    }
    return Order(**values | changed)


def refund(charge: str, amount: int) -> Refund:
    """Give what went back already."""
    when = datetime(2026, 6, 5, tzinfo=timezone.utc)
    return Refund(charge=charge, amount=amount, reference="RF-1", methods=("card ending 2",), refunded_at=when)


@pytest.mark.parametrize(
    ("payments", "back"),
    [
        ((2000,), []),
        ((2000, 2000), [("P2", 2000)]),
        ((2000, 2000, 2000), [("P3", 2000), ("P2", 2000)]),
        ((3000, 2000), [("P2", 2000), ("P1", 1000)]),
        ((1500, 1500), [("P2", 1000)]),
        ((2500,), [("P1", 500)]),
        ((), []),
    ],
)
def test_what_is_above_the_total_comes_from_the_newest_payments(
    payments: tuple[int, ...], back: list[tuple[str, int]]
) -> None:
    """And sums to exactly what was paid too much."""
    found = [(facts["payment"], facts["amount"]) for facts in charges(order(*payments))]
    assert found == back
    assert sum(amount for _, amount in found) == max(0, sum(payments) - 2000)


def test_of_two_payments_that_make_the_total_the_rule_is_asked_too() -> None:
    """So that it can say no by its name; once one went back, nothing more is asked."""
    assert [facts["payment"] for facts in charges(order(1000, 1000))] == ["P2"]
    after = charges(order(2000, 2000, refunds=(refund("P2", 2000),)))
    assert [(facts["payment"], facts["refunded_on"]) for facts in after] == [("P2", "2026-06-05")]


def test_a_delivery_is_one_charge_and_goes_back_to_what_paid_for_it() -> None:
    """The oldest payments that cover it, and no further one."""
    (facts,) = charges(order(9000, 3000, goods=2000, delivery=10_000))[:1]
    assert (facts["reference"], facts["amount"]) == ("AO-1:delivery", 10_000)
    assert facts["methods"] == ["card ending 1", "card ending 2"]
    assert charges(order(12_000, delivery=10_000))[0]["methods"] == ["card ending 1"]


@pytest.mark.parametrize(
    ("language", "amount", "written"),
    [
        ("es", 745_500, "7.455,00 €"),
        ("en", 745_500, "€7,455.00"),
        ("es", 5, "0,05 €"),
        ("en", 100_000_099, "€1,000,000.99"),
        (None, 2880, "28,80 €"),
    ],
)
def test_money_is_written_as_the_language_does(language: str | None, amount: int, written: str) -> None:
    """Signs, their order, and every cent."""
    assert wording(language).money(amount, "EUR") == written


def test_a_currency_without_a_sign_is_named() -> None:
    """Rather than taken for another."""
    assert wording("es").money(12_000, "CHF") == "120,00 CHF"


def test_a_part_of_a_payment_is_called_one() -> None:
    """Nobody is told that a whole payment goes back when less does."""
    (facts,) = charges(order(2500))
    assert "lo que sobra del primer pago: 5,00 €" in wording("es").charge(facts)
    assert "what is too much in the first payment: €5.00" in wording("en").charge(facts)


def test_whoever_sold_it_the_company_settles_it() -> None:
    """The seller is named as somebody whom the customer need not see."""
    (facts,) = charges(order(2000, 2000, is_third_party=True))
    assert wording("en").charge(facts).endswith("Settling it with Papelera Norte is our job.")


def test_an_unpaid_order_says_so() -> None:
    """Its bill has no payments to name."""
    assert wording("en").bill(whole(order())).endswith("Paid: nothing.")


def two_of(name: str = "Pillow", *, position: int = 1, price: int = 1950, returned: int = 0) -> Item:
    """Give a line of two pieces."""
    return Item(position=position, name=name, quantity=2, unit_price=price, returned=returned)


def test_an_order_that_did_not_come_goes_back_whole() -> None:
    """With its delivery, from the oldest payments; what went back already is not in it."""
    lines = (two_of(), two_of("Mask", position=2, price=1000))
    facts = undelivered(order(4000, 2390, goods=5900, delivery=490, lines=lines))
    assert (facts["reference"], facts["amount"]) == ("AO-1:undelivered", 6390)
    assert [(part["payment"], part["amount"]) for part in facts["parts"]] == [("P1", 4000), ("P2", 2390)]
    after = order(
        6390, goods=5900, delivery=490, lines=(two_of(returned=1), lines[1]), refunds=(refund("return:1.1", 1950),)
    )
    assert undelivered(after)["amount"] == 4440


@pytest.mark.parametrize(
    ("counts", "name", "amount", "is_with_delivery"),
    [
        (None, "return:1.1-2,2.1-2", 6390, True),
        ({1: 1}, "return:1.1", 1950, False),
        ({2: 2}, "return:2.1-2", 2000, False),
        ({1: 2, 2: 1}, "return:1.1-2,2.1", 4900, False),
        ({1: 2, 2: 2}, "return:1.1-2,2.1-2", 6390, True),
    ],
)
def test_what_is_sent_back_is_named_piece_by_piece(
    counts: dict[int, int] | None, name: str, amount: int, is_with_delivery: bool
) -> None:
    """And what bringing it cost goes back with the last piece, not before."""
    facts = withdrawn(
        order(6390, goods=5900, delivery=490, lines=(two_of(), two_of("Mask", position=2, price=1000))), counts
    )
    assert (facts["reference"], facts["amount"]) == (f"AO-1:{name}", amount)
    assert facts["is_with_delivery"] is is_with_delivery


def test_the_last_piece_brings_the_delivery_back_unless_that_went_back_before() -> None:
    """The second of two is named as such; a delivery that went back as absurd stays gone."""
    before = refund("return:1.1", 1950)
    last = order(4390, goods=3900, delivery=490, lines=(two_of(returned=1),), refunds=(before,))
    assert (withdrawn(last)["reference"], withdrawn(last)["amount"]) == ("AO-1:return:1.2", 2440)
    gone = replace(refund(DELIVERY, 490), has_delivery=True)
    assert withdrawn(order(4390, goods=3900, delivery=490, lines=(two_of(),), refunds=(gone,)))["amount"] == 3900


def test_what_went_back_whole_says_when() -> None:
    """Asked for again under another name, it is the refund that there was."""
    back = replace(refund("undelivered", 4390), has_delivery=True)
    gone = order(4390, goods=3900, delivery=490, lines=(two_of(returned=2),), refunds=(back,))
    for facts in (withdrawn(gone), undelivered(gone)):
        assert (facts["refunded_on"], facts["amount"], facts["refund_reference"]) == ("2026-06-05", 4390, "RF-1")


def test_a_payment_too_many_and_the_order_itself_do_not_take_the_same_money() -> None:
    """Of two payments the newer one is too much, and the older one is the order's."""
    twice = order(4390, 4390, goods=3900, delivery=490, lines=(two_of(),))
    too_much = [facts for facts in charges(twice) if facts["charge"] == "payment"]
    assert [facts["payment"] for facts in too_much] == ["P2"]
    assert [part["payment"] for part in undelivered(twice)["parts"]] == ["P1"]


def test_where_money_goes_is_told_with_each_sum_where_there_are_several() -> None:
    """Whoever paid in two ways sees what comes back in which."""
    parts = [{"method": "card ending 1", "amount": 1500}, {"method": "gift card", "amount": 490}]
    assert wording("en").parts(parts, "EUR") == "your card ending 1 (€15.00) and your gift card (€4.90)"
    assert wording("es").parts(parts[:1], "EUR") == "tu tarjeta terminada en 1"


def test_a_fare_is_owed_or_given_back() -> None:
    """By what happened to its flight, else by its terms."""
    paid = Fare(
        ticket="0751", booking_code="K7TQ4M", flight="AU1", flown_on=date(2026, 6, 9), origin="MAD", destination="LHR",
        was_flown=False, is_refundable=True, amount=9900, currency="EUR", method="card ending 1",
    )  # fmt: skip
    assert fare(paid)["charge"] == "given_back"
    owed = replace(paid, owed_for="cancelled", law="261/2004")
    assert (fare(owed)["charge"], fare(owed)["reference"]) == ("not_flown", "0751:fare")
    assert "Regulation (EC) 261/2004, Article 8" in wording("en").charge(fare(owed))
    assert "261" not in wording("en").charge(fare(replace(owed, law=None)))
