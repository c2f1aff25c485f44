"""The words on our own pages: the same things in every language."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import relevo.web
from relevo.web.languages import WORDS

TEXTS = Path(relevo.web.__file__).parent / "texts"


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


@pytest.mark.parametrize("language", WORDS)
def test_no_word_stands_in_two_files(language: str) -> None:
    """Which of them was shown would depend on the order in which a folder is read."""
    files = [TEXTS / f"{language}.json", *sorted((TEXTS / language).glob("*.json"))]
    found = Counter(key for file in files for key in json.loads(file.read_text("utf-8")))
    assert [key for key, times in found.items() if times > 1] == []
