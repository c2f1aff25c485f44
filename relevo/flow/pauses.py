"""Which platforms cannot be reached now: nobody asks them again before their time, and that grows with each failure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 600.0


@dataclass(kw_only=True)
class Pauses:
    """Channels that are left alone for a while; known to this process only, since asking once too often is harmless."""

    _seconds: dict[str, float] = field(default_factory=dict)
    _ends_at: dict[str, datetime] = field(default_factory=dict)

    def open(self, channels: Iterable[str], now: datetime) -> list[str]:
        """Give the channels that may be tried now."""
        return [channel for channel in channels if self._ends_at.get(channel, now) <= now]

    def failed(self, channel: str, now: datetime) -> datetime:
        """Note that a platform could not be reached, and give when to try again."""
        if self._ends_at.get(channel, now) > now:  # others that were sent at the same moment have said so already
            return self._ends_at[channel]
        seconds = min(self._seconds.get(channel, FIRST_SECONDS / 2) * 2, LONGEST_SECONDS)
        self._seconds[channel] = seconds
        self._ends_at[channel] = now + timedelta(seconds=seconds)
        return self._ends_at[channel]

    def worked(self, channel: str) -> None:
        """Note that a platform answered, whatever it said."""
        self._seconds.pop(channel, None)
        self._ends_at.pop(channel, None)
