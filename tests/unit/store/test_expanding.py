"""Migrations leave the last release what it uses: it runs on while machines are upgraded one by one."""

from __future__ import annotations

import pytest

from relevo.store.migrate import LAST_RELEASE, least_code, migrations
from tests.unit.store.expanding import made_by, refused

SINCE = [(number, name, text) for number, name, text in migrations() if number > LAST_RELEASE]


@pytest.mark.parametrize(("number", "name", "text"), SINCE, ids=[name for _, name, _ in SINCE])
def test_what_came_since_the_last_release_takes_nothing_from_it(number: int, name: str, text: str) -> None:
    """Nothing it uses is dropped, renamed or tightened (docs/decisions/0043); a contraction names code that is out."""
    own = {made for _, _, each in SINCE for made in made_by(each)}
    needed = least_code(text)
    if needed:
        assert needed <= LAST_RELEASE, "contract in a release after the one that stopped using it"
    else:
        assert refused(text, own) == []


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DROP TABLE inbox", "drops"),
        ("ALTER TABLE inbox RENAME COLUMN text TO words", "renames"),
        ("ALTER TABLE inbox RENAME TO letters", "renames"),
        ("ALTER TABLE inbox DROP COLUMN raw", "drops a column"),
        ("ALTER TABLE inbox DROP raw", "drops a column"),
        ("ALTER TABLE inbox ALTER COLUMN raw TYPE text", "changes a type"),
        ("ALTER TABLE inbox ALTER raw SET NOT NULL", "demands a value"),
        ("ALTER TABLE inbox ADD COLUMN model text NOT NULL", "demands a value"),
        ("ALTER TABLE inbox ALTER COLUMN state DROP DEFAULT", "takes away a default"),
        ("ALTER TABLE inbox ADD CONSTRAINT short CHECK (length(text) < 9)", "adds a constraint"),
        ("CREATE UNIQUE INDEX one ON inbox (workspace_id, text)", "demands uniqueness"),
    ],
)
def test_what_the_last_release_would_feel_is_refused(statement: str, what: str) -> None:
    """Unless the table is new as well, or a comment says why it does no harm."""
    (sentence,) = refused(f"-- A change.\n\n{statement};", set())
    assert sentence.startswith(f"{what}: ")
    assert refused(statement, {"inbox"}) == []
    assert refused(f"-- last release: it never had any.\n{statement};", set()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE inbox ADD COLUMN model text, ADD COLUMN knows text[] NOT NULL DEFAULT '{}'",
        "ALTER TABLE inbox ALTER COLUMN raw DROP NOT NULL",
        "ALTER TABLE inbox DROP CONSTRAINT inbox_state_check",
        "CREATE INDEX inbox_late ON inbox (workspace_id, received_at)",
        "DROP INDEX inbox_late",
        "COMMENT ON COLUMN inbox.text IS 'RENAME; DROP TABLE inbox'",
        "CREATE TABLE letters (id integer NOT NULL)",
    ],
)
def test_what_only_adds_or_loosens_is_let_through(statement: str) -> None:
    """More columns, more tables, fewer demands."""
    assert refused(statement, set()) == []
