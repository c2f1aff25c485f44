"""How long a public post is, as X counts it.

Latin letters and common punctuation count one, all else two, a link 23 however long it is (docs.x.com/fundamentals/
counting-characters, 2026-08). An emoji of several parts counts each of them here: never less than X counts.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 280
_LINK_WEIGHS = 23
_LINK = re.compile(r"https?://[^\s]+", re.IGNORECASE)
_LIGHT = ((0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))


def weighted_length(text: str) -> int:
    """Give the weighted length of a text."""
    plain, links = _LINK.subn("", unicodedata.normalize("NFC", text))
    return links * _LINK_WEIGHS + sum(1 if _is_light(character) else 2 for character in plain)


def _is_light(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _LIGHT)
