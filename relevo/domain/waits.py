"""When a contact who waits is told anew about their place and the wait: what is news, and at most once a minute."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

FIRST_AFTER = timedelta(seconds=20)
"""How long somebody who is being offered is not told yet: most are answered before they have read it."""
MOST_OFTEN = timedelta(minutes=1)
_MUCH_SECONDS, _MUCH_SHARE = 120, 0.5


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody was told: place in the queue, usual wait where it is known, and when."""

    place: int | None = None
    wait_seconds: int | None = None
    at: datetime | None = None


def is_news(
    told: Told, place: int, wait_seconds: int | None, *, since: datetime, is_offered: bool, now: datetime
) -> bool:
    """Tell whether place and wait are worth a message."""
    if told.at is None:
        return not is_offered or now - since >= FIRST_AFTER
    if now - told.at < MOST_OFTEN:
        return False
    return place != told.place or _is_another(told.wait_seconds, wait_seconds)


def places(queues: Iterable[str]) -> list[int]:
    """Give the place of each in its own queue, from the queues of those that wait in order."""
    count: dict[str, int] = {}
    found = []
    for queue in queues:
        count[queue] = count.get(queue, 0) + 1
        found.append(count[queue])
    return found


def _is_another(before: int | None, after: int | None) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) >= max(_MUCH_SECONDS, before * _MUCH_SHARE)
