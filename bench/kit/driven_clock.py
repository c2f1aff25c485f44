"""A clock that a bench drives, for its own process, for Relevo's and for the database: real time, and how far ahead.

Time goes on by itself and jumps when it is told to, so that a day of limits and leases passes in seconds.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

FILE = "BENCH_CLOCK"
"""The variable that names the file in which processes read how far ahead it is."""
_SECONDS = struct.Struct("d")
# Tables are made in public, and now() is ours, also as what columns are filled with.
_INSTALL = """
CREATE SCHEMA driven;
CREATE TABLE driven.clock (ahead interval NOT NULL);
INSERT INTO driven.clock VALUES (interval '0');
CREATE FUNCTION driven.now() RETURNS timestamptz STABLE LANGUAGE sql
    AS 'SELECT pg_catalog.now() + ahead FROM driven.clock';
"""


class DrivenClock:
    """The clock of one run; its database is empty when it is made."""

    def __init__(self, file: Path, dsn: str) -> None:
        file.write_bytes(_SECONDS.pack(0.0))
        self.file, self._dsn, self._ahead = file, dsn, 0.0
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(_INSTALL)
            name = Identifier(str(conninfo_to_dict(dsn)["dbname"]))
            connection.execute(SQL("ALTER DATABASE {} SET search_path = public, driven, pg_catalog").format(name))

    def __call__(self) -> datetime:
        """Give the moment."""
        return datetime.now(timezone.utc) + timedelta(seconds=self._ahead)

    @property
    def ahead(self) -> timedelta:
        """How far it was driven."""
        return timedelta(seconds=self._ahead)

    def jump(self, seconds: float) -> None:
        """Let time pass, for everybody."""
        self._ahead += seconds
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute("UPDATE driven.clock SET ahead = make_interval(secs => %s)", (self._ahead,))
        with self.file.open("r+b") as written:
            written.write(_SECONDS.pack(self._ahead))


def driven_by(file: Path) -> Callable[[], datetime]:
    """Give the clock of another process."""
    with file.open("rb") as opened:
        read = mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ)

    def clock() -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=_SECONDS.unpack_from(read)[0])

    return clock
