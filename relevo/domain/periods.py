"""Days that are told by their distance from the day on which they are said."""

from __future__ import annotations

from datetime import date, timedelta

_WEEK = 7


def dated(value: str, today: date) -> list[str]:
    """Give the days meant, as ``on:YYYY-MM-DD``, of what was said today; any other period as it is.

    ``day:-1`` is yesterday, ``past_weekday:0`` the last Monday, ``weekday:0`` the last one and the one to come.
    """
    kind, _, number = value.partition(":")
    if kind == "day":
        return [_on(today + timedelta(days=int(number)))]
    if kind not in ("weekday", "past_weekday"):
        return [value]
    ahead = (int(number) - today.weekday()) % _WEEK
    last, coming = today + timedelta(days=ahead - _WEEK), today + timedelta(days=ahead)
    return [_on(last)] if kind == "past_weekday" else [_on(last), _on(coming)]


def _on(day: date) -> str:
    return f"on:{day:%Y-%m-%d}"
