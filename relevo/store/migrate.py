"""Brings a database forward to this version, from empty or from any earlier one."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import psycopg

from relevo.errors import ConfigurationError
from relevo.store.connecting import Way

Connection = psycopg.Connection[tuple[Any, ...]]
_LOCK = 0x52656C65766F
LAST_RELEASE = 36
"""Newest migration of the last release, which must run on whatever comes after it (docs/decisions/0043)."""

_LEDGER = """
CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE migrations ADD COLUMN IF NOT EXISTS least_code integer NOT NULL DEFAULT 0;
"""
_LOCK_TRIES = 20
"""How often a migration waits three seconds for its tables: while it waits, everybody waits behind it."""


def migrations() -> list[tuple[int, str, str]]:
    """Give number, name and text of every migration, in order."""
    return sorted(
        (int(match[1]), match[2], file.read_text(encoding="utf-8"))
        for file in resources.files("relevo.store").joinpath("migrations").iterdir()
        if (match := re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name))
    )


def migrate(dsn: str, *, up_to: int | None = None) -> list[str]:
    """Apply what is missing, each migration in a transaction of its own, and give their names.

    Safe to run from several processes at once, and while others work. Raises ConfigurationError when the database is
    too new for this program.
    """
    with psycopg.connect(Way(dsn).conninfo(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(_LEDGER)
        applied = demand_usable(connection)
        missing = [m for m in migrations() if m[0] not in applied and (up_to is None or m[0] <= up_to)]
        connection.execute("SET lock_timeout = '3s'")
        for migration in missing:
            _apply(connection, *migration)
        return [name for _, name, _ in missing]


def _apply(connection: Connection, number: int, name: str, text: str) -> None:
    for tries_left in reversed(range(_LOCK_TRIES)):
        try:
            with connection.transaction():
                connection.execute(text)
                connection.execute(
                    "INSERT INTO migrations (number, name, least_code) VALUES (%s, %s, %s)",
                    (number, name, least_code(text)),
                )
        except psycopg.errors.LockNotAvailable:
            if not tries_left:
                raise
        else:
            return


def demand_usable(connection: Connection) -> set[int]:
    """Give the migrations that a database has; raises ConfigurationError when one of them needs newer code than this.

    One that is unknown here and needs nothing only adds: old code and new run on it while machines are upgraded.
    """
    applied = connection.execute(
        "SELECT number, coalesce((to_jsonb(m) ->> 'least_code')::integer, 0) FROM migrations m"
    ).fetchall()
    if max((least for _, least in applied), default=0) > migrations()[-1][0]:
        raise ConfigurationError(
            "The database was written by a newer Relevo. Install that version, or name another database."
        )
    return {number for number, _ in applied}


def least_code(text: str) -> int:
    """Give the number of the migration whose code a contraction needs at least; 0 where it only adds."""
    found = re.search(r"^-- needs code of (\d{4})", text, re.MULTILINE)
    return int(found[1]) if found else 0
