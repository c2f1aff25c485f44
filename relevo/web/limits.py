"""Cheap limits inside this process: how often somebody may ask, and how many streams may be open.

They protect this process; limits that must hold across processes (sessions, sign-ins) are kept by the store.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from relevo.errors import TooMany
from relevo.metrics.numbers import streams_open


class Rate:
    """A token bucket for each key, kept as one number: the moment at which the bucket will be full again."""

    def __init__(
        self,
        per_second: float,
        burst: int,
        *,
        max_keys: int = 50_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = 1.0 / per_second
        self._tolerance = self._interval * (burst - 1)
        self._max_keys = max_keys
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one token: 0.0 when there was one, else the seconds until there is."""
        now = self._clock()
        full_at = max(now, self._full_at.get(key, now))
        wait = full_at - now - self._tolerance
        if wait > 1e-9:
            return wait
        self._full_at[key] = full_at + self._interval
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._max_keys:
            self._full_at.popitem(last=False)
        return 0.0

    def demand(self, key: str, sentence: str) -> None:
        """Take one token; raises TooMany with this sentence when there is none."""
        wait = self.take(key)
        if wait:
            raise TooMany(sentence, retry_after_seconds=whole_seconds(wait))


class Stream:
    """One open event stream's place among those that are allowed."""

    is_replaced = False
    """Whether a newer stream of the same visitor has taken this one's place; it should end."""


class Streams:
    """Counts open event streams: so many for each visitor, so many in all."""

    def __init__(self, per_visitor: int, in_all: int, of: str = "widget") -> None:
        self._counted = streams_open.labels(of)
        self._per_visitor = per_visitor
        self._in_all = in_all
        self._open = 0
        self._of_visitor: dict[str, list[Stream]] = {}

    @contextmanager
    def place(self, visitor: str) -> Iterator[Stream]:
        """Hold a place; the visitor's oldest stream gives way when there are too many of theirs."""
        if self._open >= self._in_all:
            raise TooMany("Too many streams are open right now; try again in a moment.", retry_after_seconds=5)
        mine, stream = self._of_visitor.setdefault(visitor, []), Stream()
        mine.append(stream)
        if len(mine) > self._per_visitor:
            mine.pop(0).is_replaced = True
        self._open += 1
        self._counted.inc()
        try:
            yield stream
        finally:
            self._leave(visitor, stream)

    def _leave(self, visitor: str, stream: Stream) -> None:
        self._open -= 1
        self._counted.dec()
        mine = self._of_visitor.get(visitor, [])
        if stream in mine:
            mine.remove(stream)
        if not mine:
            self._of_visitor.pop(visitor, None)


class Places:
    """So many at once in this process; nobody waits for a place."""

    def __init__(self, in_all: int) -> None:
        self._free = in_all

    @contextmanager
    def place(self, sentence: str) -> Iterator[None]:
        """Hold a place; raises TooMany with this sentence when there is none."""
        if not self._free:
            raise TooMany(sentence, retry_after_seconds=3)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


def whole_seconds(wait: float) -> int:
    """Round up to what a Retry-After header can say."""
    return max(1, int(-(-wait // 1)))
