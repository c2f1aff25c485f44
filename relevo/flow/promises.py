"""Watches promised times: when one passes, the contact is written to first, and the case becomes more urgent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from relevo.contracts.desk import CaseWork, Promise
from relevo.contracts.live import Live
from relevo.errors import Unavailable
from relevo.flow.texts import say
from relevo.flow.waiting import stopped_within

LOOK_SECONDS = 5.0
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class PromiseWatch:
    """Answers for promised times that have passed."""

    case_work: CaseWork
    live: Live
    default_language: str = "es"

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop."""
        while not await stopped_within(stop, LOOK_SECONDS):
            try:
                await self.step()
            except Unavailable:
                _log.warning("promises.database_unreachable")

    async def step(self) -> int:
        """Answer for what has passed by now, once each, and give how many that were."""
        missed = await self.case_work.missed_promises()
        for promise in missed:
            await self._answer_for(promise)
        return len(missed)

    async def _answer_for(self, promise: Promise) -> None:
        case = promise.case
        text = say(promise.language or self.default_language, "promise_missed", case=case.id)
        is_ours = await self.case_work.miss(case.id, case.priority.because("promise_missed"), text)
        if is_ours and promise.conversation_id is not None:
            self.live.changed(promise.conversation_id)
            self.live.wake_senders()
        if is_ours:
            _log.warning("promise.missed", case=case.id)
