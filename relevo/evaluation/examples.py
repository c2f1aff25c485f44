"""What is asked and what was understood: the nouns of an evaluation."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

FALLBACK = "nlu_fallback"
"""Rasa's intent of a message that it does not trust itself to understand."""

NO_LANGUAGE = "all"
"""The one group of examples where nothing tells languages apart."""


class Span(NamedTuple):
    """An entity and where it stands in a text."""

    entity: str
    start: int
    end: int


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence with the intent that the business gave it."""

    text: str
    intent: str
    languages: tuple[str, ...] = (NO_LANGUAGE,)
    """Mostly one; a sentence such as "ok" may be taught in several."""

    entities: frozenset[Span] = frozenset()


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """An example as a bot read it that had not learnt it."""

    example: Example
    intent: str
    """What the bot would act on; ``nlu_fallback`` where it did not trust its guess."""

    guess: str
    """What it held likeliest, trusted or not."""

    confidence: float
    """Of the guess."""

    entities: frozenset[Span] = frozenset()

    @property
    def is_right(self) -> bool:
        """Tell whether the bot would act on the right intent."""
        return self.intent == self.example.intent

    @property
    def is_guessed(self) -> bool:
        """Tell whether the guess is right, trusted or not."""
        return self.guess == self.example.intent

    @property
    def is_fallback(self) -> bool:
        """Tell whether the bot would say that it did not understand."""
        return self.intent == FALLBACK


class StoryTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test story and what came of it."""

    name: str
    file: str
    difference: str | None
    """The first step that the bot takes otherwise; None where it takes all as written."""
