"""In which languages contacts are addressed formally, such as with "usted": one answer for all that a process says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

_languages: set[str] = set()


def address_formally(languages: Collection[str]) -> None:
    """Set the languages, in place of those before; called on start, before anything is said."""
    _languages.clear()
    _languages.update(languages)


def is_formal(language: str | None) -> bool:
    """Tell whether contacts are addressed formally in a language."""
    return language in _languages


def laid_over(texts: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Give texts with those in place that are worded otherwise, at any depth."""
    return {
        **texts,
        **{
            name: laid_over(texts[name], text) if isinstance(text, Mapping) and name in texts else text
            for name, text in others.items()
        },
    }
