"""What is held about people, as the command line hands it out: as JSON, or with the files in a folder or a zip."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from relevo.bootstrap.business import business_of
from relevo.bootstrap.store import OpenStore
from relevo.contracts.personal import ContactRecord
from relevo.errors import ConfigurationError
from relevo.flow.personal import PersonalFiles
from relevo.store.personal import PostgresPersonalData

RECORD = "contact.json"
Write = Callable[[str, bytes], None]


async def personal_files(opened: OpenStore) -> PersonalFiles:
    """Give what is held about people."""
    return PersonalFiles(
        held=PostgresPersonalData(opened.database),
        business=await business_of(opened),
        attachments=opened.store.attachments,
    )


def record_text(record: ContactRecord) -> bytes:
    """Give a record as it is written."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def demand_new(place: Path) -> None:
    """Raise ConfigurationError where something stands already, or its folder is missing."""
    if place.exists():
        raise ConfigurationError(f"{place} is there already; nothing was written. Name another place.")
    if not place.absolute().parent.is_dir():
        raise ConfigurationError(f"{place.absolute().parent} is no folder; nothing was written. Make it first.")


async def write_whole(place: Path, record: ContactRecord, bodies: AsyncIterator[tuple[str, bytes]]) -> None:
    """Write a record with its files into a new zip or folder, for its owner's eyes; whole, or not at all."""
    unfinished = place.with_name(f".{place.name}.unfinished")
    try:
        with _zip(unfinished) if place.suffix == ".zip" else _folder(unfinished) as write:
            async for name, body in bodies:
                write(name, body)
            write(RECORD, record_text(record))
        unfinished.rename(place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        if unfinished.is_file():
            unfinished.unlink()


def write_record(place: Path, record: ContactRecord) -> None:
    """Write a record alone into a new file, for its owner's eyes."""
    _write(place, record_text(record))


@contextmanager
def _folder(place: Path) -> Iterator[Write]:
    place.mkdir(mode=0o700)

    def write(name: str, body: bytes) -> None:
        file = place / name
        file.parent.mkdir(mode=0o700, exist_ok=True)
        _write(file, body)

    yield write


@contextmanager
def _zip(place: Path) -> Iterator[Write]:
    with os.fdopen(_private(place), "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        yield archive.writestr


def _write(place: Path, body: bytes) -> None:
    with os.fdopen(_private(place), "wb") as file:
        file.write(body)


def _private(place: Path) -> int:
    return os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
