"""Everything that goes wrong with X, when it is ordered or now and then."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from enum import Enum
from random import Random

DELIVERY = "delivery"
"""What X posts to a webhook; all other places are names of doors, such as ``dm.send``."""
CRC = "crc"


class Fault(str, Enum):
    """What goes wrong, once."""

    # with a call to X
    LIMITED = "limited"
    """429, though the limit is not reached."""
    BROKEN_BEFORE = "broken_before"
    """503, and nothing was accepted."""
    BROKEN_AFTER = "broken_after"
    """503, and it was accepted."""
    REQUEST_LOST = "request_lost"
    """The connection closes, and nothing was accepted."""
    RESPONSE_LOST = "response_lost"
    """The connection closes, and it was accepted."""
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a name
    NO_CREDITS = "no_credits"
    DM_CLOSED = "dm_closed"
    GONE = "gone"
    SLOW = "slow"
    """Accepted, but the answer waits for ``release``."""

    # with a delivery to a webhook
    DUPLICATE = "duplicate"
    REORDERED = "reordered"
    """Comes after the next one."""
    DELAYED = "delayed"
    """Waits for ``release``."""
    LOST = "lost"
    """Never comes by itself: replay and polling find it."""
    BAD_SIGNATURE = "bad_signature"
    ACCOUNT_ACTIVITY = "account_activity"
    """Comes in the deprecated Account Activity shape."""

    # with a webhook's check
    CRC_INVALID = "crc_invalid"


class Faults:
    """What goes wrong next, at which door."""

    def __init__(self, seed: int = 0) -> None:
        self.happened: Counter[tuple[str, Fault]] = Counter()
        """How often what went wrong where."""
        self._next: dict[str, deque[Fault | None]] = defaultdict(deque)
        self._rates: dict[str, dict[Fault, float]] = defaultdict(dict)
        self._random = Random(seed)  # noqa: S311 - meant to be repeatable
        self._released = asyncio.Event()

    def next(self, door: str, *faults: Fault | None) -> None:
        """Let the next calls of a door (``dm.send``, ``delivery`` …) go wrong, one by one; None goes well."""
        self._next[door].extend(faults)

    def rate(self, door: str, fault: Fault, share: float) -> None:
        """Let a share of a door's calls go wrong, the same ones in each run; 0 ends it."""
        self._rates[door][fault] = share

    def release(self) -> None:
        """Let everything go on that waits, and what will begin to wait afterwards wait anew."""
        self._released.set()
        self._released = asyncio.Event()

    async def released(self) -> None:
        """Wait until it is let go."""
        await self._released.wait()

    def take(self, door: str) -> Fault | None:
        """Give what goes wrong with this call."""
        fault = self._next[door].popleft() if self._next[door] else self._drawn(door)
        if fault is not None:
            self.happened[door, fault] += 1
        return fault

    def _drawn(self, door: str) -> Fault | None:
        for fault, share in self._rates[door].items():
            if self._random.random() < share:
                return fault
        return None
