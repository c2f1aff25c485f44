"""Says that ``serve`` runs in a state folder, and where, so that a second one refuses with that."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from relevo.errors import ConfigurationError

_NAME = "serve.lock"
_ENDING_SECONDS = 20.0
"""How long the children of a ``serve`` that was killed may take to end."""


class Occupant(msgspec.Struct, frozen=True):
    """The ``serve`` that holds a state folder."""

    process: int
    address: str

    @property
    def lives(self) -> bool:
        """Whether the process itself is there; its children may outlast it for a moment."""
        return Path(f"/proc/{self.process}").exists()


def occupant(state_folder: Path) -> Occupant | None:
    """Give who holds the state folder, or None."""
    try:
        descriptor = os.open(state_folder / _NAME, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if _lock(descriptor) else _read(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def occupied(state_folder: Path, address: str) -> Iterator[int]:
    """Hold the state folder and yield the lock's descriptor, which children inherit: it is free when all are gone.

    Raises ConfigurationError naming the process that holds it.
    """
    descriptor = _open(state_folder)
    try:
        deadline = time.monotonic() + _ENDING_SECONDS
        while not _lock(descriptor):
            found = _read(descriptor)
            if found.lives or time.monotonic() > deadline:
                raise ConfigurationError(
                    f"Relevo already runs here: process {found.process}, at {found.address}. Stop it first (Ctrl-C"
                    f" where it runs, or kill {found.process}), or name another state folder with RELEVO_STATE."
                )
            time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"process": os.getpid(), "address": address}).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _open(state_folder: Path) -> int:
    try:
        state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(state_folder / _NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The state folder {state_folder} cannot be used: {error.strerror}. Give access or make room there, or name"
            " another with RELEVO_STATE."
        ) from error


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> Occupant:
    try:
        written = json.loads(os.pread(descriptor, 4096, 0))
        return Occupant(int(written["process"]), str(written["address"]))
    except (ValueError, KeyError, TypeError):  # between taking the lock and writing the name
        return Occupant(0, "an address that it has not told yet")
