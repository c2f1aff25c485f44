"""What the system itself says: the same things in every language."""

from __future__ import annotations

from importlib import resources
from string import Formatter
from typing import Any

import pytest
import yaml

from relevo.flow.texts import FALLBACK_LANGUAGE, say

FILES = {
    file.name.removesuffix(".yml"): file
    for file in resources.files("relevo.flow").joinpath("texts_by_language").iterdir()
    if file.name.endswith(".yml")
}


def texts(language: str) -> dict[str, str]:
    """Give what a language's file holds."""
    found: dict[str, str] = yaml.safe_load(FILES[language].read_text(encoding="utf-8"))
    return found


def placeholders(text: str) -> set[Any]:
    """Give the names of what is filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", FILES)
def test_every_language_says_everything_with_the_same_facts(language: str) -> None:
    """No text is missing, and none forgets the case's number."""
    fallback = texts(FALLBACK_LANGUAGE)
    assert texts(language).keys() == fallback.keys()
    for key, text in texts(language).items():
        assert text.strip()
        assert placeholders(text) == placeholders(fallback[key])


@pytest.mark.parametrize("language", FILES)
def test_what_is_said_names_the_facts(language: str) -> None:
    """In the language that was asked for."""
    said = say(language, "turn_failed", case="CASE-1")
    assert said == texts(language)["turn_failed"].replace("{case}", "CASE-1")


@pytest.mark.parametrize("language", [None, "", "fr", "EN", "../en", "en/../es", "x" * 300, "en\x00"])
def test_a_language_without_texts_gets_the_fallback(language: str | None) -> None:
    """Whatever a sender claims to speak, no file but a language's is opened."""
    assert say(language, "turn_failed", case="CASE-1") == say(FALLBACK_LANGUAGE, "turn_failed", case="CASE-1")
