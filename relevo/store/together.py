"""One read for all who ask in the same moment: a change wakes every open page, and each asks for its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Together(Generic[Key, Found]):
    """Reads for many keys at once; who asks while a read is under way is in the next, and never gets what is older."""

    def __init__(self, read: Callable[[list[Key]], Awaitable[Mapping[Key, Found]]]) -> None:
        self._read = read
        self._turn = asyncio.Lock()
        self._keys: dict[Key, None] = {}
        self._next: asyncio.Task[Mapping[Key, Found]] | None = None

    async def get(self, key: Key) -> Found | None:
        """Give what belongs to a key; raises what the read raised."""
        self._keys[key] = None
        if self._next is None:
            self._next = asyncio.ensure_future(self._answer())
            self._next.add_done_callback(_look_at_its_end)
        return (await asyncio.shield(self._next)).get(key)

    async def _answer(self) -> Mapping[Key, Found]:
        async with self._turn:
            keys, self._keys, self._next = list(self._keys), {}, None
            return await self._read(keys)


def _look_at_its_end(read: asyncio.Task[Mapping[Key, Found]]) -> None:
    """Leave no failure for asyncio to complain of: who asked was told, or has gone and need not be."""
    if not read.cancelled():
        read.exception()
