"""What is valid from a day on, and where it is written down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Generic, TypeVar

import msgspec

Part = TypeVar("Part")


class Dated(msgspec.Struct, Generic[Part], frozen=True, kw_only=True):
    """One version of a part of the rules."""

    valid_from: date
    source: str
    part: Part
    valid_until: date | None = None
    """Its last day, where it ends before another version is written down."""


def in_force(versions: Iterable[Dated[Part]], day: date) -> Part | None:
    """Give what is valid on a day: of the versions that have begun the newest, unless it has ended; else None."""
    begun = [version for version in versions if version.valid_from <= day]
    newest = max(begun, key=lambda version: version.valid_from, default=None)
    if newest is None or (newest.valid_until is not None and newest.valid_until < day):
        return None
    return newest.part
