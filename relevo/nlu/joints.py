"""Where a message may go from one request to another: at a sentence's end, or at a word such as "and" or "además"."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from relevo.nlu.words import fold, words_of

SHORTEST, LONGEST = 25, 1200
"""Characters of a text that is looked at: two requests are not said in less, and nobody's order is in a longer one."""
MOST_CLAUSES = 6
_LEAST_WORDS = 2


class Clause(msgspec.Struct, frozen=True):
    """A part of a text, without the words that join it."""

    text: str
    start: int
    end: int
    is_strong: bool
    """Whether what joins it says that something else begins ("además", "also"), not just "and" or a full stop."""

    @property
    def is_sentence(self) -> bool:
        """Whether there are words enough to ask for something."""
        return len(re.findall(r"[^\W\d_]{2,}", self.text)) >= _LEAST_WORDS


def _words(kind: str) -> str:
    words = sorted(set(words_of("joints", kind)), key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)


_ANY = rf"(?:{_words('strong')}|{_words('weak')})"
_STRONG = re.compile(rf"(?<!\w)(?:{_words('strong')})(?!\w)")
_JOINED = rf"(?<!\w){_ANY}(?!\w)[,:]?\s+"
# A run of commas and spaces is entered at its beginning only: else a long one would be tried from each of its places.
_JOINT = re.compile(
    rf"(?:(?<=[.!?;…])\s+|\n+|(?:(?<![,\s])[,\s]+)?{_JOINED}|(?<!\s)\s+(?=¿))+(?:{_ANY}(?!\w)[,:]?\s+)*"
)


def clauses(text: str) -> list[Clause]:
    """Give a text's clauses where there are several; none of a text that is too short, too long, or in one piece."""
    if not SHORTEST <= len(text) <= LONGEST:
        return []
    found = list(_split(text, fold(text)))
    return found if len(found) > 1 else []


def _split(text: str, folded: str) -> Iterator[Clause]:
    start, is_strong, count = 0, False, 0
    for joint in _JOINT.finditer(folded):
        if count == MOST_CLAUSES - 1:
            break
        if text[start : joint.start()].strip():
            count += 1
            yield _clause(text, start, joint.start(), is_strong)
        start, is_strong = joint.end(), bool(_STRONG.search(joint[0]))
    if text[start:].strip():
        yield _clause(text, start, len(text), is_strong)


def _clause(text: str, start: int, end: int, is_strong: bool) -> Clause:
    said = text[start:end]
    start += len(said) - len(said.lstrip())
    return Clause(said.strip(), start, start + len(said.strip()), is_strong)
