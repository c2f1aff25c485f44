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


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def system_state() -> Iterator[Path]:
    """Where root's PostgreSQL keeps its data during tests; its unprivileged account must be able to enter."""
    folder = Path(tempfile.mkdtemp(prefix="relevo-tests-"))
    folder.chmod(0o755)
    os.environ["RELEVO_SYSTEM_STATE"] = str(folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(system_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bundled PostgreSQL of this test run, in a folder with a space, holding a migrated database ``template``."""
    state = tmp_path_factory.mktemp("state of tests")
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
