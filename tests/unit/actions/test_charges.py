"""Which charges of an order could go back, and how they are written."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest

from actions.charges import charges, whole
from actions.wording import wording
from relevo.contracts.records import Order, Payment, Refund


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
