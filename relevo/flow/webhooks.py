"""Tells other systems what happened: signed, at least once, again with pauses, and given up in the end.

    what is kept anyway ─► read into what waits (once each) ─► told (2xx) | again: 1 min … 24 h | dead

A kill anywhere loses nothing: what was read is committed with how far it was read, what was being told is told again.
Within a conversation the order holds while the other side answers; what fails three times lets the others pass.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from time import monotonic
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.webhooks import DueDelivery, Poster, Webhooks
from relevo.domain.covering import masked_text
from relevo.flow.waiting import keep_watch

AGAIN_AFTER_SECONDS = (60, 300, 1_800, 7_200, 21_600, 43_200, 86_400)
"""Pauses between tries; after the last one it is given up: about two days."""
MOST_DEAD = 10
"""So many given up in a row, and nothing more is told until somebody enables it again."""
KEPT_SECONDS = 30 * 86_400.0
_JITTER = 0.2
_PAUSE_SECONDS = 1.0
"""Between two looks: many changes at once are one look, and turns do not pay for more."""
_FORGET_EVERY_SECONDS = 3_600.0
_LONGEST_ANSWER = 200
_log = structlog.get_logger()


@dataclass(kw_only=True)
class Herald:
    """Tells what happened, in one of the web processes at a time for reading, in all of them for sending."""

    webhooks: Webhooks
    poster: Poster
    live: Live
    clock: Clock = field(default=system_clock)
    jitter: Callable[[], float] = random.random  # noqa: S311 - spreads tries, hides nothing
    _forgets_at: float = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Tell until told to stop."""
        await keep_watch(
            stop, self._tried, live=self.live, what="webhooks", pause_seconds=_PAUSE_SECONDS, first_seconds=0.0
        )

    async def step(self, limit: int = 16) -> int:
        """Look for news and tell what is due, once; give how much was told."""
        await self.webhooks.read_news()
        due = await self.webhooks.claim(limit)
        await asyncio.gather(*map(self._tell, due))
        return len(due)

    async def _tried(self) -> int:
        if monotonic() >= self._forgets_at:
            await self.webhooks.forget_old(KEPT_SECONDS)
            self._forgets_at = monotonic() + _FORGET_EVERY_SECONDS
        return await self.step()

    async def _tell(self, due: DueDelivery) -> None:
        body = body_of(due)
        told = await self.poster.post(due.url, headers_of(due, body, self.clock()), body)
        told = replace(told, answer=_shown(told.answer))
        again = None if told.problem is None else self._pause(due.attempts)
        await self.webhooks.conclude(due, told, again_in_seconds=again, most_dead=MOST_DEAD)
        _log.info("webhook", webhook=due.webhook_id, delivery=due.id, attempt=due.attempts, status=told.status)

    def _pause(self, attempts: int) -> float | None:
        if attempts > len(AGAIN_AFTER_SECONDS):
            return None
        return AGAIN_AFTER_SECONDS[attempts - 1] * (1 + _JITTER * (2 * self.jitter() - 1))


def body_of(due: DueDelivery) -> bytes:
    """Give what is sent: the same bytes in every try."""
    told: dict[str, Any] = {
        "id": f"evt_{due.event_id}",
        "event": due.event,
        "happened_at": due.happened_at.astimezone(timezone.utc),
        "conversation_id": due.conversation_id,
        "data": {name: value for name, value in due.data.items() if value is not None},
    }
    return msgspec.json.encode(told)


def headers_of(due: DueDelivery, body: bytes, now: datetime) -> dict[str, str]:
    """Give the headers that say what it is, and prove from whom."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Relevo",
        "Relevo-Event": due.event,
        "Relevo-Delivery": str(due.delivery_id),
        "Relevo-Signature": signature((due.secret, due.old_secret), int(now.timestamp()), body),
    }


def signature(secrets: Iterable[str | None], at: int, body: bytes) -> str:
    """Sign a body as of a second, with each secret that holds: HMAC-SHA256 of ``t.body``.

    The older one comes last: whoever reads the header into a dictionary keeps that, and knows that one.
    """
    signed = f"{at}.".encode() + body
    digests = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets if secret]
    return ",".join([f"t={at}", *(f"v1={digest}" for digest in digests)])


def _shown(answer: str | None) -> str | None:
    if not answer:
        return None
    line = re.sub(r"\s+", " ", "".join(part if part.isprintable() else " " for part in answer)).strip()
    return masked_text(line)[:_LONGEST_ANSWER] or None
