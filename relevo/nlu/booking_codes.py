"""Booking codes however people type them: in small letters, in two halves, letter by letter, with O for 0.

Pure text in, spans out. A code of this carrier is three letters, a digit, a letter and a digit; where only a zero, an
O, a one, an I or a small L keeps a code from that form, it is read as meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Found = tuple[str, int, int]
"""A code in capitals, and where it stands in the text."""
IsAnnounced = Callable[[int], bool]
"""Tells whether a word that announces a code stands shortly before a position."""

_FEW_WORDS = 6
_SIX = re.compile(r"(?<![\w@.\-])[A-Za-z0-9]{6}(?![\w@\-])")
_HALVES = re.compile(r"(?<![\w@.\-])([A-Za-z0-9]{3})[ .\-]([A-Za-z0-9]{3})(?![\w@\-])")
_SPELT = re.compile(r"(?<![\w@.\-])[A-Za-z0-9](?:[ .\-][A-Za-z0-9]){5}(?![\w@\-])(?![ .\-][A-Za-z0-9](?!\w))")
_FORM = re.compile(r"[A-Z]{3}\d[A-Z]\d")
_LETTERS, _DIGITS = str.maketrans("01", "OI"), str.maketrans("OIL", "011")
_AMOUNTS = re.compile(r"\d+[a-z]+|[a-z]{3,}\d{1,2}|\d\dh\d\dm", re.IGNORECASE)
"""A number with its unit, a word with a number at its end, a time: no codes where nothing announces one."""
_MIXED = re.compile(r"\d[a-z]\d|[a-z]\d[a-z]", re.IGNORECASE)


def booking_codes(raw: str, is_announced: IsAnnounced, *, is_shouted: bool) -> Iterator[Found]:
    """Give the codes in a text; of what is glued, only what is no word, number or amount."""
    is_short = len(raw.split()) <= _FEW_WORDS
    for match in _SIX.finditer(raw):
        if _is_code(match[0], is_announced(match.start()), is_shouted=is_shouted):
            yield _as_meant(match[0]), *match.span()
    for match in _HALVES.finditer(raw):
        may_be = is_short or is_announced(match.start()) or _FORM.fullmatch("".join(match.groups()).upper())
        if may_be and any(map(_MIXED.fullmatch, match.groups())):
            yield _as_meant(match[1] + match[2]), *match.span()
    for match in _SPELT.finditer(raw):
        code = re.sub(r"[ .\-]", "", match[0])
        is_mixed = bool(re.search(r"\d", code) and re.search(r"[A-Za-z]", code))
        if is_mixed and (is_announced(match.start()) or _FORM.fullmatch(code.upper())):
            yield _as_meant(code), *match.span()


def _is_code(code: str, is_announced: bool, *, is_shouted: bool) -> bool:
    if code.isalpha():
        return is_announced and code.isupper() and not is_shouted
    if code.isdigit():
        return False
    return is_announced or not _AMOUNTS.fullmatch(code)


def _as_meant(code: str) -> str:
    """Write a code in capitals, and letters and digits that are taken for each other as the carrier's form has them."""
    code = code.upper()
    meant = "".join(c.translate(_DIGITS if place in (3, 5) else _LETTERS) for place, c in enumerate(code))
    return meant if _FORM.fullmatch(meant) else code
