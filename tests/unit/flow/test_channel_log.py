"""What channels note is written together, counted by the minute, and kept while the database is away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest

from relevo.contracts.channel_log import Exchange, LoggedExchange
from relevo.domain.addresses import covered
from relevo.errors import Unavailable
from relevo.flow.channel_log import Recorder

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)


class Shelf:
    """Keeps lines, unless it is away."""

    def __init__(self) -> None:
        self.lines: list[Exchange] = []
        self.is_away = False

    async def keep(self, exchanges: Sequence[Exchange]) -> None:
        """Keep them."""
        if self.is_away:
            raise Unavailable
        self.lines += exchanges

    async def read(
        self, channel: str, before_id: int | None, limit: int, *, only_problems: bool = False
    ) -> list[LoggedExchange]:
        """Give nothing."""
        return []

    async def forget_old(self, seconds: float, most: int) -> int:
        """Forget nothing."""
        return 0


async def test_what_is_alike_is_counted_by_the_minute_and_nothing_is_lost_while_the_database_is_away() -> None:
    """One line for a minute and code; what could not be written is added to what came since."""
    shelf, now = Shelf(), [NOON]
    recorder = Recorder(exchanges=shelf, clock=lambda: now[0])
    for seconds in (0, 59, 60):
        now[0] = NOON + timedelta(seconds=seconds)
        recorder.count("rest", "request", "missing_sender")
    recorder.note(Exchange(channel="x", direction="in", kind="webhook", result="ok", at=NOON))
    shelf.is_away = True
    with pytest.raises(Unavailable):
        await recorder.flush()
    recorder.count("rest", "request", "missing_sender")
    shelf.is_away = False
    assert await recorder.flush() == 3
    assert [(line.result, line.times) for line in shelf.lines] == [
        ("ok", 1),
        ("missing_sender", 2),
        ("missing_sender", 2),
    ]
    assert await recorder.flush() == 0


@pytest.mark.parametrize(
    ("address", "shown"),
    [("amina@example.com", "a…@example.com"), ("+34600111222", "…22"), ("ab", "…"), ("@place", "…ce"), ("", "…")],
)
async def test_an_address_is_covered(address: str, shown: str) -> None:
    """Its owner knows it again, and nobody else learns it."""
    assert covered(address) == shown
