"""The words on our own pages, for each language a file and a folder of more, and which language a browser wants."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from sanic.request import Request

from relevo.domain.formality import is_formal
from relevo.web.origins import header
from relevo.web.services import services_of

_FOLDER = Path(__file__).parent / "texts"
Words = Mapping[str, str]


def _read(folder: Path) -> dict[str, dict[str, str]]:
    return {path.stem: msgspec.json.decode(path.read_bytes(), type=dict[str, str]) for path in folder.glob("*.json")}


def _with_rooms(language: str, words: dict[str, str]) -> Words:
    """Add the words of each room of the desk, which are in a file of their own."""
    for more in _read(_FOLDER / language).values():
        words.update(more)
    return words


WORDS = {language: _with_rooms(language, words) for language, words in sorted(_read(_FOLDER).items())}
_FORMAL = {language: {**WORDS[language], **words} for language, words in _read(_FOLDER / "formal").items()}


def words_for_contacts(language: str) -> Words:
    """Give the words on pages that contacts read, as the business addresses them."""
    return _FORMAL.get(language, WORDS[language]) if is_formal(language) else WORDS[language]


def language_of(request: Request) -> str:
    """Give the language to answer a browser in: what its address asks for, else what the browser prefers."""
    asked = request.args.get("lang") if request.query_string else None
    if asked in WORDS:
        return str(asked)
    return preferred(header(request, "accept-language"), services_of(request).settings.default_language)


def preferred(accept_language: str, default: str) -> str:
    """Give the best of our languages for an Accept-Language header."""
    ranges = [_range(part) for part in accept_language.split(",")[:20]]
    for _, language in sorted(ranges, key=lambda ranged: -ranged[0]):
        if language in WORDS:
            return language
    return default if default in WORDS else next(iter(WORDS))


def _range(part: str) -> tuple[float, str]:
    tag, _, parameters = part.partition(";")
    try:
        weight = float(parameters.strip().removeprefix("q=")) if parameters else 1.0
    except ValueError:
        weight = 0.0
    return weight, tag.strip().partition("-")[0].lower()
