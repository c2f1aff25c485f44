"""Reads a migration as the last release would feel it: what takes away or tightens what that release uses.

A rule of thumb on the text, not a parser of SQL: it errs on the side of asking. A statement that is harmless all the
same says why in a comment above it that begins with ``-- last release:``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_EXCUSE = "-- last release:"
_TEXTS = re.compile(r"\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'", re.DOTALL)
_NAME = r"(?:IF (?:NOT )?EXISTS )?(?:ONLY )?(\w+)"
_MADE = re.compile(rf"CREATE (?:UNLOGGED )?(?:TABLE|SEQUENCE|VIEW|TYPE) {_NAME}")
_TAKEN = re.compile(rf"DROP (?:TABLE|SEQUENCE|VIEW|TYPE|FUNCTION) {_NAME}")
_CHANGED = re.compile(rf"ALTER TABLE {_NAME} (.*)")
_UNIQUE = re.compile(rf"CREATE UNIQUE INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?\w+ ON {_NAME}")
_TIGHTER = {
    r"\bRENAME\b": "renames",
    r"DROP (?!CONSTRAINT|NOT NULL|EXPRESSION|IDENTITY|DEFAULT)": "drops a column",
    r"DROP DEFAULT": "takes away a default",
    r"SET NOT NULL": "demands a value",
    r"ADD (?:COLUMN )?(?!CONSTRAINT)[^,]*NOT NULL(?![^,]*(?:DEFAULT|GENERATED))": "demands a value",
    r"\bTYPE\b": "changes a type",
    r"ADD (?:CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY)": "adds a constraint",
}


def made_by(text: str) -> set[str]:
    """Give the tables, sequences and types that a migration makes."""
    return {found[1] for statement, _ in _statements(text) for found in [_MADE.match(statement)] if found}


def refused(text: str, own: set[str]) -> list[str]:
    """Give what a migration takes away or tightens of what is not its own, one sentence each."""
    return [
        f"{what}: {statement[:100]}"
        for statement, is_excused in _statements(text)
        if not is_excused
        for what in _takes(statement, own)
    ]


def _takes(statement: str, own: set[str]) -> Iterator[str]:
    taken, unique, changed = _TAKEN.match(statement), _UNIQUE.match(statement), _CHANGED.match(statement)
    if taken and taken[1] not in own:
        yield "drops"
    if unique and unique[1] not in own:
        yield "demands uniqueness"
    if changed and changed[1] not in own:
        yield from (what for pattern, what in _TIGHTER.items() if re.search(pattern, changed[2]))


def _statements(text: str) -> Iterator[tuple[str, bool]]:
    """Give each statement on one line, without texts and comments, and whether a comment excuses it."""
    for part in _TEXTS.sub("''", text).split(";"):
        lines = part.strip().splitlines()
        statement = " ".join(line.partition("--")[0].strip() for line in lines).strip()
        if statement:
            yield re.sub(r"\s+", " ", statement), any(line.strip().startswith(_EXCUSE) for line in lines)
