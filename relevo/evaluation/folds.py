"""Divides examples into folds, each of which is held back once: by intent and language, the same for the same seed."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from relevo.errors import ConfigurationError
from relevo.evaluation.examples import Example

_SHOWN = 8


def divide(examples: Sequence[Example], folds: int, seed: int) -> tuple[int, ...]:
    """Give each example's fold; raises ConfigurationError where there are too few examples for so many.

    Sentences of the same words, whatever their case and punctuation, are in one fold: what was learnt is not asked.
    """
    _demand_enough(examples, folds)
    places = _places(examples, folds, random.Random(seed))  # noqa: S311 - a seed is meant to repeat
    divided = tuple(places[_words(example)] for example in examples)
    _demand_learnable(examples, divided, folds)
    return divided


def thin(examples: Sequence[Example], folds: int) -> dict[str, int]:
    """Give the intents that have fewer examples than there are folds, with how many they have."""
    return {intent: count for intent, count in sorted(_counts(examples).items()) if count < folds}


def named(counts: Mapping[str, int]) -> str:
    """Give intents with their numbers of examples as a sentence has them."""
    told = [f"{intent} ({count})" for intent, count in sorted(counts.items(), key=lambda each: (each[1], each[0]))]
    more = [f"{len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    return ", ".join([*told[:_SHOWN], *more])


def _places(examples: Sequence[Example], folds: int, chance: random.Random) -> dict[str, int]:
    """Deal the words of each intent and language round the folds, going on where the last one ended."""
    strata = defaultdict(set)
    for example in examples:
        strata[example.languages[0], example.intent].add(_words(example))
    places: dict[str, int] = {}
    dealt = 0
    for _, words in sorted(strata.items()):
        fresh = sorted(words - places.keys())
        chance.shuffle(fresh)
        for each in fresh:
            places[each] = dealt % folds
            dealt += 1
    return places


def _words(example: Example) -> str:
    return " ".join(re.findall(r"\w+", example.text.casefold())) or example.text


def _counts(examples: Sequence[Example]) -> Counter[str]:
    return Counter(example.intent for example in examples)


def _demand_enough(examples: Sequence[Example], folds: int) -> None:
    """Every language must have an intent that every fold can ask for."""
    for language in sorted({language for example in examples for language in example.languages}):
        counts = _counts([example for example in examples if language in example.languages])
        if all(count < folds for count in counts.values()):
            raise ConfigurationError(
                f"There are too few examples in “{language}” for {folds} folds: {named(counts)}. Write more, or ask for"
                f" fewer folds, such as --folds {max(2, *counts.values())}."
            )


def _demand_learnable(examples: Sequence[Example], divided: Sequence[int], folds: int) -> None:
    for fold in range(folds):
        learnt = {example.intent for example, place in zip(examples, divided, strict=True) if place != fold}
        if len(learnt) < 2 or fold not in divided:
            raise ConfigurationError(
                f"There is too little to tell apart in {folds} folds: {named(_counts(examples))}. Two intents at least"
                " need as many examples as there are folds."
            )
