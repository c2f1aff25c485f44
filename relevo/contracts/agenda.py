"""What comes due by itself, though nobody tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

UNFINISHED_SECONDS = 15
"""After which an effect that was begun and has no result is taken up again: whoever did it died, or nobody answered."""


class Agenda(Protocol):
    """Everything kept that has a time of its own."""

    async def seconds_to_next(self, pushing: Sequence[str] = ()) -> float | None:
        """Give in how long something is due, less than none where it is late, None where nothing is.

        It counts promises, clocks, offers, waits in a queue, approvals, tries of webhooks, messages that nobody has
        taken soon, and what is sent on channels that we send to.
        """
        ...
