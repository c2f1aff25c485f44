"""Numbers, money and dates as each language writes them; how is in the language's file of texts."""

from __future__ import annotations

from datetime import date

from relevo.domain.effects import POINTS
from relevo.flow.texts import say

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
_USUAL_DIGITS = 2
_DIGITS = {"CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "PYG": 0, "VND": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
"""Digits of the minor unit (ISO 4217), where they are not two."""


def amount_in(language: str | None, amount: int, unit: str) -> str:
    """Write an amount with what it counts: points, or money in minor units of a currency."""
    if unit == POINTS:
        return say(language, "points", amount=number(language, amount))
    return money(language, amount, unit)


def number(language: str | None, value: int) -> str:
    """Write a whole number, such as "18.250" in Spanish."""
    return f"{value:,}".replace(",", say(language, "thousands"))


def money(language: str | None, minor_units: int, currency: str) -> str:
    """Write an amount, such as "14,99 €" in Spanish and "€14.99" in English; without a known sign, "14.99 CHF"."""
    digits = _DIGITS.get(currency, _USUAL_DIGITS)
    whole, rest = divmod(abs(minor_units), 10**digits)
    amount = ("-" if minor_units < 0 else "") + number(language, whole)
    if digits:
        amount += say(language, "decimal") + f"{rest:0{digits}d}"
    return (
        say(language, "money", amount=amount, sign=_SIGNS[currency]) if currency in _SIGNS else f"{amount} {currency}"
    )


def day(language: str | None, when: date) -> str:
    """Write a date, such as "5 de enero de 2026" in Spanish and "5 January 2026" in English."""
    month = say(language, "months").split()[when.month - 1]
    return say(language, "date", day=str(when.day), month=month, year=str(when.year))
