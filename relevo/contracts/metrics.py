"""What waits in the database, and what processes without a door have counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from relevo.metrics.load import Load


class Metrics(Protocol):
    """Numbers about the work of all processes together."""

    async def load(self, bot_lost_seconds: float, pushing: Sequence[str]) -> Load:
        """Give what waits, of deliveries those of channels that push; who has been silent for so long is no bot."""
        ...

    async def publish(self, process: str, families: Mapping[str, str]) -> None:
        """Leave a process's numbers, in place of those that it left before."""
        ...

    async def published(self, within_seconds: float) -> Sequence[Mapping[str, str]]:
        """Give what was left within so many seconds, by the process's name."""
        ...

    async def withdraw(self, process: str) -> None:
        """Forget the numbers of a process that ends, and those of processes that have been silent for a day."""
        ...
