"""What hosts share about how we stand with X: whether its webhook works, and whether the account still lets us act."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from relevo.contracts.platform import REVOKED, Mark, PlatformMarks
from relevo.contracts.x import X

ALIVE, LOOK, WEBHOOK, TO_REPLAY = "alive", "webhook_look", "webhook", "to_replay"
_STALE = timedelta(minutes=20)
_SIGNED_OUT = "The account took Relevo's rights away, so nothing is sent or asked for: run relevo x login."


async def keep_standing(marks: PlatformMarks, *, is_healthy: bool, problem: str | None) -> None:
    """Mark for all hosts how the webhook stands."""
    await marks.put(X, WEBHOOK, json.dumps({"is_healthy": is_healthy, "problem": problem}))


async def is_healthy(marks: PlatformMarks, now: datetime) -> bool:
    """Tell whether the webhook was seen to work just now."""
    mark = await marks.get(X, WEBHOOK)
    return mark is not None and now - mark.marked_at <= _STALE and _said(mark).get("is_healthy") is True


async def revoked(marks: PlatformMarks) -> str | None:
    """Say that the account lets us not act; None where it does."""
    mark = await marks.get(X, REVOKED)
    return _SIGNED_OUT if mark is not None and mark.value else None


async def problem_seen(marks: PlatformMarks) -> str | None:
    """Say what was seen to be wrong, and what to do; None where all is well."""
    webhook = await marks.get(X, WEBHOOK)
    seen = _said(webhook).get("problem") if webhook is not None else None
    return await revoked(marks) or seen


def _said(mark: Mark) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(mark.value or "{}")
    return said
