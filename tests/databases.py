"""Databases for tests, cloned from a migrated template ahead of their tests and dropped behind them, in a thread."""

from __future__ import annotations

import queue
import threading
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo

_AHEAD = 2


class Databases:
    """Hands out databases that nobody had before; what goes wrong in the thread is raised by whoever asks next."""

    def __init__(self, postgres: str) -> None:
        self._owner = make_conninfo(postgres, user="postgres", dbname="postgres")
        self._ready: queue.Queue[str | BaseException] = queue.Queue()
        self._orders: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="databases of tests", daemon=True)
        self._thread.start()
        for _ in range(_AHEAD):
            self._orders.put("")

    # An order is the name of a database to drop, or nothing for another one to be made.
    def take(self) -> str:
        """Give the name of a fresh database, and have another one made."""
        self._orders.put("")
        name = self._ready.get(timeout=60)
        if isinstance(name, BaseException):
            raise name
        return name

    def drop(self, name: str) -> None:
        """Have a database dropped, whoever is still connected to it."""
        self._orders.put(name)

    def close(self) -> None:
        """Drop what is still to be dropped, and end."""
        self._orders.put(None)
        self._thread.join(timeout=60)

    def _work(self) -> None:
        try:
            with psycopg.connect(self._owner, autocommit=True) as connection:
                while (name := self._orders.get()) is not None:
                    self._follow(name, connection)
        except psycopg.Error as error:
            self._ready.put(error)

    def _follow(self, name: str, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        if name:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            return
        name = f"test_{uuid4().hex[:12]}"
        connection.execute(f'CREATE DATABASE "{name}" OWNER relevo TEMPLATE template')
        self._ready.put(name)
