"""Which pieces of an order a text names: "one of the two pillows", "only the cover", "everything but the case"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from actions.wording import Wording
from relevo.contracts.records import Item, Order
from relevo.domain.names import name_words

Counts = Mapping[int, int]
"""How many pieces of each item, by the item's position."""

_SHORTEST = 4
_REACH = 4
"""How many words before a thing its number may stand: "one of the two pillows"."""


class Said(msgspec.Struct, frozen=True):
    """What a text says of pieces: which, or only how many where there are several things."""

    counts: Counts | None = None
    of_something: int | None = None


def said(order: Order, text: str, write: Wording, *, is_answer: bool = False, before: int | None = None) -> Said:
    """Read a text about an order; ``is_answer``: it answers what was shown, so that a bare number counts.

    ``before`` is how many were said when it was not yet said of what. More pieces than are left are all that are left.
    """
    words = _words(text)
    mentions = {place: item for place, word in enumerate(words) if (item := _item(order.lines, word, write))}
    if mentions:
        return Said(_mentioned(order, words, mentions, write, before))
    number = next(_numbers(words, write, is_answer), None)
    left = [item for item in order.lines if item.left]
    if number is None and is_answer and _says_all(words, write):
        return Said({item.position: item.left for item in left})
    if number is None or not left:
        return Said()
    if len(left) > 1:
        return Said(of_something=number)
    return Said({left[0].position: min(number, left[0].left)})


def names_thing(order: Order, text: str, write: Wording) -> bool:
    """Tell whether a text has a word in it for something in an order."""
    return any(_item(order.lines, word, write) for word in _words(text))


def has_word(text: str, write: Wording, group: str) -> bool:
    """Tell whether a text has a word of a group in it."""
    return not write.words(group).isdisjoint(_words(text))


def _mentioned(
    order: Order, words: Sequence[str], mentions: Mapping[int, Item], write: Wording, usual: int | None
) -> Counts:
    counts: dict[int, int] = {}
    for place, item in mentions.items():
        begin = max((other + 1 for other in mentions if other < place), default=0)
        number = _number_before(words[max(begin, place - _REACH) : place], write)
        counts[item.position] = min(number or usual or item.left, item.left)
    before_all = set(words[: min(mentions)])
    if before_all & write.words("all") and before_all & write.words("except"):
        return {item.position: item.left - counts.get(item.position, 0) for item in order.lines}
    return counts


def _number_before(words: Sequence[str], write: Wording) -> int | None:
    """Give the first number: of "one of the two" it is the one that is meant."""
    numbers = [number for word in words if (number := _number(word, write))]
    is_article = bool(words) and words[-1] in write.words("articles")
    return numbers[0] if numbers else 1 if is_article else None


def _numbers(words: Sequence[str], write: Wording, is_answer: bool) -> Iterator[int]:
    for place, word in enumerate(words):
        number, after = _number(word, write), words[place + 1 : place + 2]
        is_only = bool(set(words[max(0, place - _REACH) : place]) & write.words("only"))
        is_part = bool(set(after) & write.words("of"))
        is_time = bool(set(after) & write.words("units"))
        if number and not is_time and (is_answer or is_only or is_part):
            yield number


def _says_all(words: Sequence[str], write: Wording) -> bool:
    """Tell whether all of it is meant; "all right" does not say so."""
    alls = write.words("all")
    return any(
        word in alls and not set(words[place + 1 : place + 2]) & write.words("right")
        for place, word in enumerate(words)
    )


def _number(word: str, write: Wording) -> int | None:
    if word.isdigit():
        return int(word) if len(word) == 1 else None
    return write.numbers.get(word)


def _item(items: Sequence[Item], word: str, write: Wording) -> Item | None:
    return next((item for item in items if any(word.startswith(stem) for stem in _stems(item, write))), None)


def _stems(item: Item, write: Wording) -> Iterator[str]:
    for name in (item.name, *item.names.values()):
        for word in _words(name):
            if len(word) >= _SHORTEST and word not in write.words("no_things"):
                yield re.sub(r"(?<=.{4})e?s$", "", word)


def _words(text: str) -> list[str]:
    return ["".join(name_words(word)).lower() or word for word in re.findall(r"[^\W_]+", text)]
