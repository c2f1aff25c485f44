"""Has the operating system forget files that it keeps in memory: what a start after a reboot finds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def forget_files(folders: Iterable[Path]) -> None:
    """Drop the files of folders from the page cache; what another process has mapped stays."""
    os.sync()  # what is not yet written cannot be dropped
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(OSError):  # gone meanwhile
                _forget(path)


def _forget(path: Path) -> None:
    if path.is_symlink() or not path.is_file():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)
