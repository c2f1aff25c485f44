"""Numbers about the work, computed when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from relevo.domain.reports import Asked, EpisodeLine, Report


class Reports(Protocol):
    """What happened in a period; every answer is of one moment."""

    async def read(self, asked: Asked, names: Sequence[str]) -> Report:
        """Compute the reports of these names; raises Unavailable when it takes too long."""
        ...

    async def behind(self, asked: Asked, name: str, row: str, *, limit: int, after: int) -> list[EpisodeLine]:
        """Give the episodes that a row of a report counts, newest first, without the first ``after`` ones."""
        ...
