"""What the bot can be taught: the intents and entities of its domain, and the names that people read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from relevo.bootstrap.everything import Settings
from relevo.configuration.documents import plain_yaml
from relevo.flow.teaching import Intents


def intents_of(settings: Settings) -> Intents:
    """Read domain.yml and the names of intents in actions/languages; a bot without them is taught nothing."""
    project = settings.places.project_folder
    domain = _read(project / "domain.yml")
    languages = sorted((project / "actions" / "languages").glob("*.yml"))
    return Intents(
        names=tuple(sorted(map(_name, domain.get("intents") or []))),
        entities=tuple(sorted(map(_name, domain.get("entities") or []))),
        titles={path.stem: _read(path).get("choices") or {} for path in languages},
    )


def _read(path: Path) -> dict[str, Any]:
    """Give a file's mapping; what is wrong in it is told by ``relevo check`` and by training, not here."""
    try:
        document = plain_yaml(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return document if isinstance(document, dict) else {}


def _name(entry: Any) -> str:
    return str(next(iter(entry))) if isinstance(entry, dict) and entry else str(entry)
