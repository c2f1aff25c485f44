"""Reads relevo.yml: languages, time zone, how long a verification holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from relevo.configuration.documents import Mistakes, Spot, read_document


@dataclass(frozen=True, kw_only=True, slots=True)
class BotFile:
    """What relevo.yml says."""

    languages: tuple[str, ...] = ("es", "en")
    default_language: str = "es"
    timezone: str = "Europe/Madrid"
    verification_seconds: int = 3600


def read_bot(path: Path, mistakes: Mistakes) -> BotFile:
    """Read relevo.yml; what is wrong is noted, and its default stands in."""
    document = read_document(path, mistakes)
    if document is None:
        return BotFile()
    required = ("languages", "default_language", "timezone", "verification_seconds")
    parts = document.fields(required=required)
    languages = _languages(parts.get("languages"))
    default = parts["default_language"].choice(languages) if languages and "default_language" in parts else None
    zone = _zone(parts.get("timezone"))
    seconds = parts["verification_seconds"].whole_number(least=60) if "verification_seconds" in parts else None
    if not (languages and default and zone and seconds):
        return BotFile()
    return BotFile(languages=languages, default_language=default, timezone=zone, verification_seconds=seconds)


def _languages(spot: Spot | None) -> tuple[str, ...]:
    codes = [item.text() for item in spot.items()] if spot else []
    if spot and not codes:
        spot.wrong("languages must name at least one language, such as es.")
    return tuple(code for code in codes if code)


def _zone(spot: Spot | None) -> str | None:
    name = spot.text() if spot else None
    if spot is None or name is None:
        return None
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        spot.wrong(f"'{name}' is no known time zone; write it like Europe/Madrid.")
        return None
    return name
