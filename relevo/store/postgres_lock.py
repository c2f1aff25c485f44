"""Says which process uses a state folder's database, and under which name the system keeps it."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from pathlib import Path

from relevo.errors import ConfigurationError
from relevo.store.postgres_files import owner_of

LOCK_NAME = "postgres.lock"
NAME = re.compile(r"[0-9a-f]{16}")


class Lock:
    """Says that a state folder's database is in use, for as long as any process holds its descriptor.

    postgres and its children inherit the descriptor, so a lock that can be had proves that none of them
    lives, whatever process ids a crash left behind.
    """

    def __init__(self, state_folder: Path) -> None:
        self._state_folder = state_folder
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            self.descriptor = os.open(state_folder / LOCK_NAME, flags, 0o600)
        except PermissionError as error:
            raise ConfigurationError(
                f"The database in {state_folder} belongs to {owner_of(state_folder / LOCK_NAME)}: "
                "start Relevo as that user, or choose another state folder."
            ) from error

    def acquire(self) -> bool:
        """Take the lock if nobody has it."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let go of the lock, which stays with the processes that inherited it."""
        os.close(self.descriptor)

    def read_name(self) -> str | None:
        """Return the name that the database has among those of the system, if one was given."""
        name, path = self._read()
        return name if name and path == self._state_folder else None

    def give_name(self) -> str:
        """Return the database's name, made at the first use; only the lock's holder may call this.

        A name of its own rather than a hash of the path: a state folder that was deleted and made anew must
        not meet the old one's data, a moved one must find its own, and a copied one must not share it.
        """
        name, path = self._read()
        if not name or (path != self._state_folder and _name_in(path) == name):
            name = secrets.token_hex(8)
        if path != self._state_folder:
            content = b"\0".join((name.encode(), os.fsencode(self._state_folder), b""))
            os.pwrite(self.descriptor, content, 0)
            os.ftruncate(self.descriptor, len(content))
            os.fsync(self.descriptor)
        return name

    def _read(self) -> tuple[str, Path]:
        return _parse_name(os.pread(self.descriptor, 8192, 0))


def _name_in(state_folder: Path) -> str:
    try:
        return _parse_name((state_folder / LOCK_NAME).read_bytes())[0]
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _parse_name(content: bytes) -> tuple[str, Path]:
    name, path, *_ = *content.split(b"\0"), b"", b""
    written = name.decode("ascii", "replace")
    return (written if NAME.fullmatch(written) else ""), Path(os.fsdecode(path))
