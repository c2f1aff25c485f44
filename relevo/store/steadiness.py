"""Notices that the database's clock was put forward: what then seems to have waited for long may just have come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

_SLACK_SECONDS = 2.0


class Steadiness:
    """Compares the database's clock with time as it passes here, which nobody can set."""

    def __init__(self, passing: Callable[[], float]) -> None:
        self._passing = passing
        self._last: tuple[datetime, float] | None = None
        self._jumped_at = float("-inf")

    def seconds(self, now: datetime) -> float:
        """Give since when, at most, the clock that shows this moment was not put forward; infinity if it never was."""
        here = self._passing()
        if self._last is not None:
            then, there = self._last
            if (now - then).total_seconds() > here - there + _SLACK_SECONDS:
                self._jumped_at = here
        self._last = now, here
        return here - self._jumped_at
