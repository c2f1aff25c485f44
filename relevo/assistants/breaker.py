"""Leaves an endpoint alone for a while after it has failed several times in a row."""

from __future__ import annotations

import time
from collections.abc import Callable

from relevo.errors import Unavailable

MOST_FAILURES = 5
REST_SECONDS = 60.0


class Breaker:
    """Counts failures in a row; after a rest, a single further one begins the next."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0

    def demand(self) -> None:
        """Raise Unavailable (``assistant_resting``) while the endpoint is left alone."""
        if self._clock() < self._rests_until:
            raise Unavailable(
                f"The model failed {MOST_FAILURES} times in a row and is left alone for a minute; go on without it.",
                code="assistant_resting",
            )

    def succeeded(self) -> None:
        """Forget the failures."""
        self._failures = 0

    def failed(self) -> None:
        """Count a failure."""
        self._failures += 1
        if self._failures >= MOST_FAILURES:
            self._rests_until = self._clock() + REST_SECONDS
