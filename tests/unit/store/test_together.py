"""One read for all who ask at once: nobody gets an answer that is older than their question."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping

import pytest

from relevo.store.together import Together

pytestmark = pytest.mark.anyio


class Shelf:
    """Gives each key with the number of the read, and says when it reads."""

    def __init__(self) -> None:
        self.reads: list[list[str]] = []
        self.may_end = asyncio.Event()
        self.fails = False

    async def read(self, keys: list[str]) -> Mapping[str, str]:
        """Read, when it may end."""
        self.reads.append(keys)
        number = len(self.reads)
        await self.may_end.wait()
        if self.fails:
            raise ValueError("no shelf")
        return {key: f"{key}{number}" for key in keys if key != "nobody"}


async def test_who_asks_during_a_read_is_in_the_next_one_with_all_others() -> None:
    """The first asks alone; the rest wait for it and are asked for together, once each."""
    shelf = Shelf()
    together = Together(shelf.read)
    first = asyncio.create_task(together.get("a"))
    while not shelf.reads:
        await asyncio.sleep(0)
    rest = [asyncio.create_task(together.get(key)) for key in ("a", "b", "b", "nobody")]
    await asyncio.sleep(0)
    shelf.may_end.set()
    assert await first == "a1"
    assert await asyncio.gather(*rest) == ["a2", "b2", "b2", None]
    assert shelf.reads == [["a"], ["a", "b", "nobody"]]


async def test_whoever_gives_up_takes_nobody_along_and_a_failure_is_everybodys() -> None:
    """An asker that is cancelled costs the others nothing; what the read raised, each of them hears."""
    shelf = Shelf()
    together = Together(shelf.read)
    asked = [asyncio.create_task(together.get(key)) for key in ("a", "b", "c")]
    await asyncio.sleep(0)
    asked[0].cancel()
    shelf.fails = True
    shelf.may_end.set()
    heard = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in heard] == [asyncio.CancelledError, ValueError, ValueError]
    shelf.fails = False
    assert await together.get("d") == "d2"


async def test_a_read_that_fails_when_nobody_waits_any_more_is_nobodys_surprise() -> None:
    """Whoever asked has left their page; a traceback in the logs would tell of nothing that anybody missed."""
    surprises: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: surprises.append(told))
    shelf = Shelf()
    asked = asyncio.create_task(Together(shelf.read).get("a"))
    while not shelf.reads:
        await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    shelf.fails = True
    shelf.may_end.set()
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    assert surprises == []
