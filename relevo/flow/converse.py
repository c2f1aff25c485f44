"""One message in, one answer out: claimed, put to the brain, and everything it changes written at once.

    claim ─► who has control? ─► brain ─► settle (one transaction) ─► wake the pages
                 │ a person          └─ failed: the contact is told, a case is opened, the message is a dead letter
                 └─ timeline only, no brain

The turn may be run again after a crash anywhere: nothing but effects is written before ``settle``, and those are
done once for each key.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import structlog

from relevo.contracts import runtime
from relevo.contracts.brain import Brain, Question
from relevo.contracts.live import Live
from relevo.contracts.store import Claim, Inbox, TurnOutcome
from relevo.domain.cases import Trigger
from relevo.domain.conversations import Control
from relevo.domain.messages import Author, Content
from relevo.errors import BrainUnavailable, LeaseLost, TurnFailed, Unavailable
from relevo.flow.texts import say
from relevo.flow.turn import ConversationTurn, TurnServices

MAX_ATTEMPTS = 10
"""How often a message may be begun; one that kills its process each time is then given to a person."""

OUTAGE_TRIES, OUTAGE_PAUSE_SECONDS = 60, 1.0
"""How a turn waits for a database that is away; after that its lease ends it, and it is claimed again."""

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Converser:
    """Answers claimed messages."""

    inbox: Inbox
    brain: Brain
    live: Live
    services: TurnServices
    default_language: str = "es"

    async def converse(self, claim: Claim) -> None:
        """Answer one message and settle it; run each in a task of its own."""
        began = time.perf_counter()
        outcome = await self._converse_through_outages(claim)
        _log.info(
            "turn",
            conversation=str(claim.conversation.id),
            inbox_id=claim.inbox_id,
            channel=claim.arrival.channel,
            attempt=claim.attempts,
            outcome=outcome,
            seconds=round(time.perf_counter() - began, 4),
        )

    async def _converse_through_outages(self, claim: Claim) -> str:
        """Begin again while the database is away: the claim is ours until somebody else's token says otherwise."""
        for _ in range(OUTAGE_TRIES):
            try:
                return await self._converse(claim)
            except LeaseLost as error:
                self.brain.forget(claim.conversation)
                return error.code
            except Unavailable:
                self.brain.forget(claim.conversation)
                await asyncio.sleep(OUTAGE_PAUSE_SECONDS)
        return Unavailable.code

    async def _converse(self, claim: Claim) -> str:
        if claim.conversation.control is not Control.BOT:
            await self._settle(claim, TurnOutcome())
            return "kept_for_agent"
        turn = ConversationTurn(claim=claim, services=self.services)
        if claim.attempts > MAX_ATTEMPTS:
            return await self._give_up(turn, f"begun {claim.attempts - 1} times without an end")
        try:
            return await self._answer(turn)
        except BrainUnavailable:
            await self.inbox.defer(claim, seconds=2.0)
            return "brain_unavailable"
        except TurnFailed as error:
            _log.error("turn.failed", inbox_id=claim.inbox_id, exc_info=error.__cause__)
            return await self._give_up(turn, str(error))

    async def _answer(self, turn: ConversationTurn) -> str:
        claim = turn.claim
        runtime.enter(turn)
        answer = await self.brain.answer(_question(claim), lambda: self.inbox.tracker_events(claim.conversation.id))
        committed = await self._settle(
            claim,
            turn.outcome(messages=answer.messages, tracker_events=answer.tracker_events, language=answer.language),
        )
        return "drafted" if committed else "answered"

    async def _give_up(self, turn: ConversationTurn, reason: str) -> str:
        number = await turn.open_case(
            "other", Trigger.ACTION_ERROR, goal=turn.claim.arrival.text, detail={"error": reason}
        )
        text = say(turn.claim.conversation.language or self.default_language, "turn_failed", case=number)
        await self._settle(
            turn.claim,
            turn.outcome(messages=(Content(text=text),), author=Author.SYSTEM, dead_letter=reason),
        )
        return "given_up"

    async def _settle(self, claim: Claim, outcome: TurnOutcome) -> bool:
        committed = await self.inbox.settle(claim, outcome)
        if outcome.tracker_events:
            self.brain.committed(claim.conversation, committed.tracker_version)
        self.live.changed(claim.conversation.id)
        if committed.has_next:
            self.live.wake_bots()
        return committed.was_drafted


def _question(claim: Claim) -> Question:
    text = claim.arrival.text
    return Question(
        conversation=claim.conversation,
        message_id=str(claim.inbox_id),
        text=text,
        is_issued_payload=text in claim.conversation.issued_payloads,
        metadata=claim.arrival.metadata,
    )
