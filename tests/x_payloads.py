"""Reads what X sends, as written down in tests/payloads/x."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

_FOLDER = Path(__file__).parent / "payloads" / "x"
NAMES = sorted(path.stem for path in _FOLDER.glob("*.json"))


def payload(name: str) -> Any:
    """Give one by its name, such as ``dm.received``."""
    return msgspec.json.decode((_FOLDER / f"{name}.json").read_bytes())["body"]


def source(name: str) -> str:
    """Say after what it was written."""
    return str(msgspec.json.decode((_FOLDER / f"{name}.json").read_bytes())["_source"])
