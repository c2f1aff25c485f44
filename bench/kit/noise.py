"""Writes messages as hasty thumbs do: typing errors, no accents, capitals, emoji, drawn-out letters."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

_EMOJI = ("😡", "🙏", "😭", "✈️", "🤷", "👍", "😅")
_ROWS = ("qwertyuiop", "asdfghjklñ", "zxcvbnm")
_SHORTEST = 4
"""Letters of a word that is mistyped; shorter ones are other words then."""

Change = Callable[[str], str]


def changes(seed: int = 0) -> dict[str, Change]:
    """Give each way of writing by its name; the same seed gives the same errors in the same order."""
    dice = random.Random(seed)
    return {
        "one typing error": lambda text: _mistyped(text, 1, dice),
        "two typing errors": lambda text: _mistyped(text, 2, dice),
        "no accents": _without_accents,
        "all capitals": str.upper,
        "emoji": lambda text: f"{dice.choice(_EMOJI)} {text} {dice.choice(_EMOJI)}{dice.choice(_EMOJI)}",
        "drawn-out letters": lambda text: re.sub(r"([aeiouáéíóú])(?=\W*$)", r"\1\1\1", text),
    }


def _mistyped(text: str, errors: int, dice: random.Random) -> str:
    for _ in range(errors):
        words = list(re.finditer(rf"[^\W\d_]{{{_SHORTEST},}}", text))
        if not words:
            return text
        word = dice.choice(words)
        text = text[: word.start()] + _error(word[0], dice) + text[word.end() :]
    return text


def _error(word: str, dice: random.Random) -> str:
    place = dice.randrange(len(word) - 1)
    kind = dice.choice(("swapped", "dropped", "doubled", "neighbour"))
    if kind == "swapped":
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == "dropped":
        return word[:place] + word[place + 1 :]
    if kind == "doubled":
        return word[:place] + word[place] + word[place:]
    return word[:place] + _beside(word[place], dice) + word[place + 1 :]


def _beside(letter: str, dice: random.Random) -> str:
    row = next((row for row in _ROWS if letter.lower() in row), "")
    place = row.find(letter.lower())
    return dice.choice([row[each] for each in (place - 1, place + 1) if row and 0 <= each < len(row)] or [letter])


def _without_accents(text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(each for each in parts if not unicodedata.combining(each)))
