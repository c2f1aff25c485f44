"""What the system itself says where Rasa cannot: one file for each language."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import yaml

from relevo.domain.formality import is_formal, laid_over

FALLBACK_LANGUAGE = "en"


def say(language: str | None, key: str, /, **values: str) -> str:
    """Give a system text in a language, or in English where there is none."""
    return _texts_in(language)[key].format(**values)


def has_text(language: str | None, key: str) -> bool:
    """Tell whether there is such a text, in this language or in the one that stands in for it."""
    return key in _texts_in(language)


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Give the languages that there are texts in."""
    files = resources.files("relevo.flow").joinpath("texts_by_language").iterdir()
    return tuple(sorted(file.name.removesuffix(".yml") for file in files if file.name.endswith(".yml")))


def _texts_in(language: str | None) -> dict[str, str]:
    language = language if language in languages() else FALLBACK_LANGUAGE
    return _texts(language, is_formal=is_formal(language))


@lru_cache
def _texts(language: str, *, is_formal: bool) -> dict[str, str]:
    folder = resources.files("relevo.flow").joinpath("texts_by_language")
    texts: dict[str, str] = yaml.safe_load(folder.joinpath(f"{language}.yml").read_text("utf-8"))
    formal = folder / "formal" / f"{language}.yml"
    return laid_over(texts, yaml.safe_load(formal.read_text("utf-8"))) if is_formal and formal.is_file() else texts
