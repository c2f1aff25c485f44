"""Finds amounts of money in words: "150 €", "EUR 150.50", "£80", "1.200,50 euros".

An amount is written as ``15050 EUR``: minor units and an ISO 4217 currency, ``XXX`` where the word does not tell which
(there are many pesos). A negative one is found too: whoever reads it says that it can't be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relevo.nlu.words import fold, languages

_CURRENCIES = {
    fold(word): code for language in languages() for code, words in language.currencies.items() for word in words
}
_NUMBER = r"[-\u2212–]?(?:\d{1,3}(?:[.,'  ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?)(?!\d)"
_WORD = "|".join(re.escape(word) for word in sorted(_CURRENCIES, key=len, reverse=True))
_CURRENCY = rf"(?:{_WORD})"
_BEFORE = re.compile(rf"(?<![^\W_])({_CURRENCY})\s?({_NUMBER})(?![^\W_])")
_AFTER = re.compile(rf"(?<![\w.,])({_NUMBER})\s?({_CURRENCY})(?![^\W_])")
_BARE = re.compile(rf"(?<![\w.,/@+])({_NUMBER})(?!\s?%|[\w/@])")

_FEW_WORDS = 5

Amount = tuple[str, int, int]
"""What it is, and where it stands in the text."""


def amounts(folded: str) -> Iterator[Amount]:
    """Give the amounts of a folded text that name their currency."""
    for match in _AFTER.finditer(folded):
        yield _amount(match[1], _CURRENCIES[match[2]]), *match.span()
    for match in _BEFORE.finditer(folded):
        yield _amount(match[2], _CURRENCIES[match[1]]), *match.span()


def bare_amounts(folded: str) -> Iterator[Amount]:
    """Give the number that a short text ends with, in hundredths: an amount where one was asked for or is put right."""
    found = list(_BARE.finditer(folded))
    is_last = bool(found) and not re.search(r"\w", folded[found[-1].end() :])
    if is_last and len(found) == 1 and len(folded.split()) <= _FEW_WORDS:
        yield str(minor_units(found[0][1])), *found[0].span()


def minor_units(number: str) -> int:
    """Read a number as people write it: three digits behind the last mark are thousands, one or two are cents."""
    digits = re.sub(r"[^\d.,]", "", number)
    whole, cents = digits, ""
    if match := re.fullmatch(r"(.*)[.,](\d{1,2})", digits):
        whole, cents = match[1], match[2]
    amount = int(re.sub(r"\D", "", whole) or 0) * 100 + int(cents.ljust(2, "0"))
    return -amount if re.match(r"[-\u2212–]", number) else amount


def _amount(number: str, currency: str) -> str:
    return f"{minor_units(number)} {currency}"
