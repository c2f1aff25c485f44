"""Runs the bundled PostgreSQL for whoever names no database: made, started, and ended with its owner."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from relevo.errors import ConfigurationError
from relevo.store import postgres_launcher
from relevo.store.postgres_binaries import bundled_binaries, readable_binaries
from relevo.store.postgres_files import (
    Account,
    Place,
    check_version,
    clear_after_crash,
    file_errors_as_sentences,
    find_place,
    move_into_place,
    open_log,
    prepare_folders,
    remove_all,
    running_postmaster,
)
from relevo.store.postgres_lock import LOCK_NAME, Lock

__all__ = ["PostgresServer", "bundled_binaries", "destroy_postgres", "has_postgres", "running_postgres"]

NAME = "relevo"
SUPERUSER = "postgres"
START_SECONDS = 300.0
"""Recovery after a crash is allowed this long; a server that ends is noticed at once."""
STOP_SECONDS = 60.0
LOG_PREFIX = re.compile(r"^[\d-]+ [\d:.]+ \w+ \[\d+\] ")
TELLS_NOTHING = (
    "database system",
    "removing contents",
    "removing data directory",
    "starting PostgreSQL",
    "listening on",
)

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Statements and details carry what customers wrote.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@contextmanager
def running_postgres(state_folder: Path) -> Iterator[str]:
    """Yield the connection string of the state folder's database while it certainly runs."""
    server = PostgresServer(state_folder)
    server.start()
    try:
        yield server.dsn
    finally:
        server.stop()


class PostgresServer:
    """The bundled database of one state folder.

    The first process to ask starts it, owns it and ends it; others use it meanwhile. It ends with its owner,
    however the owner ends.
    """

    def __init__(self, state_folder: Path) -> None:
        self.state_folder = state_folder.resolve()
        self._dsn: str | None = None
        self._launcher: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """The connection string, once started."""
        if self._dsn is None:
            raise ConfigurationError("The bundled PostgreSQL has not been started.")
        return self._dsn

    @property
    def is_owned(self) -> bool:
        """Whether this object started the server and will stop it."""
        return self._launcher is not None

    @property
    def has_ended(self) -> bool:
        """Whether the server that this object started is gone, though nobody stopped it."""
        return self._launcher is not None and self._launcher.poll() is not None

    def start(self) -> None:
        """Make the database reachable; wait for a process that is starting or ending it."""
        with file_errors_as_sentences(self.state_folder):
            self.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = Lock(self.state_folder)
            try:
                self._start_or_join(lock)
            finally:
                lock.release()

    def stop(self) -> None:
        """End the server if this object started it: connections are cut, what was committed stays."""
        if self._launcher is not None:
            self._launcher.terminate()
            self._launcher.wait()
            self._launcher = None
        self._dsn = None

    def _start_or_join(self, lock: Lock) -> None:
        overdue = f"Another process holds the database of {self.state_folder}, which does not answer: end it first."
        for _ in _patiently(START_SECONDS, overdue):
            if lock.acquire():
                self._start(lock)
                return
            if self._join(lock):
                return

    def _join(self, lock: Lock) -> bool:
        name = lock.read_name()
        if name is None:
            return False
        dsn = _dsn(find_place(self.state_folder, name), NAME, NAME)
        if not _answers(dsn):
            return False
        self._dsn = dsn
        return True

    def _start(self, lock: Lock) -> None:
        place = find_place(self.state_folder, lock.give_name())
        binaries = readable_binaries(place.account)
        prepare_folders(place)
        if not (place.data.is_dir() and any(place.data.iterdir())):
            _make_database(place, binaries, lock)
        check_version(place.data)
        clear_after_crash(place)
        try:
            self._launch(place, binaries, lock)
            _make_role_and_database(place)
        except psycopg.Error as error:
            self.stop()
            raise ConfigurationError(f"The database in {place.data} cannot be used: {error}") from error
        except BaseException:
            self.stop()
            raise
        self._dsn = _dsn(place, NAME, NAME)

    def _launch(self, place: Place, binaries: Path, lock: Lock) -> None:
        log = open_log(place)
        try:
            said_before = os.fstat(log).st_size
            command = _launched(_server_command(place, binaries), place.account)
            self._launcher = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=(lock.descriptor,),
                start_new_session=True,  # Ctrl-C is for the owner, which still needs its database to finish
            )
        finally:
            os.close(log)
        self._wait_until_ready(self._launcher, place, said_before)

    def _wait_until_ready(self, launcher: subprocess.Popen[bytes], place: Place, said_before: int) -> None:
        overdue = f"PostgreSQL did not get ready on {place.data}: see {place.log}."
        for _ in _patiently(START_SECONDS, overdue):
            if _answers(_dsn(place, SUPERUSER, SUPERUSER)):
                return
            if launcher.poll() is not None:
                said = place.log.read_bytes()[said_before:].decode("utf-8", "replace")
                raise _failed(f"PostgreSQL did not start on {place.data}", said, place.log)


def has_postgres(state_folder: Path) -> bool:
    """Tell whether a state folder has a database, running or not."""
    return (state_folder / LOCK_NAME).exists()


def destroy_postgres(state_folder: Path) -> None:
    """End the state folder's bundled server, whoever runs it, and remove its data and log for good."""
    state_folder = state_folder.resolve()
    if not state_folder.is_dir():
        return
    with file_errors_as_sentences(state_folder):
        lock = Lock(state_folder)
        try:
            _end_any_server(lock, state_folder)
            remove_all(find_place(state_folder, lock.give_name()))
        finally:
            lock.release()


def _end_any_server(lock: Lock, state_folder: Path) -> None:
    """Take the lock, which nobody can while a server of this state folder lives."""
    asked = None
    for _ in _patiently(
        STOP_SECONDS, f"The database of {state_folder} is in use and did not end: end its owner first."
    ):
        if lock.acquire():
            return
        name = lock.read_name()
        server = running_postmaster(find_place(state_folder, name).data) if name else None
        if server is not None and server != asked:
            os.kill(server, signal.SIGINT)
            asked = server


def _make_database(place: Place, binaries: Path, lock: Lock) -> None:
    """Make an empty database beside its final place, and move it there when it is whole."""
    place.unfinished.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(place.unfinished, place.account.uid, place.account.gid)
    command = _launched(_initdb_command(place, binaries), place.account)
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        pass_fds=(lock.descriptor,),
        start_new_session=True,
        check=False,
    )
    if done.returncode != 0:
        raise _failed(f"A database could not be made in {place.home}", done.stdout.decode("utf-8", "replace"), None)
    move_into_place(place)


def _initdb_command(place: Place, binaries: Path) -> list[str]:
    # Whoever reaches the socket is trusted, and only the account and root reach it: its folder is 0700 and
    # there is no TCP. A password in a file beside it would protect against nobody else.
    return [
        str(binaries / "bin" / "initdb"),
        f"--pgdata={place.unfinished}",
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions",
    ]


def _server_command(place: Place, binaries: Path) -> list[str]:
    quoted = str(place.socket_folder).replace('"', '""')
    settings = {**SETTINGS, "unix_socket_directories": f'"{quoted}"'}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries / "bin" / "postgres"), "-D", str(place.data), *options]


def _launched(command: list[str], account: Account) -> list[str]:
    script = str(Path(postgres_launcher.__file__).resolve())
    identity = [str(os.getpid()), str(account.uid), str(account.gid)]
    return [sys.executable, "-I", "-S", script, *identity, *command]


def _make_role_and_database(place: Place) -> None:
    """Make the role that Relevo works as, which owns its database and nothing else."""
    with psycopg.connect(_dsn(place, SUPERUSER, SUPERUSER), autocommit=True) as connection:
        name = sql.Identifier(NAME)
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (NAME,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))


def _dsn(place: Place, database: str, user: str) -> str:
    return make_conninfo(host=str(place.socket_folder), port=5432, dbname=database, user=user)


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True


def _patiently(seconds: float, overdue: str) -> Iterator[None]:
    """Yield for one look after another, ever more slowly, and give up with a sentence."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(pause * 1.2, 0.5)
    raise ConfigurationError(overdue)


def _failed(what: str, output: str, log: Path | None) -> ConfigurationError:
    """Return the sentence for a program that gave up, with the lines of its output that tell why."""
    lines = [LOG_PREFIX.sub("", line.strip()) for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if not any(words in line for words in TELLS_NOTHING)]
    reasons = " / ".join(telling[-3:]).rstrip(".") or "it said nothing"
    advice = "Make room on that disk" if "No space left on device" in output else "Mend that"
    where = f" The whole of it is in {log}." if log else ""
    return ConfigurationError(f"{what}: {reasons}. {advice} and start again.{where}")
