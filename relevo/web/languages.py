"""The words on our own pages, one file for each language, and which language a browser wants."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from sanic.request import Request

from relevo.web.origins import header
from relevo.web.services import services_of

_FOLDER = Path(__file__).parent / "texts"
Words = Mapping[str, str]

WORDS: Mapping[str, Words] = {
    path.stem: msgspec.json.decode(path.read_bytes(), type=dict[str, str]) for path in sorted(_FOLDER.glob("*.json"))
}


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
