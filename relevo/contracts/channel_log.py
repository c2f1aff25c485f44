"""What channels exchange with platforms and callers, told so that administrators see it and nobody is named.

A channel calls ``note`` for each exchange, and ``count`` for what may come in any number. Both return at once, touch no
database and never raise: what was noted is written together, a moment later, and is no record to rely on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

IN, OUT = "in", "out"
GOOD = frozenset({"sent", "ok"})
"""Results that are no problem."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a channel sent or got, or the like of it within one minute; never any words of anybody."""

    channel: str
    direction: str
    """``in`` or ``out``."""
    kind: str
    """``message``, ``receipt``, ``webhook``, ``request`` or a word of the channel's own."""
    result: str
    """One of GOOD, ``deferred``, ``platform_away``, ``refused``, ``unconfirmed``, or the code of a refusal."""
    at: datetime
    duration_ms: int | None = None
    external_id: str | None = None
    """What the platform calls it."""
    address: str | None = None
    """Covered, as ``domain.addresses.covered`` gives it."""
    conversation_id: UUID | None = None
    """By which it is erased with a person."""
    times: int = 1
    minute: datetime | None = None
    """Set where it is counted."""


class ChannelLog(Protocol):
    """Where channels tell what they exchanged."""

    def note(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        ...

    def count(self, channel: str, kind: str, result: str, *, direction: str = IN) -> None:
        """Count one more of a kind and result in this minute."""
        ...


class Unlogged:
    """A channel log that keeps nothing."""

    def note(self, exchange: Exchange) -> None:
        """Keep nothing."""

    def count(self, channel: str, kind: str, result: str, *, direction: str = IN) -> None:
        """Count nothing."""


class LoggedExchange(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log."""

    id: int
    at: datetime
    direction: str
    kind: str
    result: str
    times: int
    duration_ms: int | None
    external_id: str | None
    address: str | None


class Exchanges(Protocol):
    """The log as it is kept: a ring."""

    async def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Write what was noted; what is counted is added up."""
        ...

    async def read(
        self, channel: str, before_id: int | None, limit: int, *, only_problems: bool = False
    ) -> list[LoggedExchange]:
        """Give a channel's lines, newest first."""
        ...

    async def forget_old(self, seconds: float, most: int) -> int:
        """Delete what is so old, and whatever is beyond so many lines."""
        ...
