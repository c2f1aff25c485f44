"""Readings and evaluations that are made up, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from relevo.evaluation.evaluation import Evaluation
from relevo.evaluation.examples import Example, Reading, StoryTest


def reading(
    expected: str, got: str, confidence: float = 0.8, text: str = "a sentence", languages: tuple[str, ...] = ("en",)
) -> Reading:
    """Make a reading of an example."""
    example = Example(text=text, intent=expected, languages=languages)
    return Reading(example=example, intent=got, guess=got, confidence=confidence)


def evaluation_of(
    readings: Sequence[Reading], stories: Sequence[StoryTest] | None = None, only: tuple[str, ...] = ()
) -> Evaluation:
    """Make an evaluation of readings."""
    return Evaluation(
        bot="a <bot>",
        made_at=datetime(2026, 11, 26, tzinfo=timezone.utc),
        folds=5,
        seed=0,
        threshold=0.3,
        readings=readings,
        thin={"rare": 1},
        stories=stories,
        only=only,
    )
