"""The intent classifier's arithmetic: what it learns, how sure it is, and that it is kept as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relevo.nlu.grams import letter_grams, word_grams, words_in
from relevo.nlu.learning import learn
from relevo.nlu.linear import LinearClassifier

TEXTS = {
    "cancel": ["cancel my subscription", "stop the subscription", "I want to cancel it", "end my wifi plan"],
    "order": ["where is my order", "my order has not come", "track my parcel", "when does my parcel come"],
    "person": ["I want a person", "let me talk to somebody", "an agent please", "a human being, please"],
}


@pytest.fixture(scope="module")
def learnt() -> LinearClassifier:
    """A classifier of three intents."""
    pairs = [(text, label) for label, texts in TEXTS.items() for text in texts]
    return learn(*zip(*pairs, strict=True))


def _best(classifier: LinearClassifier, text: str) -> tuple[str, float]:
    likely = classifier.probabilities(text)
    return classifier.classes[int(likely.argmax())], float(likely.max())


@pytest.mark.parametrize(("label", "text"), [(label, text) for label, texts in TEXTS.items() for text in texts])
def test_it_knows_what_it_learnt(learnt: LinearClassifier, label: str, text: str) -> None:
    """And is surer of it than of anything else by far."""
    assert _best(learnt, text)[0] == label


@pytest.mark.parametrize(
    "text", ["WHERE IS MY ORDER", "where is my orderrrr??", "whére is my örder", "where is my oder"]
)
def test_how_it_is_written_does_not_matter(learnt: LinearClassifier, text: str) -> None:
    """Case, accents, drawn-out letters, and a letter that lacks."""
    assert _best(learnt, text)[0] == "order"


def test_what_it_never_saw_it_is_not_sure_of(learnt: LinearClassifier) -> None:
    """Nothing in it is known, so the classes are nearly as likely as each other."""
    for text in ("", "?", "xyzzy qqq", "💥"):
        assert _best(learnt, text)[1] < 0.5


def test_probabilities_add_up(learnt: LinearClassifier) -> None:
    """To one, whatever the text."""
    for text in ("", "cancel my order and give me a person", "x" * 5000):
        assert learnt.probabilities(text).sum() == pytest.approx(1, abs=1e-5)


def test_it_is_kept_as_it_was(learnt: LinearClassifier, tmp_path: Path) -> None:
    """What is read again answers the same, to the last digit."""
    learnt.save(tmp_path / "kept.npz")
    again = LinearClassifier.load(tmp_path / "kept.npz")
    for texts in TEXTS.values():
        for text in texts:
            assert np.array_equal(again.probabilities(text), learnt.probabilities(text))


def test_two_classes_are_enough() -> None:
    """Liblinear learns one margin for both then."""
    classifier = learn(["yes", "yes please", "sure", "no", "no thanks", "never"], ["y"] * 3 + ["n"] * 3)
    assert [_best(classifier, text)[0] for text in ("yes", "no")] == ["y", "n"]


def test_words_are_compared_without_what_differs_by_writer() -> None:
    """Case, accents and drawn-out letters; an apostrophe is part of its word."""
    assert words_in("¿Cuándo llegaaaaa el 123?") == ["cuando", "llega", "el", "123"]
    assert words_in("I don’t") == ["i", "don't"]


def test_grams_are_words_pairs_and_groups_of_letters() -> None:
    """Groups do not reach over the end of a word."""
    assert list(word_grams(["my", "new", "order"])) == ["my", "new", "order", "my new", "new order", "my~order"]
    assert {"__my", "_my_", "_ord", "_er_"} <= set(letter_grams(["my", "order"]))
    assert not any(" " in gram for gram in letter_grams(["my", "order"]))


def test_a_name_is_learnt_unless_nobody_may_type_it() -> None:
    """It says what the class is about, in whatever way it is written."""
    pairs = [(text, label) for label, texts in TEXTS.items() for text in texts]
    texts, labels = (*(text for text, _ in pairs), "zzz", "yyy"), (*(label for _, label in pairs), *["refundMoney"] * 2)
    assert _best(learn(texts, labels), "refund money")[0] == "refundMoney"
    unnamed = learn(texts, labels, unnamed=["refundMoney", *TEXTS])
    assert "refund" not in unnamed.grams.places
