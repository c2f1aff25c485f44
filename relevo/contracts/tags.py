"""The tags themselves: what administrators see to; who puts them on cases is in ``worklist``."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class CountedTag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag, with how many cases have it."""

    name: str
    colour: str
    retired_at: datetime | None
    """Since when it is put on no further case."""
    cases: int
    open_cases: int


class Tags(Protocol):
    """Tags; each method is one transaction."""

    async def counted(self) -> list[CountedTag]:
        """Give every tag by name."""
        ...

    async def change(self, name: str, new_name: str, colour: str, *, is_retired: bool) -> tuple[CountedTag, CountedTag]:
        """Give a tag another name and colour, on every case and in kept views, and give how it was and is.

        Raises NotFound, and Conflict where another tag has that name.
        """
        ...

    async def merge(self, name: str, into: str) -> CountedTag:
        """Have every case with a tag have another one in its place, and forget the first. Raises NotFound."""
        ...
