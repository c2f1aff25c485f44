"""Words a model's replies formally, where a business wants that; the model itself stays the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from relevo.configuration.formal import Formal
from relevo.contracts.brain import LANGUAGE_SLOT

Responses = Mapping[str, list[dict[str, Any]]]


def reworded(responses: Responses, formal: Mapping[str, Formal], default_language: str) -> dict[str, Any]:
    """Give the replies with those of the formal languages in other words."""
    return {name: list(_reworded(name, variations, formal, default_language)) for name, variations in responses.items()}


def _reworded(
    name: str, variations: list[dict[str, Any]], formal: Mapping[str, Formal], default_language: str
) -> Iterator[dict[str, Any]]:
    texts = {language: iter(words.replies.get(name, ())) for language, words in formal.items()}
    for variation in variations:
        language = _language(variation) or default_language
        text = next(texts.get(language, iter(())), variation.get("text"))
        yield _variation({**variation, "text": text}, formal[language]) if language in formal else variation


def _variation(worded: dict[str, Any], formal: Formal) -> dict[str, Any]:
    if "buttons" in worded:
        worded["buttons"] = [
            {**button, "title": formal.buttons.get(button["title"], button["title"])} for button in worded["buttons"]
        ]
    return worded


def _language(variation: dict[str, Any]) -> str | None:
    named = [one["value"] for one in variation.get("condition", ()) if one.get("name") == LANGUAGE_SLOT]
    return named[0] if named else None
