"""What the system itself says where Rasa cannot: one file for each language."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import yaml

FALLBACK_LANGUAGE = "en"


def say(language: str | None, key: str, /, **values: str) -> str:
    """Give a system text in a language, or in English where there is none."""
    texts = _texts(language or FALLBACK_LANGUAGE) or _texts(FALLBACK_LANGUAGE)
    return texts[key].format(**values)


def has_text(language: str | None, key: str) -> bool:
    """Tell whether there is such a text, in this language or in the one that stands in for it."""
    return key in (_texts(language or FALLBACK_LANGUAGE) or _texts(FALLBACK_LANGUAGE))


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Give the languages that there are texts in."""
    files = resources.files("relevo.flow").joinpath("texts_by_language").iterdir()
    return tuple(sorted(file.name.removesuffix(".yml") for file in files if file.name.endswith(".yml")))


@lru_cache
def _texts(language: str) -> dict[str, str]:
    # A language may be whatever a sender claims to speak: it is looked up among the files and never made a path.
    files = {file.name: file for file in resources.files("relevo.flow").joinpath("texts_by_language").iterdir()}
    file = files.get(f"{language}.yml")
    if file is None:
        return {}
    texts: dict[str, str] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return texts
