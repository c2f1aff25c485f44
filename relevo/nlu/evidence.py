"""In which language a message is written, by telling words and pieces of words.

Only a clear answer counts: "sí", "ok", a name or a bare reference tell nothing, and a conversation keeps its language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from relevo.nlu.words import Language, fold, languages

LEAST_EVIDENCE = 2
LEAST_LEAD = 2
"""How far ahead of the next language one must be; with less, nothing is said."""
LONGEST_TEXT = 1000

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def language_of(text: str, references: Iterable[tuple[int, int]] = ()) -> str | None:
    """Give the language's code, or None when the message does not tell; references (start, end) are left out."""
    said = without(text[:LONGEST_TEXT], references)
    scores = sorted(((_score(said, language), language.code) for language in languages()), reverse=True)
    best, code = scores[0]
    runner_up = scores[1][0] if len(scores) > 1 else 0
    return code if best >= LEAST_EVIDENCE and best - runner_up >= LEAST_LEAD else None


def without(text: str, references: Iterable[tuple[int, int]]) -> str:
    """Give a text with spaces in place of stretches (start, end)."""
    for start, end in references:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _score(text: str, language: Language) -> int:
    words = set(_WORD.findall(fold(text)))
    pieces = sum(piece in text.lower() + " " for piece in language.pieces)
    return sum(language.evidence.get(word, 0) for word in words) + pieces
