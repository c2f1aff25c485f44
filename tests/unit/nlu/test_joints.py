"""Where a message may go from one request to another."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo.nlu.joints import MOST_CLAUSES, clauses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cancel my wifi and where is my order?", ["cancel my wifi", "where is my order?"]),
        ("Cancela el wifi. ¿Dónde está mi pedido?", ["Cancela el wifi.", "¿Dónde está mi pedido?"]),
        ("hola, buenas tardes ¿dónde está mi pedido?", ["hola, buenas tardes", "¿dónde está mi pedido?"]),
        ("me faltan puntos, y además quiero el saldo", ["me faltan puntos", "quiero el saldo"]),
        ("the delivery of AO-50017 cost 7.455,00 euros", []),
        ("yes and no", []),
        ("andar y sandía son palabras de otra cosa", ["andar", "sandía son palabras de otra cosa"]),
    ],
)
def test_a_text_is_cut_at_sentence_ends_and_joining_words(text: str, found: list[str]) -> None:
    """Not inside words or numbers, nor where a text is too short for two requests."""
    assert [clause.text for clause in clauses(text)] == found


def test_a_word_that_announces_something_else_is_told_from_a_mere_and() -> None:
    """What follows "also" is more surely another request."""
    assert [clause.is_strong for clause in clauses("cancel my wifi and the plan. Also tell me my balance")] == [
        False, False, True
    ]  # fmt: skip


@given(st.text(alphabet="ab y.?¿\n", min_size=25, max_size=300))
def test_clauses_stand_where_they_say(text: str) -> None:
    """In order, without overlapping, and never more than are looked at."""
    found = clauses(text)
    assert [text[clause.start : clause.end] for clause in found] == [clause.text for clause in found]
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert len(found) <= MOST_CLAUSES


@pytest.mark.parametrize("piece", [". ", "\n", " y ", "¿ ", ",and ", "y además "])
def test_no_text_takes_long(piece: str) -> None:
    """Repetition that would trap a careless pattern."""
    began = time.perf_counter()
    clauses(piece * (1200 // len(piece)))
    assert time.perf_counter() - began < 1.0
