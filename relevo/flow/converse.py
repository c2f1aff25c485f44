"""One message in, one answer out: claimed, put to the brain, and everything it changes written at once.

    claim ─► who has control? ─► brain ─► settle (one transaction) ─► wake the pages
                 │ a person        │ └─ asked for a person: control passes with the same commit
                 │                 └─ failed: the contact is told, a person gets it, the message is a dead letter
                 └─ timeline only, no brain; "cancel" while nobody has come gives control back to the bot

The turn may be run again after a crash anywhere: nothing but effects is written before ``settle``, and those are
done once for each key.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from msgspec.structs import replace

from relevo.contracts import runtime
from relevo.contracts.brain import Brain, Question
from relevo.contracts.live import Live
from relevo.contracts.reaching import REACHES, Reach
from relevo.contracts.store import Claim, Committed, Inbox, TurnOutcome
from relevo.domain.cases import Trigger
from relevo.domain.conversations import ENDED, Control
from relevo.domain.handoff import Handoff, HandoffRequest
from relevo.domain.messages import Author, Content
from relevo.domain.ratings import Rating
from relevo.errors import BrainUnavailable, LeaseLost, NotKnown, TurnFailed, Unavailable
from relevo.flow.handoff import count_handoff, prepare, priority_of, taken_back
from relevo.flow.joining import joined
from relevo.flow.opting_out import OPTED_OUT
from relevo.flow.other_bots import OtherBots
from relevo.flow.ratings import heard, is_over, thanks
from relevo.flow.record import Occasion
from relevo.flow.remote_files import ALONE, refused_in, why
from relevo.flow.texts import say
from relevo.flow.turn import ConversationTurn, TurnServices
from relevo.metrics.numbers import few, turns
from relevo.metrics.stages import WRITE, stage, timed

MAX_ATTEMPTS = 10
"""How often a message may be begun; one that kills its process each time is then given to a person."""

OUTAGE_TRIES, OUTAGE_PAUSE_SECONDS = 60, 1.0
"""How a turn waits for a database that is away; after that its lease ends it, and it is claimed again."""

_log = structlog.get_logger()


@dataclass(kw_only=True)
class Converser:
    """Answers claimed messages; its services may be replaced while it does, and a turn keeps those it began with."""

    inbox: Inbox
    brain: Brain
    live: Live
    services: TurnServices
    default_language: str = "es"
    reaches: Mapping[str, Reach] = field(default_factory=lambda: REACHES)
    """How the configured channels take words."""
    others: OtherBots | None = None

    async def converse(self, claim: Claim) -> None:
        """Answer one message and settle it; run each in a task of its own."""
        waited_seconds = time.time() - claim.received_at.timestamp()
        with timed(waited_seconds) as turn:
            outcome = await self._converse_through_outages(claim)
        turns.labels(few("channel", claim.arrival.channel), outcome).inc()
        _log.info(
            "turn",
            conversation=str(claim.conversation.id),
            inbox_id=claim.inbox_id,
            channel=claim.arrival.channel,
            attempt=claim.attempts,
            outcome=outcome,
            **turn.fields(),
        )

    async def _converse_through_outages(self, claim: Claim) -> str:
        """Begin again while the database is away: the claim is ours until somebody else's token says otherwise."""
        for _ in range(OUTAGE_TRIES):
            try:
                return await self._converse(claim)
            except LeaseLost as error:
                return error.code
            except Unavailable:
                await asyncio.sleep(OUTAGE_PAUSE_SECONDS)
        return Unavailable.code

    async def _converse(self, claim: Claim) -> str:
        if claim.conversation.control in ENDED and self.services.handoffs is not None:
            await self.services.handoffs.reopen(claim.conversation.id)
            version = claim.conversation.control_version + 1
            claim = replace(
                claim, conversation=replace(claim.conversation, control=Control.BOT, control_version=version)
            )
        if claim.conversation.control is not Control.BOT:
            return await self._keep(claim)
        turn = ConversationTurn(claim=claim, services=self.services)
        rating = heard(claim, claim.conversation.language or self.default_language)
        if rating is not None and rating.comment is None:
            await self._settle(claim, thanks(rating, claim.conversation.language or self.default_language))
            return "rated"
        if claim.attempts > MAX_ATTEMPTS:
            return await self._give_up(turn, f"begun {claim.attempts - 1} times without an end")
        return await self._answer_or_see_to(turn, rating)

    async def _answer_or_see_to(self, turn: ConversationTurn, rating: Rating | None) -> str:
        claim = turn.claim
        try:
            return await self._answer(turn, rating)
        except BrainUnavailable:
            await self.inbox.defer(claim, seconds=2.0)
            return "brain_unavailable"
        except NotKnown as error:
            if self.others is not None and await self.others.leave(claim, error.names):
                return "left_to_others"
            _log.warning("turn.not_known", inbox_id=claim.inbox_id, names=sorted(error.names))
            return await self._see_to(turn, "request_lost", Trigger.BOT_UNAVAILABLE, error.ending)
        except TurnFailed as error:
            _log.error("turn.failed", inbox_id=claim.inbox_id, exc_info=error.__cause__)
            return await self._give_up(turn, str(error))

    async def _keep(self, claim: Claim) -> str:
        """Leave a message to the person who has control, unless it says that a contact who waits goes on with the bot.

        Where nobody has control by now, it is put back, and answered by the bot.
        """
        language = claim.conversation.language or self.default_language
        back = taken_back(claim.conversation, claim.arrival.text, language)
        try:
            await self._settle(claim, TurnOutcome(is_kept=True, taken_back=back))
        except LeaseLost:
            await self.inbox.defer(claim, seconds=0.0)
            self.live.wake_bots()
            return "put_back"
        if back is None:
            return "kept_for_agent"
        self.live.wake_senders()
        return "taken_back"

    async def _answer(self, turn: ConversationTurn, rating: Rating | None) -> str:
        """Have the brain answer; of a comment only where it is more than that, such as a cry for help."""
        claim = turn.claim
        if claim.arrival.metadata.get(OPTED_OUT):
            text = say(claim.conversation.language or self.default_language, OPTED_OUT)
            await self._settle(claim, TurnOutcome(messages=(Content(text=text),)))
            return OPTED_OUT
        lost = why(claim.conversation.language or self.default_language, refused_in(claim.arrival.metadata))
        if lost and claim.arrival.metadata.get(ALONE):
            await self._settle(claim, TurnOutcome(messages=(Content(text=lost),)))
            return "file_refused"
        runtime.enter(turn)
        answer = await self.brain.answer(_question(claim), lambda: self.inbox.tracker_events(claim.conversation.id))
        if rating is not None and not _has_done_anything(turn):
            await self._settle(claim, thanks(rating, claim.conversation.language or self.default_language))
            return "commented"
        outcome = turn.outcome(
            messages=(Content(text=lost), *answer.messages) if lost else answer.messages,
            tracker_events=answer.tracker_events,
            language=answer.language,
            handoff=await self._handoff(turn, answer.tracker_events, answer.language),
            rating=rating or is_over(claim),
        )
        committed = await self._settle(claim, outcome)
        answer.committed_as(committed.tracker_version)
        return "drafted" if committed.was_drafted else "handed_off" if outcome.handoff else "answered"

    async def _give_up(self, turn: ConversationTurn, reason: str) -> str:
        await self._see_to(turn, "turn_failed", Trigger.ACTION_ERROR, dead_letter=reason)
        return "given_up"

    async def _see_to(
        self,
        turn: ConversationTurn,
        told: str,
        trigger: Trigger,
        ending: tuple[bytes, ...] = (),
        dead_letter: str | None = None,
    ) -> str:
        """Tell the contact that the bot cannot go on, and have a person see to it, with all that was told."""
        goal = (turn.claim.arrival.text or None) if turn.claim.handback is None else None
        detail = {"error": dead_letter} if dead_letter else None
        number = await turn.open_case("other", trigger, goal=goal, detail=detail)
        text = say(turn.claim.conversation.language or self.default_language, told, case=number)
        await turn.hand_off(HandoffRequest(trigger=trigger, case_id=number, case_type="other", goal=goal))
        handoff = await self._handoff(turn, (), None, error=dead_letter)
        outcome = turn.outcome(
            messages=(Content(text=text),), author=Author.SYSTEM, dead_letter=dead_letter, handoff=handoff
        )
        await self._settle(turn.claim, replace(outcome, tracker_events=ending))
        return told

    async def _handoff(
        self, turn: ConversationTurn, events: Sequence[bytes], language: str | None, error: str | None = None
    ) -> Handoff | None:
        """Put the record together, where a person was asked for; the turn's own events belong to it."""
        request, handoffs = turn.handoff, self.services.handoffs
        if request is None or handoffs is None:
            return None
        claim = turn.claim
        occasion = Occasion(
            request=request,
            conversation=turn.conversation_by_now,
            now=turn.now,
            is_anybody_online=turn.is_anybody_online,
            idempotency_key=f"{claim.conversation.id}:{claim.inbox_id}",
            priority=priority_of(request.case_id, turn.cases, turn.contacts),
            performed=tuple(turn.performed.values()),
            error=error,
            language=language or claim.conversation.language or self.default_language,
        )
        past = await self.inbox.tracker_events(claim.conversation.id) if claim.conversation.tracker_version else ()
        return await prepare(occasion, handoffs, [*past, b"[" + b",".join(events) + b"]"], turn.services.service)

    async def _settle(self, claim: Claim, outcome: TurnOutcome) -> Committed:
        reach = self.reaches.get(claim.arrival.channel)
        if reach is not None and reach.joins_turns:
            outcome = replace(outcome, messages=joined(outcome.messages))
        with stage(WRITE):
            committed = await self.inbox.settle(claim, outcome)
        if not committed.is_told:
            self.live.changed(claim.conversation.id)
            if outcome.messages:
                self.live.wake_senders()
        if outcome.handoff or outcome.taken_back:
            self.live.wake_routers()
        if outcome.handoff and not committed.was_drafted:
            count_handoff(outcome.handoff, claim.conversation)
        if committed.has_next:
            self.live.wake_bots(claim.bot)
        return committed


def _question(claim: Claim) -> Question:
    text = claim.arrival.text
    return Question(
        conversation=claim.conversation,
        message_id=str(claim.inbox_id),
        text=text,
        is_issued_payload=claim.handback is not None or text in claim.conversation.issued_payloads,
        metadata=claim.arrival.metadata,
        attachments=claim.arrival.attachments,
    )


def _has_done_anything(turn: ConversationTurn) -> bool:
    """Tell whether a turn asked for a person, touched a case, or did something in the business's systems."""
    return bool(turn.handoff or turn.cases or turn.contacts or turn.performed)
