"""Folds: each example is held back once, by intent and language, and never with its own words learnt."""

from __future__ import annotations

from collections import Counter

import pytest

from relevo.errors import ConfigurationError
from relevo.evaluation.examples import Example
from relevo.evaluation.folds import divide


def _examples(each: int = 10) -> list[Example]:
    return [
        Example(text=f"{intent} {code} number {number}", intent=intent, languages=(code,))
        for intent in ("a", "b", "c")
        for code in ("en", "es")
        for number in range(each)
    ]


def test_every_fold_has_its_share_of_every_intent_in_every_language() -> None:
    """Ten examples in five folds are two in each."""
    examples = _examples()
    divided = divide(examples, 5, 0)
    shares = Counter((fold, each.intent, each.languages) for fold, each in zip(divided, examples, strict=True))
    assert len(shares) == 5 * 3 * 2
    assert set(shares.values()) == {2}


def test_the_same_seed_divides_alike_and_another_one_otherwise() -> None:
    """In whatever order the files were read."""
    examples = _examples()
    first = dict(zip(examples, divide(examples, 5, 7), strict=True))
    turned = dict(zip(examples[::-1], divide(examples[::-1], 5, 7), strict=True))
    assert first == turned
    assert divide(examples, 5, 8) != divide(examples, 5, 7)


def test_the_same_words_are_in_one_fold() -> None:
    """Whatever their case, punctuation and language: what was learnt is not asked."""
    examples = [
        *_examples(),
        *(Example(text=text, intent="a", languages=("en",)) for text in ("Thank you!", "thank you", "THANK, YOU")),
        Example(text="thank you …", intent="b", languages=("es",)),
    ]
    assert len(set(divide(examples, 5, 0)[-4:])) == 1


def test_an_intent_with_one_example_is_held_back_like_the_others() -> None:
    """It is not learnt then, which is what a business should see."""
    examples = [*_examples(), Example(text="once", intent="rare", languages=("en",))]
    assert len(divide(examples, 5, 0)) == len(examples)


@pytest.mark.parametrize(
    ("examples", "folds", "told"),
    [
        (_examples(3), 5, r"too few examples in “en” for 5 folds: a \(3\), b \(3\), c \(3\)\. .*--folds 3\."),
        ([example for example in _examples() if example.intent == "a"], 5, r"too little to tell apart .*a \(20\)"),
        ([*_examples(), Example(text="x", intent="a", languages=("fr",))], 5, r"“fr” for 5 folds: a \(1\)"),
    ],
)
def test_too_few_examples_are_told_by_intent(examples: list[Example], folds: int, told: str) -> None:
    """With how many there are, and how many folds there may be."""
    with pytest.raises(ConfigurationError, match=told):
        divide(examples, folds, 0)
