"""The features of the intent classifier: a text's words, pairs of words, and groups of letters within words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from relevo.nlu.words import fold

SHORTEST, LONGEST = 2, 4
"""Letters in a group; a word's ends count as one each."""

_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")


def words_in(text: str) -> list[str]:
    """Give the words as they are compared: without case, accents or drawn-out letters."""
    return _WORDS.findall(_REPEATED.sub(r"\1", fold(text)))


def words_of_name(name: str) -> list[str]:
    """Give the words of a name in code: ``report_lost_baggage``, ``RETURN_EXCHANGE``, ``billPayment``."""
    return words_in(re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)))


def word_grams(words: list[str]) -> Iterator[str]:
    """Give each word, each pair of neighbours, and each pair with one word between."""
    yield from words
    yield from map(" ".join, pairwise(words))
    yield from map("~".join, zip(words, words[2:]))  # noqa: B905 - the second one is shorter


def letter_grams(words: list[str]) -> Iterator[str]:
    """Give each group of neighbouring letters within a word; ``"_"`` stands at its ends, and before each group."""
    for word in words:
        yield from letter_grams_of(word)


def letter_grams_of(word: str) -> Iterator[str]:
    """Give those of one word."""
    edged = f"_{word}_"
    for length in range(SHORTEST, LONGEST + 1):
        for start in range(max(1, len(edged) - length + 1)):
            yield "_" + edged[start : start + length]
