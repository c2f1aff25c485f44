"""What no database or display can hold is taken out of texts, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo.domain.messages import clean_text

ANY_CHARACTER = st.characters() | st.characters(categories=["Cs"]) | st.just("\x00")
ANY_TEXT = st.text(ANY_CHARACTER)


@given(ANY_TEXT)
def test_a_clean_text_can_be_kept_and_shown(text: str) -> None:
    """It is UTF-8 without NUL, and cleaning it again changes nothing."""
    cleaned = clean_text(text)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert "\x00" not in cleaned
    assert clean_text(cleaned) == cleaned


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_a_text_that_can_be_kept_stays_as_it_is(text: str) -> None:
    """Every script, sign and control character but NUL."""
    assert clean_text(text) is text


@given(ANY_TEXT)
def test_nothing_but_dirt_is_lost(text: str) -> None:
    """Every other character keeps its place."""
    kept = [character for character in text if character != "\x00"]
    assert len(clean_text(text)) == len(kept)
    assert all(
        after in {before, "?"} and (after == before or "\ud800" <= before <= "\udfff")
        for before, after in zip(kept, clean_text(text), strict=True)
    )


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b", "ab"),
        ("\x00", ""),
        ("\ud83d", "?"),
        ("\udc00a\udfff", "?a?"),
        (json.loads('"\\ud83d\\ude00"'), "😀"),
        ("", ""),
    ],
)
def test_examples_of_dirt(text: str, cleaned: str) -> None:
    """NUL goes, a lone surrogate becomes a question mark, a pair that JSON has joined is a character."""
    assert clean_text(text) == cleaned
