"""Databases for tests: cloned from a migrated template, and emptied behind a test for the next one, in a thread.

A clone is hundreds of files and takes longer than most tests; emptying takes milliseconds. What a test has left in
another shape, or still holds a connection to, is not used again.
"""

from __future__ import annotations

import queue
import threading
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo

_AHEAD = 2

_SHAPE = """
SELECT md5(string_agg(concat_ws(' ', relname, relkind, relnatts, relchecks, relhastriggers), ',' ORDER BY oid)),
    (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_extension),
    (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
     WHERE d.datname = current_database()),
    (SELECT count(*) FROM migrations)
FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_EMPTY = """
DO $$
DECLARE one record;
BEGIN
    SET LOCAL session_replication_role = replica;  -- foreign keys do not mind an order
    FOR one IN SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'migrations'
    LOOP EXECUTE format('DELETE FROM %I', one.relname); END LOOP;
    FOR one IN SELECT sequencename, start_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
    LOOP PERFORM setval(one.sequencename::regclass, one.start_value, false); END LOOP;
END $$
"""


class Databases:
    """Hands out empty databases that nobody is connected to; what goes wrong is raised by whoever asks next."""

    def __init__(self, postgres: str) -> None:
        self._owner = make_conninfo(postgres, user="postgres", dbname="postgres")
        self._shape = self._look("template")
        self._ready: queue.Queue[str | BaseException] = queue.Queue()
        self._orders: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="databases of tests", daemon=True)
        self._thread.start()
        for _ in range(_AHEAD):
            self._orders.put("")

    # An order is the name of a database that was used, or nothing for another one to be made.
    def take(self) -> str:
        """Give the name of an empty database."""
        if self._ready.empty():
            self._orders.put("")
        name = self._ready.get(timeout=60)
        if isinstance(name, BaseException):
            raise name
        return name

    def give_back(self, name: str) -> None:
        """Have a database emptied, or dropped, whoever is still connected to it."""
        self._orders.put(name)

    def close(self) -> None:
        """Finish what is under way, and end."""
        self._orders.put(None)
        self._thread.join(timeout=60)

    def _work(self) -> None:
        try:
            with psycopg.connect(self._owner, autocommit=True) as connection:
                while (name := self._orders.get()) is not None:
                    self._ready.put(name if name and self._is_emptied(name) else self._made(name, connection))
        except psycopg.Error as error:
            self._ready.put(error)

    def _is_emptied(self, name: str) -> bool:
        try:
            if self._look(name) != self._shape:
                return False
            with psycopg.connect(make_conninfo(self._owner, dbname=name)) as connection:
                connection.execute(_EMPTY)
        except psycopg.Error:
            return False
        return True

    def _look(self, name: str) -> tuple[object, ...] | None:
        """Give the shape of a database; None while somebody is connected to it."""
        with psycopg.connect(make_conninfo(self._owner, dbname=name), autocommit=True) as connection:
            others, shape = connection.execute(_OTHERS).fetchone(), connection.execute(_SHAPE).fetchone()
        return shape if others == (0,) else None

    def _made(self, used: str, connection: psycopg.Connection[tuple[object, ...]]) -> str:
        if used:
            connection.execute(f'DROP DATABASE IF EXISTS "{used}" WITH (FORCE)')
        name = f"test_{uuid4().hex[:12]}"
        connection.execute(f'CREATE DATABASE "{name}" OWNER relevo TEMPLATE template')
        return name
