"""Sees to messages that no bot takes: the contact is told, a case is opened, and a returning bot leaves them alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from relevo.contracts.live import Live
from relevo.contracts.store import Claim, Effects, Inbox, TurnOutcome
from relevo.domain.cases import CaseRequest, Trigger, first_priority
from relevo.domain.conversations import Control
from relevo.domain.messages import Author, Content
from relevo.errors import LeaseLost, Unavailable
from relevo.flow.texts import say
from relevo.flow.waiting import stopped_within

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Sweeper:
    """Settles messages that waited too long for a bot."""

    inbox: Inbox
    effects: Effects
    live: Live
    silence_seconds: float = 30.0
    """How long a message may wait before the contact is told that no bot answers."""
    default_language: str = "es"

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop; bots get the whole silence first, to take what an outage left."""
        wait_seconds = self.silence_seconds
        while not await stopped_within(stop, wait_seconds):
            wait_seconds = self.silence_seconds / 4
            try:
                for claim in await self.inbox.abandoned(self.silence_seconds):
                    await self._hand_off(claim)
            except Unavailable:
                _log.warning("sweep.database_unreachable")

    async def _hand_off(self, claim: Claim) -> None:
        try:
            await self.inbox.settle(claim, await self._outcome(claim))
        except LeaseLost:
            return
        self.live.changed(claim.conversation.id)
        _log.warning("sweep.no_bot", inbox_id=claim.inbox_id, conversation=str(claim.conversation.id))

    async def _outcome(self, claim: Claim) -> TurnOutcome:
        if claim.conversation.control is not Control.BOT or claim.handback is not None:
            return TurnOutcome()
        number = await self.effects.next_case_id()
        text = say(claim.conversation.language or self.default_language, "bot_unavailable", case=number)
        case = CaseRequest(
            id=number,
            type="other",
            trigger=Trigger.BOT_UNAVAILABLE,
            goal=claim.arrival.text,
            priority=first_priority(Trigger.BOT_UNAVAILABLE),
        )
        return TurnOutcome(messages=(Content(text=text),), author=Author.SYSTEM, cases=(case,))
