"""Forgets what was answered to an Idempotency-Key a day ago."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from relevo.contracts.api_access import Answers
from relevo.errors import Unavailable
from relevo.flow.waiting import stopped_within

KEPT_SECONDS = 24 * 3_600.0
_LOOK_SECONDS = 600.0
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class AnswerWatch:
    """Looks now and then."""

    answers: Answers

    async def run(self, stop: asyncio.Event) -> None:
        """Forget until told to stop."""
        while not await stopped_within(stop, _LOOK_SECONDS):
            try:
                await self.answers.forget_old(KEPT_SECONDS)
            except Unavailable:
                _log.warning("answers.database_unreachable")
