"""Watches promised times: when one passes, the contact is written to first, the case is more urgent, a person comes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from msgspec.structs import replace

from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.desk import CaseWork, Promise
from relevo.contracts.live import Live
from relevo.contracts.store import Store
from relevo.domain.cases import Case, Trigger
from relevo.domain.service import Service
from relevo.flow.handoff import count_handoff, unasked
from relevo.flow.texts import say
from relevo.flow.waiting import keep_watch

LOOK_SECONDS = 5.0
_log = structlog.get_logger()


@dataclass(kw_only=True)
class PromiseWatch:
    """Answers for promised times that have passed; its service may be replaced while it runs."""

    case_work: CaseWork
    live: Live
    default_language: str = "es"
    store: Store | None = None
    """What a handoff is made of; None: nobody is asked for."""
    service: Service = field(default_factory=Service)
    clock: Clock = field(default=system_clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Look at once, for what passed while nobody looked, and now and then until told to stop."""
        await keep_watch(stop, self.step, live=self.live, what="promises", pause_seconds=LOOK_SECONDS, first_seconds=0)

    async def step(self) -> int:
        """Answer for what has passed by now, once each, and give how many that were."""
        missed = await self.case_work.missed_promises()
        for promise in missed:
            await self._answer_for(promise)
        return len(missed)

    async def _answer_for(self, promise: Promise) -> None:
        case = promise.case
        text = say(promise.language or self.default_language, "promise_missed", case=case.id)
        raised = case.priority.because("promise_missed")
        is_ours = await self.case_work.miss(case.id, raised, text)
        if is_ours and promise.conversation_id is not None:
            self.live.changed(promise.conversation_id)
            self.live.wake_senders()
        if is_ours and self.store is not None and promise.conversation_id is not None:
            await self._ask_for_person(self.store, promise.conversation_id, replace(case, priority=raised))
        if is_ours:
            _log.warning("promise.missed", case=case.id)

    async def _ask_for_person(self, store: Store, conversation_id: UUID, case: Case) -> None:
        """Have the conversation offered to whoever can take it; nothing happens where somebody has it."""
        conversation = await store.conversations.get(conversation_id)
        trigger, now = Trigger.PROMISE_MISSED, self.clock()
        handoff = await unasked(conversation, case, trigger, store.handoffs, store.inbox, now, self.service)
        if await store.handoffs.request(conversation_id, handoff):
            count_handoff(handoff, conversation)
            self.live.wake_routers()
