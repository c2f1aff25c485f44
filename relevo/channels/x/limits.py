"""What X's headers say about how much may still be asked, and of which endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone

from relevo.contracts.x import Window

SEND_DM = "send_dm"
SEND_CHAT = "send_chat"
READ_DMS = "read_dms"
MENTIONS = "mentions"
_ENDPOINTS = (
    (SEND_DM, "POST", re.compile(r"/2/dm_conversations(/with/[^/]+/messages|/[^/]+/messages)?")),
    (SEND_CHAT, "POST", re.compile(r"/2/chat/conversations/[^/]+/messages")),
    (READ_DMS, "GET", re.compile(r"/2/(dm_conversations/.+/)?dm_events(/[^/]+)?")),
    (MENTIONS, "GET", re.compile(r"/2/users/[^/]+/mentions")),
)
_SPANS = (("short", "x-rate-limit"), ("user_day", "x-user-limit-24hour"), ("app_day", "x-app-limit-24hour"))
_UNKNOWN_PAUSE = timedelta(minutes=15)


def endpoint_of(method: str, path: str) -> str:
    """Give by which name an endpoint's limits are counted; method and first path segments where nobody counts."""
    for name, verb, pattern in _ENDPOINTS:
        if method == verb and pattern.fullmatch(path):
            return name
    words = [word for word in path.split("/") if re.fullmatch(r"[a-z][a-z_]*", word)]
    return "_".join([method.lower(), *words[:3]])


def windows_in(headers: Mapping[str, str]) -> list[Window]:
    """Read the limits that an answer tells; what is incomplete or no number is left out."""
    return [window for span, prefix in _SPANS if (window := _window(span, prefix, headers)) is not None]


def limited_until(windows: Sequence[Window], headers: Mapping[str, str], now: datetime) -> datetime:
    """Give when X takes something again after a 429: the latest end of what is used up."""
    used_up = [window.resets_at for window in windows if window.remaining <= 0]
    resets = used_up or [window.resets_at for window in windows]
    return max([*_in_future(resets, now), *_retry_after(headers, now)], default=now + _UNKNOWN_PAUSE)


def _window(span: str, prefix: str, headers: Mapping[str, str]) -> Window | None:
    texts = [headers.get(f"{prefix}-{part}", "").strip() for part in ("limit", "remaining", "reset")]
    if not all(text.isascii() and text.isdigit() and len(text) <= 12 for text in texts):
        return None
    limit, remaining, reset = map(int, texts)
    try:
        resets_at = datetime.fromtimestamp(reset, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None
    return Window(span=span, limit=limit, remaining=remaining, resets_at=resets_at)


def _in_future(times: Iterable[datetime], now: datetime) -> list[datetime]:
    return [time for time in times if time > now]


def _retry_after(headers: Mapping[str, str], now: datetime) -> list[datetime]:
    text = headers.get("retry-after", "").strip()
    return [now + timedelta(seconds=int(text))] if text.isascii() and text.isdigit() and len(text) <= 6 else []
