"""One word, one thing: names that the glossary rules out do not appear in the code."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPEAK_AS_X_DOES = ("relevo/channels/x/", "relevo/testing/x/")
"""Rooms that name a platform's things by its own words, so that its documentation can be read beside them."""


def _banned() -> set[str]:
    rows = re.findall(r"^\| [^|]+ \| [^|]+ \| ([^|]+) \|$", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    words = {word.strip() for row in rows for word in row.split(",")}
    return {word for word in words if re.fullmatch(r"[a-z_]+", word)}


def _names(file: Path) -> set[str]:
    tokens = tokenize.generate_tokens(io.StringIO(file.read_text(encoding="utf-8")).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}


def test_names_that_the_glossary_rules_out_are_not_used() -> None:
    """A reader meets one word for one thing, everywhere."""
    banned = _banned()
    assert {"operator", "escalation", "nack"} <= banned, "the glossary's table was not read"
    found = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in (ROOT / "relevo").rglob("*.py")
        if not str(file.relative_to(ROOT)).startswith(SPEAK_AS_X_DOES)
        for name in _names(file)
        if banned & {name.lower(), *name.lower().split("_")}
    }
    assert found == set()
