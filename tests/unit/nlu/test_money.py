"""Amounts as people write them, with a currency or as a number alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo.nlu.patterns import NAMELESS, find


def _found(text: str, entity: str = "amount") -> list[str]:
    return [span.value for span in find(text, NAMELESS) if span.entity == entity]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("150 €", ["15000 EUR"]),
        ("150€", ["15000 EUR"]),
        ("unos 150 euros", ["15000 EUR"]),
        ("EUR 150.50", ["15050 EUR"]),
        ("150,5 eur", ["15050 EUR"]),
        ("1.200,50 euros", ["120050 EUR"]),
        ("€1,200.50", ["120050 EUR"]),
        ("7.455 euros", ["745500 EUR"]),
        ("1 500 €", ["150000 EUR"]),
        ("£80", ["8000 GBP"]),
        ("20 libras esterlinas", ["2000 GBP"]),
        ("$300 or so", ["30000 USD"]),
        ("us$ 300", ["30000 USD"]),
        ("300 dólares", ["30000 USD"]),
        ("5000 pesos", ["500000 XXX"]),
        ("50 € en ropa y 30 € en aseo", ["5000 EUR", "3000 EUR"]),
        ("-50 €", ["-5000 EUR"]),
        ("999999999 euros", ["99999999900 EUR"]),
        ("pedido AO-50017, 75,45 €", ["7545 EUR"]),
        ("la etiqueta 0751 448210 y 150 euros", ["15000 EUR"]),
        ("mil quinientos euros", []),
        ("vuelo AU1188", []),
        ("14,99 al mes", []),
    ],
)
def test_an_amount_names_its_currency(text: str, found: list[str]) -> None:
    """Three digits behind the last mark are thousands, one or two are cents."""
    assert _found(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("150", ["15000"]),
        ("no, eran 150", ["15000"]),
        ("it was 150.50.", ["15050"]),
        ("se rompieron 2 ruedas", []),
        ("0751 448210", []),
        ("AU48207315", []),
        ("5/10", []),
        ("las dos maletas de color rojo pesaban 20", []),
    ],
)
def test_a_number_alone_may_be_an_amount(text: str, found: list[str]) -> None:
    """Where it ends a short message, and is no reference."""
    assert _found(text, "bare_amount") == found


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from(["{:,}", "{}"]), st.sampled_from([".", ","]))
def test_whole_amounts_are_read_however_thousands_are_marked(amount: int, shape: str, mark: str) -> None:
    """No amount is read as a hundredth or a thousandth of itself."""
    written = shape.format(amount).replace(",", mark)
    assert _found(f"fueron {written} euros") == [f"{amount * 100} EUR"]
