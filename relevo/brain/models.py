"""Trained models on disk: named after what they were made of, put there whole, and only a few kept."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import msgspec

KEPT = 3
"""Models that are kept: the present one, and two to go back to."""

_SUFFIX = ".tar.gz"


class Models(msgspec.Struct, frozen=True):
    """A folder of models; the newest is the one to answer with."""

    folder: Path

    def of(self, fingerprint: str) -> Path:
        """Give where the model made of files with this fingerprint is, or would be."""
        return self.folder / f"relevo-{fingerprint}{_SUFFIX}"

    def newest(self) -> Path | None:
        """Give the model to answer with."""
        found = self.stamp()
        return found[0] if found else None

    def stamp(self) -> tuple[Path, int] | None:
        """Give the newest model and a number that changes with its content."""
        return next(iter(self._by_age()), None)

    def has(self, fingerprint: str) -> bool:
        """Tell whether there is a whole model for these files, and make it the newest if so."""
        model = self.of(fingerprint)
        if not is_whole(model):
            return False
        if self.newest() != model:
            os.utime(model)
        return True

    def put(self, finished: Path, fingerprint: str) -> Path:
        """Move a finished model to its place in one step, and drop the oldest ones."""
        return self.keep(finished, self.of(fingerprint).name)

    def keep(self, finished: Path, name: str) -> Path:
        """Move a whole model here under its own name in one step, and drop the oldest ones."""
        model = self.folder / name
        with finished.open("rb") as file:
            os.fsync(file.fileno())
        os.utime(finished)
        finished.replace(model)
        for old, _ in self._by_age()[KEPT:]:
            old.unlink(missing_ok=True)
        return model

    def _by_age(self) -> list[tuple[Path, int]]:
        dated = []
        for model in self.folder.glob(f"*{_SUFFIX}"):
            try:
                dated.append((model, model.stat().st_mtime_ns))
            except FileNotFoundError:  # another process dropped it just now
                continue
        return sorted(dated, key=lambda found: found[1], reverse=True)


def is_whole(model: Path) -> bool:
    """Tell whether a model can be read to its end; a damaged one is trained again."""
    # Not by tarfile, which stops at the archive's last entry and never compares the checksum behind it.
    size = 0
    try:
        with gzip.open(model) as content:
            while part := content.read(1 << 20):
                size += len(part)
    except (OSError, EOFError, zlib.error):
        return False
    return size > 0
