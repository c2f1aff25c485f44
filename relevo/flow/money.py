"""Writes amounts as each language does: money from minor units, and points."""

from __future__ import annotations

from relevo.domain.effects import POINTS
from relevo.flow.texts import say

_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


def amount_in(language: str | None, amount: int, unit: str) -> str:
    """Write an amount of points, or of a currency whose minor unit is a hundredth."""
    thousands, decimal = say(language, "number_signs").split(" ")
    if unit == POINTS:
        return say(language, "points", amount=f"{amount:,}".replace(",", thousands))
    whole, cents = divmod(abs(amount), 100)
    number = f"{'-' if amount < 0 else ''}{whole:,}".replace(",", thousands) + f"{decimal}{cents:02}"
    return say(language, "money", amount=number, symbol=_SYMBOLS.get(unit, unit))
