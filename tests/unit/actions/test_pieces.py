"""Which pieces of an order a text names, in both languages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from actions.pieces import Said, said
from actions.wording import wording
from relevo.contracts.records import Item, Order

PILLOWS = Item(position=1, name="Travel pillow", names={"es": "Cojín de viaje"}, quantity=2, unit_price=1950)
CUBES = Item(position=1, name="Packing cube", names={"es": "Organizador de maleta"}, quantity=3, unit_price=1200)
COVER = Item(position=2, name="Rain cover", names={"es": "Funda impermeable"}, quantity=1, unit_price=2150)


def order(*lines: Item) -> Order:
    """Give an order of these lines."""
    values: dict[str, Any] = {"delivery": 0, "currency": "EUR", "payments": (), "items": (), "goods": 0}
    day = date(2026, 6, 1)
    return Order(
        id="AO-50044", placed_on=day, promised_on=day, delivered_on=day, seller="Aurora Shop", is_third_party=False,
        lines=lines, **values,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "counts"),
    [
        ("es", "quiero devolver el pedido AO-50044", None),
        ("es", "solo uno de los cojines", {1: 1}),
        ("es", "quiero devolver uno de los dos cojines", {1: 1}),
        ("es", "un cojín", {1: 1}),
        ("es", "los cojines", {1: 2}),
        ("es", "COJIN", {1: 2}),
        ("es", "solo uno", {1: 1}),
        ("es", "uno de los dos", {1: 1}),
        ("es", "estoy dentro de los 14 días", None),
        ("es", "lo compré hace 2 semanas", None),
        ("es", "quiero un reembolso de mi viaje", None),
        ("en", "one of the two pillows", {1: 1}),
        ("en", "I bought two and want to return only one", {1: 1}),
        ("en", "a pillow", {1: 1}),
        ("en", "9 pillows", {1: 2}),
        ("en", "return order AO-50044", None),
        ("en", "I'd like a refund", None),
    ],
)
def test_pieces_of_one_thing(language: str, text: str, counts: dict[int, int] | None) -> None:
    """By number and by name; never more than there are, and nothing out of a date, an order's number or an article."""
    assert said(order(PILLOWS), text, wording(language)) == Said(counts)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("mejor uno", {1: 1}),
        ("dos", {1: 2}),
        ("sí, los dos", {1: 2}),
        ("todo", {1: 2}),
        ("ambos", {1: 2}),
        ("sí, todo bien", None),
        ("sí", None),
        ("lo quiero en 2 días", None),
    ],
)
def test_an_answer_may_be_a_number_alone(text: str, counts: dict[int, int] | None) -> None:
    """To what was shown; "all right" names no pieces."""
    assert said(order(PILLOWS), text, wording("es"), is_answer=True) == Said(counts)


@pytest.mark.parametrize(
    ("language", "text", "counts"),
    [
        ("es", "solo la funda", {2: 1}),
        ("es", "dos organizadores y la funda", {1: 2, 2: 1}),
        ("es", "la funda y un organizador", {2: 1, 1: 1}),
        ("es", "todo menos la funda", {1: 3, 2: 0}),
        ("en", "two of the cubes", {1: 2}),
        ("en", "everything except two cubes", {1: 1, 2: 1}),
        ("en", "yes, but only the cover", {2: 1}),
    ],
)
def test_pieces_of_several_things(language: str, text: str, counts: dict[int, int]) -> None:
    """Each thing has the number before it, and what is left out is left out."""
    assert said(order(CUBES, COVER), text, wording(language)) == Said(counts)


def test_a_number_of_several_things_is_of_something() -> None:
    """Which of them is to be asked; how many is remembered."""
    lines = order(CUBES, COVER)
    assert said(lines, "solo uno", wording("es")) == Said(of_something=1)
    assert said(lines, "los organizadores", wording("es"), before=1) == Said({1: 1})


def test_what_went_back_is_not_there_any_more() -> None:
    """One of two is the other one, and "both" is what is left."""
    left = Item(position=1, name="Travel pillow", quantity=2, unit_price=1950, returned=1)
    assert said(order(left), "both pillows", wording("en")) == Said({1: 1})
