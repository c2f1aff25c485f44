"""Removes what Relevo made in a state folder, and nothing while somebody uses it."""

from __future__ import annotations

import shutil

from relevo.bootstrap.everything import Settings
from relevo.bootstrap.occupancy import occupant
from relevo.errors import ConfigurationError
from relevo.store.postgres import destroy_postgres
from relevo.store.postgres_lock import Lock


def demand_idle(settings: Settings) -> None:
    """Raise ConfigurationError when a process runs in the state folder."""
    folder = settings.places.state_folder
    if (found := occupant(folder)) is not None:
        raise ConfigurationError(
            f"Relevo runs here: process {found.process}, at {found.address}. Stop it first, then reset."
        )
    if not (folder / "postgres.lock").exists():
        return
    lock = Lock(folder)
    try:
        if not lock.acquire():
            raise ConfigurationError(f"A process uses the database of {folder}. Stop it first, then reset.")
    finally:
        lock.release()


def reset_everything(settings: Settings) -> None:
    """Remove the bundled database with the key of its attachments, models, logs and first login."""
    destroy_postgres(settings.places.state_folder)
    for folder in (settings.places.models, settings.places.logs, settings.places.state_folder / "rasa-cache"):
        shutil.rmtree(folder, ignore_errors=True)
    settings.places.first_login.unlink(missing_ok=True)
    if settings.database.url is None:  # a database that has a name stays, and so does what opens its attachments
        settings.places.attachment_key.unlink(missing_ok=True)
