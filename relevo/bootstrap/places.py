"""Whether what Relevo makes can be kept where it shall be."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from relevo.bootstrap.everything import Settings
from relevo.errors import ConfigurationError


def shown(path: Path) -> str:
    """Give a path as a person in this folder would write it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) and path != here else str(path)


def demand_writable(settings: Settings) -> None:
    """Make the state folder, and raise ConfigurationError when nothing can be kept in it."""
    state = settings.places.state_folder
    demand_room(state, f"Nothing can be kept in the state folder {state}", "RELEVO_STATE", settings.places.logs)


def demand_room(folder: Path, failed: str, setting: str, *within: Path) -> None:
    """Make a folder, only its owner's, and folders within it; raises ConfigurationError when nothing can be written."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in within:
            each.mkdir(exist_ok=True)
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        with contextlib.suppress(OSError):
            probe.unlink()
        raise ConfigurationError(
            f"{failed}: {error.strerror}. Make room or give access there, or name another folder with {setting}."
        ) from error
