"""Numbers as X gives them: rising with time, and never twice."""

from __future__ import annotations

from datetime import datetime

from relevo.contracts.clock import Clock

_EPOCH_MILLISECONDS = 1288834974657
_BITS = 22


class Ids:
    """Gives ids that rise, also while the clock stands still."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """Give the next id."""
        self._last = max(self._last + 1, (milliseconds(self._clock()) - _EPOCH_MILLISECONDS) << _BITS)
        return str(self._last)


def milliseconds(moment: datetime) -> int:
    """Count from 1970."""
    return round(moment.timestamp() * 1000)


def iso(moment: datetime) -> str:
    """Write a time as X does: 2026-07-24T21:23:23.000Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
