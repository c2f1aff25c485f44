"""What people at the desk teach the bot: a contact's words with what they meant, looked through before it learns them.

    proposed (by an agent) ──► accepted (by a supervisor; edited, what is personal made up) ──► exported as Rasa NLU
                           └─► rejected

Words that were accepted with nothing personal in them belong to nobody: erasing the contact leaves them. All others are
erased with their conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from uuid import UUID

import msgspec

MAX_WORDS_CHARACTERS = 1_000
"""Longest example: what is longer teaches the bot nothing about one request."""
MAX_MARKS = 10


class State(str, Enum):
    """How far a proposal came."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class EntityMark(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the words that names something."""

    value: str
    entity: str


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """Words with what they mean."""

    text: str
    language: str
    intent: str
    marks: tuple[EntityMark, ...] = ()


class Teaching(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson that somebody proposed."""

    id: int
    lesson: Lesson
    state: State
    conversation_id: UUID | None
    """Where the words come from; None once they are nobody's."""
    position: int | None
    contact_name: str | None
    guessed: str | None
    """What the bot took the words for, where that is known."""
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class Spot(NamedTuple):
    """A part of a text that may tell who somebody is."""

    start: int
    end: int
    kind: str
    """``email``, ``number``, ``reference`` or ``name``."""


_MAIL = r"(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
_REFERENCE = r"(?P<reference>\b(?=[A-Za-z-]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\b)"
_NUMBER = r"(?P<number>\+?\d(?:[\d ().-]{3,}\d))"
_SPOTS = re.compile(f"{_MAIL}|{_REFERENCE}|{_NUMBER}")
_LEAST_REFERENCE, _LEAST_NAME = 5, 3
_MADE_UP: Mapping[str, str] = {"email": "name@example.com", "name": "Alex"}
_DIGITS, _LETTERS = "1234567890", "ABCDEFGHJKLM"


def personal_spots(text: str, names: Iterable[str] = ()) -> list[Spot]:
    """Find what may tell who somebody is: addresses, numbers, references, and these names.

    Amounts and times are no such thing. Whoever looks through it sees more; nothing is found by its meaning.
    """
    spots = [Spot(m.start(), m.end(), m.lastgroup or "") for m in _SPOTS.finditer(text) if _tells(m)]
    taken = [(spot.start, spot.end) for spot in spots]
    named = (
        Spot(found.start(), found.end(), "name")
        for name in _parts(names)
        for found in re.finditer(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)
    )
    spots += [spot for spot in named if not any(start < spot.end and spot.start < end for start, end in taken)]
    return sorted(set(spots))


def masked(text: str, names: Iterable[str] = ()) -> str:
    """Put something made up, of the same shape, in the place of each such part; what is made up stays as it is."""
    for spot in reversed(personal_spots(text, names)):
        text = text[: spot.start] + _made_up(text[spot.start : spot.end], spot.kind) + text[spot.end :]
    return text


def is_still_personal(text: str, names: Iterable[str] = ()) -> bool:
    """Tell whether something personal is left that was not made up."""
    known = tuple(names)
    return masked(text, known) != text


def nlu_yaml(lessons: Iterable[Lesson]) -> str:
    """Give lessons as a file that Rasa trains on, by intent, each example once."""
    by_intent: dict[str, dict[str, None]] = {}
    for lesson in lessons:
        by_intent.setdefault(lesson.intent, {})[_example(lesson)] = None
    parts = ['version: "3.1"', "# Taught at the desk, looked through, and exported by “relevo teach export”.", "nlu:"]
    for intent, examples in sorted(by_intent.items()):
        parts += [f"- intent: {intent}", "  examples: |", *(f"    - {example}" for example in examples)]
    return "\n".join(parts if by_intent else [*parts[:2], "nlu: []"]) + "\n"


def _tells(found: re.Match[str]) -> bool:
    if found.lastgroup == "reference":
        return len(found[0]) >= _LEAST_REFERENCE
    return found.lastgroup == "email" or sum(map(str.isdigit, found[0])) >= _LEAST_REFERENCE


def _parts(names: Iterable[str]) -> list[str]:
    return [part for name in names for part in name.split() if len(part) >= _LEAST_NAME]


def _made_up(value: str, kind: str) -> str:
    if kind in _MADE_UP:
        return _MADE_UP[kind]
    head = re.match(r"[A-Za-z]{2,4}-?(?=\d)", value)  # what kind of reference it is, such as AO-
    kept = head[0] if head else ""
    digits, letters, made = iter(_DIGITS * 4), iter(_LETTERS * 4), kept
    for character in value[len(kept) :]:
        made += next(digits) if character.isdigit() else next(letters) if character.isalpha() else character
    return made


def _example(lesson: Lesson) -> str:
    """Give one line in which nothing but our own marks means something to Rasa."""
    line = " ".join(lesson.text.replace("[", "(").replace("]", ")").split())
    for mark in sorted(lesson.marks, key=lambda mark: -len(mark.value)):
        value = " ".join(mark.value.replace("[", "(").replace("]", ")").split())
        before, found, after = line.partition(value)
        line = f"{before}[{found}]({mark.entity}){after}" if found and value and "[" not in before else line
    return line
