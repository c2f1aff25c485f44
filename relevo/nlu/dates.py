"""Finds days, months and spans of time in words, and days that no calendar has.

Pure text in, spans out. Which of them a flight or an order is about is for whoever reads them (``actions/periods.py``).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator

from relevo.nlu.words import ENDS, NOT_INSIDE, alternatives, languages, words_of

PERIOD, IMPOSSIBLE = "period", "impossible_date"
Found = tuple[str, str, int, int]
"""What it is, its value, and where it stands in the text."""

_PERIODS = tuple(
    (key, re.compile(rf"{NOT_INSIDE}(?:{alternatives(words_of('periods', key))}){ENDS}"))
    for key in ("last_month", "this_month", "last_week", "this_week")
)
_MONTH_NUMBERS = {
    name: number for language in languages() for number, names in enumerate(language.months, 1) for name in names
}
_MONTH = alternatives(iter(_MONTH_NUMBERS))
_YEAR = r"(?:(?:,?\s+(?:del?\s+)?(?=20)|,\s+|\s+del?\s+)(\d{4})(?!\d))?"
_YEARS = range(1900, 2101)
LONGEST_MONTH = 31
_DAY = r"([0-3]?\d)(?:st|nd|rd|th|º|ª)?"
_DAY_MONTH = re.compile(rf"{NOT_INSIDE}{_DAY}\s+(?:de\s+|of\s+)?({_MONTH}){ENDS}{_YEAR}")
_MONTH_DAY = re.compile(rf"{NOT_INSIDE}({_MONTH})\s+(?:the\s+)?{_DAY}{ENDS}{_YEAR}")
_IN_MONTH = re.compile(rf"{NOT_INSIDE}(?:{alternatives(words_of('in_month'))})\s+({_MONTH}){ENDS}{_YEAR}")
_NUMERIC = re.compile(r"(?<![\d/.,\-])([0-3]?\d)(?:[/\-]([0-3]?\d)|[/.\-]([0-3]?\d)[/.\-](\d{4}|\d\d))(?![\d/\-])")
_ISO = re.compile(r"(?<![\d\-])(\d{4})-([01]\d)-([0-3]\d)(?![\d\-])")


def dates(folded: str) -> Iterator[Found]:
    """Give periods as ``last_month`` and the like, or as ``[YYYY-]MM[-DD]`` after ``on:``, of a folded text."""
    for match in _ISO.finditer(folded):
        yield from _on(match, match[3], int(match[2]), match[1])
    for match in _NUMERIC.finditer(folded):
        yield from _on(match, match[1], int(match[2] or match[3]), match[4])
    for match in _DAY_MONTH.finditer(folded):
        yield from _on(match, match[1], _MONTH_NUMBERS[match[2]], match[3])
    for match in _MONTH_DAY.finditer(folded):
        yield from _on(match, match[2], _MONTH_NUMBERS[match[1]], match[3])
    for match in _IN_MONTH.finditer(folded):
        yield from _on(match, None, _MONTH_NUMBERS[match[1]], match[2])
    for key, pattern in _PERIODS:
        for match in pattern.finditer(folded):
            yield PERIOD, key, *match.span()


def _on(match: re.Match[str], day: str | None, month: int, year: str | None) -> Iterator[Found]:
    """Give a day or month; what no calendar has, where a day is surely meant, is told as written."""
    first, full_year = int(day or 1), int(year if len(year) == 4 else f"20{year}") if year else None
    if first <= 12 < month <= 31:
        first, month = month, first  # written the American way
    if _exists(first, month, full_year):
        value = f"on:{f'{full_year}-' if full_year else ''}{month:02}" + (f"-{first:02}" if day else "")
        yield PERIOD, value, *match.span()
    elif max(first, month) <= LONGEST_MONTH and (year or not re.search(r"[/.\-]", match[0])):
        yield IMPOSSIBLE, match[0], *match.span()


def _exists(day: int, month: int, year: int | None) -> bool:
    if not 1 <= month <= 12 or (year is not None and year not in _YEARS):
        return False
    return 1 <= day <= monthrange(year or 2024, month)[1]
