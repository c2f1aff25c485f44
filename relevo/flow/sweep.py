"""Sees to messages that no bot takes: the contact is told, a case is opened, and a returning bot leaves them alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from relevo.contracts.desk import Handoffs
from relevo.contracts.live import Live
from relevo.contracts.store import Claim, Effects, Inbox, TurnOutcome
from relevo.domain.cases import CaseRequest, Trigger, first_priority
from relevo.domain.conversations import ENDED, Control
from relevo.domain.handoff import Handback, Handoff, HandoffRequest
from relevo.domain.messages import Author, Content
from relevo.domain.service import Service
from relevo.errors import LeaseLost
from relevo.flow.handoff import count_handoff, prepare
from relevo.flow.reception import is_anybody_there
from relevo.flow.record import Occasion
from relevo.flow.standing import Standing
from relevo.flow.texts import say
from relevo.flow.waiting import keep_watch

_log = structlog.get_logger()


@dataclass(kw_only=True)
class Sweeper:
    """Settles messages that waited too long for a bot; its service may be replaced while it runs."""

    inbox: Inbox
    effects: Effects
    live: Live
    silence_seconds: float = 30.0
    """How long a message may wait before the contact is told that no bot answers."""
    default_language: str = "es"
    handoffs: Handoffs | None = None
    standing: Standing | None = None
    """Who knows whether bots are there; None: nobody asks."""
    queueing_seconds: float = 300.0
    """How long a message that no bot has begun may wait while bots answer others."""
    service: Service = field(default_factory=Service)

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop; bots get the whole silence first, to take what an outage left."""
        first, pause = self.silence_seconds, self.silence_seconds / 4
        await keep_watch(stop, self.step, live=self.live, what="sweep", pause_seconds=pause, first_seconds=first)

    async def step(self) -> int:
        """Hand off what no bot has taken by now, and give how much that was."""
        is_queueing = self.standing is not None and (await self.standing.load()).bots_ready > 0
        queueing_seconds = max(self.silence_seconds, self.queueing_seconds) if is_queueing else None
        abandoned = await self.inbox.abandoned(self.silence_seconds, queueing_seconds)
        for claim in abandoned:
            await self._hand_off(claim)
        return len(abandoned)

    async def _hand_off(self, claim: Claim) -> None:
        try:
            outcome = await self._outcome(claim)
            committed = await self.inbox.settle(claim, outcome)
        except LeaseLost:
            return
        if outcome.handoff and not committed.was_drafted:
            count_handoff(outcome.handoff, claim.conversation)
        self.live.changed(claim.conversation.id)
        self.live.wake_routers()
        _log.warning("sweep.no_bot", inbox_id=claim.inbox_id, conversation=str(claim.conversation.id))

    async def _outcome(self, claim: Claim) -> TurnOutcome:
        control = claim.conversation.control
        if control in ENDED and self.handoffs is not None:
            await self.handoffs.reopen(claim.conversation.id)
        elif control is not Control.BOT:
            return TurnOutcome(is_kept=True)
        if claim.handback is not None:
            return TurnOutcome(messages=(Content(text=self._decided(claim, claim.handback)),), author=Author.SYSTEM)
        number = await self.effects.next_case_id()
        text = say(claim.conversation.language or self.default_language, "bot_unavailable", case=number)
        case = CaseRequest(
            id=number,
            type="other",
            trigger=Trigger.BOT_UNAVAILABLE,
            goal=claim.arrival.text or None,
            priority=first_priority(Trigger.BOT_UNAVAILABLE),
        )
        handoff = await self._handoff(claim, case)
        return TurnOutcome(messages=(Content(text=text),), author=Author.SYSTEM, cases=(case,), handoff=handoff)

    def _decided(self, claim: Claim, handback: Handback) -> str:
        """Give what a person decided, in the system's words: the contact does not wait for a bot to hear it."""
        key = "handed_back_told" if handback.told else "handed_back"
        language = claim.conversation.language or self.default_language
        return say(language, key, agent=handback.agent, told=handback.told or "")

    async def _handoff(self, claim: Claim, case: CaseRequest) -> Handoff | None:
        if self.handoffs is None:
            return None
        conversation = claim.conversation
        request = HandoffRequest(trigger=case.trigger, case_id=case.id, case_type=case.type, goal=case.goal)
        language = conversation.language or self.default_language
        is_there = await is_anybody_there(self.handoffs, self.service, request, case.priority, language)
        occasion = Occasion(
            request=request,
            conversation=conversation,
            now=claim.received_at,
            is_anybody_online=is_there,
            idempotency_key=f"{conversation.id}:{claim.inbox_id}",
            priority=case.priority,
            language=language,
        )
        return await prepare(occasion, self.handoffs, await self.inbox.tracker_events(conversation.id), self.service)
