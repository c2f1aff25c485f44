"""The words on our own pages: the same things in every language."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from relevo.web.languages import WORDS


def _placeholders(text: str) -> set[Any]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", WORDS)
def test_every_language_says_everything_with_the_same_facts(language: str) -> None:
    """No word is missing, none is empty, and none forgets a name or an amount."""
    words, others = WORDS[language], WORDS["en"]
    assert words.keys() == others.keys()
    for key, text in words.items():
        assert text.strip(), key
        assert _placeholders(text) == _placeholders(others[key]), key
