"""One PostgreSQL on a host of its own, on a disk of its own that is memory: it can fill, fall behind and fall over."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench.kit.hosts import Host
from bench.kit.programs import BenchError, Program
from relevo.store.postgres_binaries import readable_binaries
from relevo.store.postgres_files import UNPRIVILEGED_ACCOUNTS, Account

DATABASE = "relevo"
DISK_MEGABYTES = 900
# In the file, not given to the server: pg_rewind has a server of its own recover what it rewinds, which must keep the
# log that it needs.
_SETTINGS = {
    "port": "5432",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "128MB",
    "wal_keep_size": "256MB",
    "wal_log_hints": "on",
    "wal_sender_timeout": "5s",
    "wal_receiver_timeout": "5s",
    "wal_receiver_status_interval": "1s",
    "wal_retrieve_retry_interval": "500ms",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "6000",
    "timezone": "UTC",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(kw_only=True)
class PostgresHost:
    """A server, its disk and its role."""

    host: Host
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        size = f"size={DISK_MEGABYTES}m,mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", self.folder], check=True)
        os.chown(self.folder, *_account())
        self.program = Program(
            name=f"PostgreSQL on {self.host.name}",
            command=self.host.command(self._server(), _account()),
            folder=Path("/"),
            log=self.folder.parent / f"{self.host.name}.log",
            environment=self.environment,
        )

    @property
    def data(self) -> Path:
        """Where it keeps everything."""
        return self.folder / "data"

    @property
    def dsn(self) -> str:
        """Connection string of this server alone."""
        return f"host={self.host.address} port=5432 dbname={DATABASE} user={DATABASE} connect_timeout=2"

    def connect(self, *, user: str = "postgres", database: str = "postgres") -> psycopg.Connection[Any]:
        """Connect as the administrator."""
        dsn = f"host={self.host.address} port=5432 dbname={database} user={user} connect_timeout=2"
        return psycopg.connect(dsn, autocommit=True)

    def make(self) -> None:
        """Make an empty database."""
        made = ["initdb", f"--pgdata={self.data}", "--username=postgres", "--encoding=UTF8", "--locale=C"]
        self.run([*made, "--auth=trust", "--wal-segsize=4", "--no-instructions"])
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
            settings.write("include_if_exists = '../synchronous.conf'\n")
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.77.0.0/24 trust\nhost replication all 10.77.0.0/24 trust\n")

    def follow(self, primary: PostgresHost) -> str:
        """Make this server, which is stopped, a replica; says by which way."""
        self.be_synchronous(is_on=False)
        self._reaches(primary)
        source = f"host={primary.host.address} port=5432 user=postgres dbname=postgres"
        way = "rewound"
        rewound = ["pg_rewind", f"--target-pgdata={self.data}", f"--source-server={source}", "--write-recovery-conf"]
        if not self.data.exists() or self.run(rewound, is_needed=False):
            shutil.rmtree(self.data, ignore_errors=True)
            self.run(["pg_basebackup", f"--pgdata={self.data}", f"--dbname={source}", "--checkpoint=fast", "-R"])
            way = "copied anew"
        conninfo = (
            f"{source} application_name={self.host.name} connect_timeout=2 keepalives_idle=5 tcp_user_timeout=6000"
        )
        with (self.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = '{conninfo}'\n")
        return way

    def _reaches(self, primary: PostgresHost) -> None:
        """Wait until the other is heard from here: a cable that was put in again takes a moment."""
        for _ in range(60):
            if not self.run(["pg_isready", f"--host={primary.host.address}", "--timeout=1"], is_needed=False):
                return
            time.sleep(0.2)

    def be_synchronous(self, *, is_on: bool) -> None:
        """Have commits wait for a replica, or no longer."""
        (self.folder / "synchronous.conf").write_text(f"synchronous_standby_names = '{'*' if is_on else ''}'\n")
        if self.program.is_running:
            self.tell(signal.SIGHUP)

    def tell(self, number: signal.Signals) -> None:
        """Signal the server itself, which knows what to do with its processes."""
        os.kill(self.program.pid, number)

    def fill_disk(self) -> None:
        """Leave no room."""
        # Written, not allocated in one go: what is free grows less while one looks.
        with (self.folder / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(bytes(1 << 20))

    def empty_disk(self) -> None:
        """Make room again."""
        (self.folder / "ballast").unlink(missing_ok=True)

    def run(self, command: Sequence[str], *, is_needed: bool = True) -> int:
        """Run one of PostgreSQL's programs on the host; raises BenchError where it is needed and fails."""
        program = [str(_binaries() / "bin" / command[0]), *command[1:]]
        environment = {**os.environ, **self.environment, "LC_ALL": "C"}
        done = subprocess.run(
            self.host.command(program, _account()),
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        with self.program.log.open("a") as log:
            log.write(f"{command[0]}: {done.stdout}{done.stderr}")
        if done.returncode and is_needed:
            raise BenchError(f"{command[0]} failed on {self.host.name}: {done.stderr.strip()[-400:]}")
        return done.returncode

    def _server(self) -> list[str]:
        address = ["-c", f"listen_addresses={self.host.address}"]
        return [str(_binaries() / "bin" / "postgres"), "-D", str(self.data), *address]


def _account() -> tuple[int, int]:
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    found = next(names[name] for name in UNPRIVILEGED_ACCOUNTS if name in names)
    return found.pw_uid, found.pw_gid


def _binaries() -> Path:
    return readable_binaries(Account(*_account()))
