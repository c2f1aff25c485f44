"""What every test may ask for: a fresh database cloned from a migrated template, on the bundled PostgreSQL."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from relevo.store.migrate import migrate
from relevo.store.postgres import destroy_postgres, running_postgres
from tests.databases import Databases

pytest_plugins = ("tests.measured",)

ROOM_BYTES = 8_000_000_000
"""Of two processes' databases, each with its write-ahead log, with a reserve."""
BROWSER_MILLISECONDS = 12_000
"""How long a page may take to show what is expected: machines are busy. Less than the 15 s after which a desk looks by
itself, so that what was not told is not found by looking."""
TRAINS_A_BOT = "acceptance/test_customers_are_served.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file that trains a bot, and beside it with what needs none: the others would wait for it."""
    if any(item.get_closest_marker("browser") for item in items):
        from playwright import async_api, sync_api

        async_api.expect.set_options(timeout=BROWSER_MILLISECONDS)
        sync_api.expect.set_options(timeout=BROWSER_MILLISECONDS)
    items.sort(key=lambda item: (TRAINS_A_BOT not in str(item.path), "properties" not in item.path.parts))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def system_state() -> Iterator[Path]:
    """Where PostgreSQL keeps its data during tests; root's has an unprivileged account, which must be able to enter."""
    folder = Path(tempfile.mkdtemp(prefix="relevo-tests-", dir=_memory()))
    folder.chmod(0o755)
    os.environ["RELEVO_SYSTEM_STATE"] = str(folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _memory() -> str | None:
    """Give a file system in memory with room for all databases: files on a disk are half of the time."""
    folder = "/dev/shm"
    if not os.access(folder, os.W_OK):
        return None
    space = os.statvfs(folder)
    return folder if space.f_bavail * space.f_frsize > ROOM_BYTES else None


@pytest.fixture(scope="session")
def postgres(system_state: Path) -> Iterator[str]:
    """A bundled PostgreSQL of this test run, in a folder with a space, holding a migrated database ``template``."""
    state = system_state / "state of tests"
    state.mkdir()
    with running_postgres(state) as dsn:
        owner = make_conninfo(dsn, user="postgres", dbname="postgres")
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("CREATE DATABASE template OWNER relevo")
        migrate(make_conninfo(dsn, dbname="template"))
        yield dsn
    destroy_postgres(state)


@pytest.fixture(scope="session")
def databases(postgres: str) -> Iterator[Databases]:
    """Databases of this test run."""
    made = Databases(postgres)
    yield made
    made.close()


@pytest.fixture
def database(postgres: str, databases: Databases) -> Iterator[str]:
    """A database of this test alone, empty but for its migrations."""
    name = databases.take()
    yield make_conninfo(postgres, dbname=name)
    databases.give_back(name)
