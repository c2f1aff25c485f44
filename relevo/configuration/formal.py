"""Reads data/formal/*.yml: what the bot says where contacts are addressed formally."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from yaml.nodes import SequenceNode

from relevo.configuration.documents import Mistakes, Spot, read_document

FOLDER = "data/formal"


class Formal(msgspec.Struct, frozen=True, kw_only=True):
    """What is worded otherwise in a language, when it is formal."""

    replies: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)
    """By the reply's name, the variations in their order; the others stay as they are."""
    buttons: Mapping[str, str] = msgspec.field(default_factory=dict)
    """By what else stands on the button."""


def read_formal(languages: Spot, project: Path, mistakes: Mistakes) -> Mapping[str, Formal]:
    """Read the words of the languages that relevo.yml names."""
    known = {file.stem: file for file in project.joinpath(FOLDER).glob("*.yml")}
    if not known:
        languages.wrong(f"there is no {FOLDER}; write a language's replies there, as es.yml, or take 'formal' out.")
        return {}
    chosen = [language for item in languages.items() if (language := item.choice(known))]
    return {language: _read(known[language], mistakes) for language in chosen}


def _read(file: Path, mistakes: Mistakes) -> Formal:
    document = read_document(file, mistakes)
    parts = document.fields(required=("replies",), optional=("buttons",)) if document else {}
    replies, buttons = (parts[name].fields(is_open=True) if name in parts else {} for name in ("replies", "buttons"))
    return Formal(
        replies={name: _variations(spot) for name, spot in replies.items()},
        buttons={name: text for name, spot in buttons.items() if (text := spot.text())},
    )


def _variations(spot: Spot) -> Sequence[str]:
    texts = spot.items() if isinstance(spot.node, SequenceNode) else [spot]
    return [text for each in texts if (text := each.text())]
