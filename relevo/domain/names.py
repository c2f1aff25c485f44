"""Whether the name on a ticket is explained by the name in a passport.

Reservation systems drop second names and second surnames, glue words together (``DELAFUENTE``, ``ANAMARIA``), add
titles (``LUCIAMRS``) and know no accents. What they leave must still be found, word by word, in the passport.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import combinations

TITLES = frozenset({"MR", "MRS", "MS", "MISS", "MX", "MSTR", "DR", "DRA", "PROF", "SR", "SRA", "SRTA", "CHD", "INF"})
PARTICLES = frozenset(
    {"DE", "DEL", "LA", "LAS", "LOS", "EL", "Y", "E", "I", "DA", "DO", "DOS", "DAS", "DI", "VAN", "VON", "DER", "DEN"}
)
_UNDECOMPOSED = str.maketrans({"Ø": "O", "Æ": "AE", "Œ": "OE", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "ẞ": "SS"})
_MOST_WORDS = 12
"""Longest name that is looked at; what is longer is for a person."""

Run = tuple[str, frozenset[int]]
"""Neighbouring words of the passport written as one, with their positions."""


def explains(ticket_name: str, given_names: str, surnames: str) -> bool:
    """Tell whether every word of the ticket's name is in the passport's, with first given name and first surname.

    Each word of the passport counts once. Accents, case, order, titles, and words glued or split are ignored.
    """
    given, family, printed = name_words(given_names), name_words(surnames), name_words(ticket_name)
    if not given or not printed or len(printed) > _MOST_WORDS or len(given) + len(family) > _MOST_WORDS:
        return False
    runs = [*_runs(given, 0), *_runs(family, len(given))]
    needed = {0} | ({len(given) + _first_surname(family)} if family else set())
    return any(needed <= used for used in _covers(printed, runs, frozenset()))


def name_words(name: str) -> tuple[str, ...]:
    """Split a name into upper-case words without accents, apostrophes or punctuation."""
    folded = unicodedata.normalize("NFKD", name.upper().translate(_UNDECOMPOSED))
    letters = "".join(letter for letter in folded if not unicodedata.combining(letter)).upper()
    return tuple(re.findall(r"[^\W\d_]+", re.sub(r"['’`\u00b4.]", "", letters)))


def _runs(words: tuple[str, ...], offset: int) -> Iterator[Run]:
    for start, end in combinations(range(len(words) + 1), 2):
        yield "".join(words[start:end]), frozenset(range(offset + start, offset + end))


def _first_surname(family: tuple[str, ...]) -> int:
    return next((position for position, word in enumerate(family) if word not in PARTICLES), 0)


def _covers(printed: tuple[str, ...], runs: list[Run], used: frozenset[int]) -> Iterator[frozenset[int]]:
    """Give each way in which the printed words can be laid over the passport's, as the positions used."""
    if not printed:
        yield used
        return
    if printed[0] in TITLES:
        yield from _covers(printed[1:], runs, used)
    for size in range(1, len(printed) + 1):
        joined = "".join(printed[:size])
        for text, positions in runs:
            if not positions & used and _is_same(joined, text):
                yield from _covers(printed[size:], runs, used | positions)


def _is_same(printed: str, passport: str) -> bool:
    return printed == passport or (printed.startswith(passport) and printed[len(passport) :] in TITLES)
