"""How much an installation takes on disk: the files of the packages that a lock names, without compiled ones."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distributions
from pathlib import Path


def installed_megabytes(lock: Path, environment: Path) -> float:
    """Give the MB (10^6 bytes) of a lock's packages in an environment."""
    names = {
        _plain(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE)
    }
    places = [str(place) for place in environment.glob("lib/python3.*/site-packages")]
    found = [each for each in distributions(path=places) if _plain(each.metadata["Name"]) in names]
    return sum(map(_bytes, found)) / 1_000_000


def folder_megabytes(folder: Path) -> float:
    """Give the MB of a folder's files, without compiled ones."""
    return (
        sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc") / 1_000_000
    )


def _bytes(package: Distribution) -> int:
    paths = [Path(str(package.locate_file(file))) for file in package.files or [] if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
