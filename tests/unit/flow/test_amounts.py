"""Numbers and money, as each language writes them."""

from __future__ import annotations

from datetime import date

import pytest

from relevo.flow.amounts import day, money, number


@pytest.mark.parametrize(
    ("language", "minor_units", "currency", "written"),
    [
        ("es", 1499, "EUR", "14,99 €"),
        ("en", 1499, "EUR", "€14.99"),
        ("es", 755450000, "EUR", "7.554.500,00 €"),
        ("en", 755450000, "EUR", "€7,554,500.00"),
        ("en", 5, "GBP", "£0.05"),
        ("es", 0, "USD", "0,00 $"),
        ("es", 1200, "CHF", "12,00 CHF"),
        ("en", 1200, "JPY", "1,200 JPY"),
        ("en", 1234567, "KWD", "1,234.567 KWD"),
        ("es", -1499, "EUR", "-14,99 €"),
        (None, 1499, "EUR", "€14.99"),
    ],
)
def test_money_is_written_as_the_language_does(
    language: str | None, minor_units: int, currency: str, written: str
) -> None:
    """From minor units, with as many of them as the currency has."""
    assert money(language, minor_units, currency) == written


def test_a_number_has_the_language_s_thousands() -> None:
    """Points are whole numbers."""
    assert (number("es", 18250), number("en", 18250), number("es", 4100)) == ("18.250", "18,250", "4.100")


@pytest.mark.parametrize(("language", "written"), [("es", "5 de julio de 2026"), ("en", "5 July 2026")])
def test_dates_are_written_as_the_language_does(language: str, written: str) -> None:
    """With the month as a word, so that nobody takes it for the day."""
    assert day(language, date(2026, 7, 5)) == written
