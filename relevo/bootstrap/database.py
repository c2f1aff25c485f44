"""The database of this installation: the one that DATABASE_URL names, or the bundled one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from relevo.bootstrap.everything import Settings
from relevo.errors import ConfigurationError
from relevo.store.postgres import running_postgres
from relevo.store.reach import bring_forward


@contextmanager
def ready_database(settings: Settings, *, patience_seconds: float = 0.0) -> Iterator[str]:
    """Yield the connection string of a database that answers and is at this version.

    The bundled server is started where none runs, and then ends with this block; else the running one is used. A
    database that has a name is waited for as long as the patience lasts.
    """
    if settings.database.url is not None:
        dsn = settings.database.url.reveal()
        _bring_forward(dsn, patience_seconds)
        yield dsn
        return
    with running_postgres(settings.places.state_folder) as dsn:
        bring_forward(dsn)
        yield dsn


def _bring_forward(dsn: str, patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            bring_forward(dsn)
        except ConfigurationError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.2)
        else:
            return
