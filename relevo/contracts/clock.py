"""What time it is; tests own it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

Clock = Callable[[], datetime]
"""Gives the present moment, timezone-aware UTC."""


def system_clock() -> datetime:
    """Give the machine's time in UTC."""
    return datetime.now(timezone.utc)
