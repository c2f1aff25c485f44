"""How a contact says that it was good: one question, answered by a button or a word, and a comment if they like.

asked ──► score ──► (button) ──► comment
  └────────── anything else is an ordinary message, and the question is over; its buttons still work
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from uuid import UUID

import msgspec

from relevo.domain.reports import Stretch

MAX_COMMENT_CHARACTERS = 2_000
_PAYLOAD = re.compile(r"/rate_(\d{1,18})_([1-5]|comment)")
_BY_DIGIT = re.compile(r"([1-5])(?:\s*(?:/|de|of|out of)\s*5)?")
_STARS = re.compile(r"(?:⭐️?|★){1,5}")


class Stage(str, Enum):
    """What the contact was asked last about it."""

    SCORE = "score"
    OFFERED = "offered"
    COMMENT = "comment"


class AskedRating(msgspec.Struct, frozen=True, kw_only=True):
    """A question that is open in a conversation."""

    position: int
    """Where it stands on the timeline; its name within the conversation."""
    stage: Stage


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """What a message says about a question."""

    position: int
    score: int | None = None
    comment: str | None = None
    next_stage: Stage | None = None
    """What is open after it; None when it is over."""

    @property
    def says_something(self) -> bool:
        """Whether there is anything to keep."""
        return self.score is not None or self.comment is not None


class DueRating(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may be asked now."""

    conversation_id: UUID
    last_position: int
    """The newest entry that was seen; if there is a newer one, nothing is asked."""
    language: str | None
    stretch: Stretch
    agent_id: int | None
    agent_name: str | None
    case_id: str | None


def payload(position: int, answer: int | str) -> str:
    """Give what a button sends: a score, or ``comment``."""
    return f"/rate_{position}_{answer}"


def pressed(text: str) -> Rating | None:
    """Read a button of a question; whether it was shown here is for the caller to know."""
    found = _PAYLOAD.fullmatch(text)
    if found is None:
        return None
    position = int(found[1])
    if found[2] == "comment":
        return Rating(position=position, next_stage=Stage.COMMENT)
    return Rating(position=position, score=int(found[2]), next_stage=Stage.OFFERED)


def said(asked: AskedRating, text: str, words: Mapping[str, int]) -> Rating | None:
    """Read an answer in words to a question that is open; None when it is something else.

    A score stands alone, or alone on the first line: "5 bags are missing" is none. ``words`` are those for scores.
    """
    if asked.stage is Stage.COMMENT:
        told = text.strip()[:MAX_COMMENT_CHARACTERS]
        return Rating(position=asked.position, comment=told) if told and not text.startswith("/") else None
    if asked.stage is not Stage.SCORE:
        return None
    first, _, rest = text.strip().partition("\n")
    score = _score(first.casefold().strip(" .,!¡*:;-"), words)
    if score is None:
        return None
    comment = rest.strip()[:MAX_COMMENT_CHARACTERS] or None
    return Rating(position=asked.position, score=score, comment=comment, next_stage=None if comment else Stage.OFFERED)


def _score(word: str, words: Mapping[str, int]) -> int | None:
    if found := _BY_DIGIT.fullmatch(word):
        return int(found[1])
    if found := _STARS.fullmatch(word):
        return sum(character in "⭐★" for character in found[0])
    return words.get(word)
