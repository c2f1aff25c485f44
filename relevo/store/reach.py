"""Says whether a database can be used, in a sentence that tells what to do and never the password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from relevo.errors import ConfigurationError
from relevo.store.connecting import Way
from relevo.store.migrate import demand_usable, migrate, migrations

_OLDEST = 140000


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at a connection string."""

    server: str
    """PostgreSQL's version."""
    missing_migrations: int


def reach(dsn: str) -> Reached:
    """Connect and look; raises ConfigurationError when the database cannot be used."""
    with _sentences(dsn), psycopg.connect(Way(dsn).conninfo(), autocommit=True) as connection:
        version = connection.info.server_version
        if version < _OLDEST:
            raise ConfigurationError(f"PostgreSQL {version // 10000} is too old; Relevo needs 14 or newer.")
        _demand_utf8(dsn, connection.info.parameter_status("server_encoding"))
        known = connection.execute("SELECT to_regclass('migrations') IS NOT NULL").fetchone()
        applied: set[int] = set()
        if known and known[0]:
            applied = demand_usable(connection)
        missing = [number for number, _, _ in migrations() if number not in applied]
        return Reached(server=f"{version // 10000}.{version % 10000}", missing_migrations=len(missing))


def bring_forward(dsn: str) -> list[str]:
    """Reach a database and apply the migrations that it lacks; raises ConfigurationError with a sentence."""
    with _sentences(dsn):
        return migrate(dsn) if reach(dsn).missing_migrations else []


def where(dsn: str) -> str:
    """Name a database for people: its host, port and name, no user and no password."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return "the database"
    host = parts.get("host") or parts.get("hostaddr") or "this machine"
    return f"“{parts.get('dbname') or 'the default database'}” on {host}"


def _demand_utf8(dsn: str, encoding: str | None) -> None:
    if encoding != "UTF8":
        raise ConfigurationError(
            f"The database {where(dsn)} keeps text as {encoding}, in which not every customer can write. Make another"
            " one: CREATE DATABASE relevo ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0."
        )


@contextmanager
def _sentences(dsn: str) -> Iterator[None]:
    try:
        yield
    except psycopg.ProgrammingError as error:
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            raise ConfigurationError(
                f"The role that DATABASE_URL names may not make tables in {where(dsn)}; make it the database's owner."
            ) from error
        if error.sqlstate is None:
            raise ConfigurationError(
                "DATABASE_URL is no connection string. Write postgresql://user:password@host:5432/name, or unset it"
                " to use the bundled PostgreSQL."
            ) from None  # libpq repeats the string, and with it the password
        raise
    except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory) as error:
        raise ConfigurationError(f"{where(dsn)} has no room left: {_first_line(error)}.") from error
    except psycopg.OperationalError as error:
        raise ConfigurationError(
            f"The database {where(dsn)} does not let us in: {_first_line(error)}."
            " Start it or check DATABASE_URL (or unset it to use the bundled PostgreSQL)."
        ) from error


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
