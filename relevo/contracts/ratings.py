"""Asking contacts how it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from relevo.domain.messages import Content
from relevo.domain.ratings import DueRating


class Ratings(Protocol):
    """Questions and whom they may be put to; answers come with turns."""

    async def due(self, limit: int = 20) -> Sequence[DueRating]:
        """Give those for whom something was settled a moment ago, and who are neither waiting nor writing.

        Nobody is asked twice within a day, nor after an alarm, nor while a case of theirs is open.
        """
        ...

    async def ask(self, due: DueRating, content: Content) -> bool:
        """Put the question on the timeline and in the outbox, at once; False when something else came before it."""
        ...
