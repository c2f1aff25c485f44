"""The words of each language that the components know, read from ``languages/``; another one is another file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec
import yaml

NOT_INSIDE, ENDS = r"(?<![^\W_])", r"(?![^\W_])"
"""Where a word may begin and end in a pattern."""


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """One language's words; see ``languages/es.yml`` for what each is for."""

    code: str
    evidence: Mapping[str, int]
    pieces: tuple[str, ...]
    months: tuple[tuple[str, ...], ...]
    in_month: tuple[str, ...]
    periods: Mapping[str, tuple[str, ...]]
    days: Mapping[str, tuple[str, ...]]
    weekdays: tuple[tuple[str, ...], ...]
    ago: Mapping[str, tuple[str, ...]]
    trips: tuple[str, ...]
    beside_days: tuple[str, ...]
    cues: Mapping[str, tuple[str, ...]]
    currencies: Mapping[str, tuple[str, ...]]
    choices: Mapping[str, tuple[str, ...]]
    agreements: tuple[str, ...]
    hedges: tuple[str, ...]
    additions: tuple[str, ...]
    alarms: Mapping[str, tuple[str, ...]]
    harmless: tuple[str, ...]
    joints: Mapping[str, tuple[str, ...]]
    not_codes: tuple[str, ...]


@lru_cache(maxsize=1)
def languages() -> tuple[Language, ...]:
    """Give every language that has a file, by code."""
    folder = resources.files(__package__).joinpath("languages")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yml")), key=lambda file: file.name)
    return tuple(_language(file.name[:-4], _read(file.read_text(encoding="utf-8"))) for file in files)


def _read(text: str) -> Mapping[str, Any]:
    # Every scalar stays text: "no", "on" and "1" are words here.
    data: Mapping[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
    return data


def fold(text: str) -> str:
    """Write a text in lower case without accents, keeping every character at its place."""
    return "".join(map(_fold_character, text))


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character == "’":
        return "'"
    plain = unicodedata.normalize("NFD", character)[0].lower()
    return plain if len(plain) == 1 else character


def _language(code: str, data: Mapping[str, Any]) -> Language:
    return Language(
        code=code,
        evidence={fold(word): int(weight) for weight, words in data["evidence"].items() for word in words},
        pieces=tuple(data["pieces"]),
        months=tuple(_folded(names) for names in data["months"]),
        in_month=_folded(data["in_month"]),
        periods=_folded_lists(data["periods"]),
        days=_folded_lists(data["days"]),
        weekdays=tuple(_folded(names) for names in data["weekdays"]),
        ago=_folded_lists(data["ago"]),
        trips=_folded(data["trips"]),
        beside_days=_folded(data["beside_days"]),
        cues=_folded_lists(data["cues"]),
        currencies=_folded_lists(data["currencies"]),
        choices=_folded_lists(data["choices"]),
        agreements=_folded(data["agreements"]),
        hedges=_folded(data["hedges"]),
        additions=_folded(data["additions"]),
        alarms=_folded_lists(data["alarms"]),
        harmless=_folded(data["harmless"]),
        joints=_folded_lists(data["joints"]),
        not_codes=_folded(data["not_codes"]),
    )


def _folded_lists(data: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {key: _folded(words) for key, words in data.items()}


def _folded(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(fold(word) for word in words)


def words_of(group: str, key: str | None = None) -> Iterator[str]:
    """Give the words of one group in all languages, longest first within each, such as ``cues`` / ``phone``."""
    for language in languages():
        found = getattr(language, group)
        yield from sorted(found if key is None else found.get(key, ()), key=len, reverse=True)


def alternatives(words: Iterable[str]) -> str:
    """Give a pattern of any of these words, the longest first; a space in one is any white space."""
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(set(words), key=len, reverse=True))
