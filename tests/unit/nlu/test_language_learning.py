"""Languages told by how they are written, where no telling word stands in a message."""

from __future__ import annotations

import pytest

from relevo.nlu.evidence import language_of
from relevo.nlu.language_learning import Habits

SPANISH = (
    "quiero recuperar la pasta del hotel",
    "necesito que me arregles el asa",
    "hola, ando buscando la pasarela",
) * 3
ENGLISH = ("I want the money for my hotel", "please fix the broken handle", "hello, looking for the gate number") * 3


@pytest.fixture(scope="module")
def habits() -> Habits:
    """What is learnt from a few sentences of two languages."""
    return Habits.of([*SPANISH, *ENGLISH])


@pytest.mark.parametrize(("text", "code"), [("la pasarela", "es"), ("gate handle to fix", "en")])
def test_words_without_evidence_are_told_by_their_letters(habits: Habits, text: str, code: str) -> None:
    """None of these words is in the lists."""
    assert language_of(text) is None
    assert habits.language_of(text) == code


@pytest.mark.parametrize("text", ["Oliver", "ok", "", "12 345", "مرحبا بك هنا", "xq kz"])
def test_what_is_written_in_no_way_that_was_learnt_tells_nothing(habits: Habits, text: str) -> None:
    """A single word, numbers and other scripts leave a conversation in its language."""
    assert habits.language_of(text) is None


def test_telling_words_come_first(habits: Habits) -> None:
    """Nothing that was learnt outweighs them."""
    assert habits.language_of("hola gracias gate number") == language_of("hola gracias gate number") == "es"


def test_nothing_learnt_is_the_telling_words_alone() -> None:
    """A project without examples still knows them."""
    assert Habits.of([]).language_of("quiero hablar con alguien") == "es"
    assert Habits.of([]).language_of("buscando asa arreglada") is None
