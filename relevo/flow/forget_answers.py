"""Forgets what was answered to an Idempotency-Key a day ago."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from relevo.contracts.api_access import Answers
from relevo.flow.waiting import keep_looking

KEPT_SECONDS = 24 * 3_600.0
_LOOK_SECONDS = 600.0
_log = structlog.get_logger()


class AnswerWatch(msgspec.Struct, frozen=True, kw_only=True):
    """Looks now and then."""

    answers: Answers

    async def run(self, stop: asyncio.Event) -> None:
        """Forget until told to stop."""
        await keep_looking(
            stop, lambda: self.answers.forget_old(KEPT_SECONDS), what="answers", pause_seconds=_LOOK_SECONDS
        )
