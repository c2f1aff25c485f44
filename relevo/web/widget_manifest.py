"""What the widget's build says about itself, in the manifest beside its files."""

from __future__ import annotations

from pathlib import Path

import msgspec

_FULL = "widget.full.js"


class ManifestFile(msgspec.Struct):
    """What the build says about one of its files."""

    integrity: str | None = None


class Manifest(msgspec.Struct):
    """What the build says about itself."""

    version: str = "0.0.0"
    files: dict[str, ManifestFile] = {}

    @property
    def integrity(self) -> str | None:
        """The digest of the one pinned file, as a script element names it."""
        full = self.files.get(f"{self.version}/{_FULL}")
        return full.integrity if full else None

    @property
    def pinned(self) -> str:
        """Where the one pinned file is."""
        return f"/widget/{self.version}/{_FULL}"


def read_manifest(folder: Path) -> Manifest:
    """Read what the build says; an installation without the widget has an empty one."""
    path = folder / "manifest.json"
    return msgspec.json.decode(path.read_bytes(), type=Manifest) if path.is_file() else Manifest()
