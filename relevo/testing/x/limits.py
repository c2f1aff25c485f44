"""How often one may ask X: per endpoint, per account and per app, in windows by the given clock.

Figures: X's table of rate limits, August 2026. An older page says 200 DMs in 15 minutes; the table is stricter.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from relevo.contracts.clock import Clock
from relevo.testing.x.problems import too_many

WINDOW = timedelta(minutes=15)
DAY = timedelta(hours=24)


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls, by whom, in how long."""

    count: int
    window: timedelta = WINDOW
    is_per_app: bool = False

    @property
    def header(self) -> str:
        """Begin the names of its headers."""
        if self.window == WINDOW:
            return "x-rate-limit"
        return f"x-{'app' if self.is_per_app else 'user'}-limit-24hour"


def _daily(count: int, *, is_per_app: bool = False) -> Limit:
    return Limit(count=count, window=DAY, is_per_app=is_per_app)


TABLE: dict[str, tuple[Limit, ...]] = {
    "dm.send": (Limit(count=15), _daily(1440), _daily(1440, is_per_app=True)),
    "dm.events": (Limit(count=15),),
    "dm.delete": (Limit(count=300), _daily(1500), _daily(4000, is_per_app=True)),
    "mentions": (Limit(count=300), Limit(count=450, is_per_app=True)),
    "posts.create": (Limit(count=100), _daily(10_000)),
    "posts.read": (Limit(count=300), Limit(count=450, is_per_app=True)),
    "users.read": (Limit(count=900), Limit(count=300, is_per_app=True)),
    "media.upload": (Limit(count=500),),
    "chat.register": (_daily(5),),
    "webhooks": (Limit(count=450, is_per_app=True),),
    "subscriptions": (Limit(count=500), Limit(count=450, is_per_app=True)),
}
"""By the kind of door; doors that are not named here have no limit, as most of XChat's are not known."""


@dataclass
class _Window:
    ends_at: datetime
    used: int = 0


@dataclass(kw_only=True)
class Limits:
    """Counts calls against limits, and says in headers what is left."""

    clock: Clock
    table: dict[str, tuple[Limit, ...]] = field(default_factory=lambda: dict(TABLE))
    exceeded: Counter[str] = field(default_factory=Counter)
    """How many calls came beyond a limit, by kind of door."""
    _windows: dict[tuple[str, str, Limit], _Window] = field(default_factory=dict)

    def set(self, kind: str, *limits: Limit) -> None:
        """Give a kind of door other limits, or none."""
        self.table[kind] = limits

    def count(self, kind: str, account_id: str | None) -> dict[str, str]:
        """Count a call and give its headers; ``account_id`` is None where the app asks for itself. Raises Problem 429.

        A call that is refused costs nothing more.
        """
        windows = [(limit, self._window(kind, account_id, limit)) for limit in self._limits(kind, account_id)]
        is_beyond = any(window.used >= limit.count for limit, window in windows)
        if not is_beyond:
            for _, window in windows:
                window.used += 1
        headers = _headers(windows)
        if is_beyond:
            self.exceeded[kind] += 1
            raise too_many(headers)
        return headers

    def used(self, kind: str, account_id: str) -> tuple[int, int]:
        """Give how many calls of the first limit's present window are used, and how many it has."""
        limit = self.table[kind][0]
        return self._window(kind, account_id, limit).used, limit.count

    def reached(self) -> dict[str, str]:
        """Give the headers of a limit that is reached for the next minute."""
        reset = int(self.clock().timestamp()) + 60
        return {"x-rate-limit-limit": "15", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}

    def _limits(self, kind: str, account_id: str | None) -> list[Limit]:
        limits = self.table.get(kind, ())
        if account_id is None:
            return [limit for limit in limits if limit.is_per_app]
        return [limit for limit in limits if not limit.is_per_app or limit.window == DAY]

    def _window(self, kind: str, account_id: str | None, limit: Limit) -> _Window:
        key = (kind, "" if limit.is_per_app else account_id or "", limit)
        found = self._windows.get(key)
        if found is None or found.ends_at <= self.clock():
            found = self._windows[key] = _Window(self.clock() + limit.window)
        return found


def _headers(windows: list[tuple[Limit, _Window]]) -> dict[str, str]:
    headers = {}
    for limit, window in windows:
        headers[f"{limit.header}-limit"] = str(limit.count)
        headers[f"{limit.header}-remaining"] = str(limit.count - window.used)
        headers[f"{limit.header}-reset"] = str(int(window.ends_at.timestamp()))
    return headers
