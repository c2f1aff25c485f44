"""Finds whom a note speaks to: ``@Sara`` or ``@Sara Molina``."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping


def mentioned(text: str, names: Mapping[int, str]) -> tuple[int, ...]:
    """Give the agents whom a text names after an ``@``: by their whole name, or by a first name that only one has.

    Neither case nor accents matter; an ``@`` inside a word, as in an address, names nobody.
    """
    folded = _folded(text)
    whole = {agent: _folded(name) for agent, name in names.items()}
    first = {agent: name.partition(" ")[0] for agent, name in whole.items()}
    shared = {name for name, times in Counter(first.values()).items() if times > 1}
    return tuple(
        agent
        for agent in names
        if _calls(folded, whole[agent]) or (first[agent] not in shared and _calls(folded, first[agent]))
    )


def _calls(text: str, name: str) -> bool:
    return bool(name) and re.search(rf"(?<!\w)@{re.escape(name)}(?!\w)", text) is not None


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(character for character in plain if not unicodedata.combining(character)).split())
