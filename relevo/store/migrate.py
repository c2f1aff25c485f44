"""Brings a database forward to this version, from empty or from any earlier one."""

from __future__ import annotations

import re
from importlib import resources

import psycopg

from relevo.errors import ConfigurationError
from relevo.store.connecting import Way

_LOCK = 0x52656C65766F
_LEDGER = """
CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def migrations() -> list[tuple[int, str, str]]:
    """Give number, name and text of every migration, in order."""
    return sorted(
        (int(match[1]), match[2], file.read_text(encoding="utf-8"))
        for file in resources.files("relevo.store").joinpath("migrations").iterdir()
        if (match := re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name))
    )


def migrate(dsn: str, *, up_to: int | None = None) -> list[str]:
    """Apply what is missing, each migration in a transaction of its own, and give their names.

    Safe to run from several processes at once. Raises ConfigurationError when the database is newer than this program.
    """
    with psycopg.connect(Way(dsn).conninfo(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(_LEDGER)
        applied = {number for (number,) in connection.execute("SELECT number FROM migrations")}
        known = migrations()
        if applied - {number for number, _, _ in known}:
            raise ConfigurationError(
                "The database was written by a newer Relevo. Install that version, or name another database."
            )
        missing = [m for m in known if m[0] not in applied and (up_to is None or m[0] <= up_to)]
        for number, name, text in missing:
            with connection.transaction():
                connection.execute(text)
                connection.execute("INSERT INTO migrations (number, name) VALUES (%s, %s)", (number, name))
        return [name for _, name, _ in missing]
