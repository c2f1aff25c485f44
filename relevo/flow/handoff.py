"""Hands a conversation to a person with everything known about it, and brings it back.

    bot ─► requested ─► queued ─► agent ─► bot            control as domain/conversations.py draws it
     │         └─ nobody online: the bot goes on, the case waits, the record is kept
     │                   └─ the contact takes it back, or nobody comes in time: bot, and the contact is told
     └─► agent                                             somebody takes over unasked

The record (relevo.handoff/1) is written in the transaction that passes control and holds the words that say so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import structlog

from relevo.contracts import handoff as records
from relevo.contracts.desk import Background, Handoffs
from relevo.contracts.live import Live
from relevo.contracts.store import Inbox
from relevo.domain.cases import CaseContact, CaseRequest, Priority, Trigger
from relevo.domain.conversations import Conversation
from relevo.domain.effects import EffectResult, EffectState, PreparedEffect
from relevo.domain.handoff import Handback, Handoff, HandoffRequest
from relevo.domain.service import Service
from relevo.errors import Unavailable
from relevo.flow.account import Account, account_of
from relevo.flow.summary import summaries
from relevo.flow.texts import say
from relevo.flow.waiting import stopped_within

_REFERENCES = ("booking_code", "ticket", "order", "flight", "loyalty_number", "baggage_report", "case")
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """What is happening as a person is asked for."""

    request: HandoffRequest
    conversation: Conversation
    now: datetime
    is_anybody_online: bool
    idempotency_key: str
    """Conversation and the message that led here: the same in every retry of the turn."""
    priority: Priority = field(default_factory=Priority)
    performed: Sequence[EffectResult] = ()
    """Of this very turn."""
    error: str | None = None
    language: str = "es"


async def prepare(occasion: Occasion, store: Handoffs, turns: Sequence[bytes], service: Service) -> Handoff:
    """Put together the handoff that a turn commits; ``turns`` are the tracker's events, this turn's included."""
    background = await store.background(occasion.conversation.id)
    account = account_of(turns, occasion.conversation.identity.verified_facts)
    handoff_id = uuid4()
    record = _record(handoff_id, occasion, background, account, service)
    return Handoff(
        id=handoff_id,
        idempotency_key=occasion.idempotency_key,
        trigger=occasion.request.trigger,
        case_id=occasion.request.case_id,
        record=msgspec.to_builtins(record),
        expires_at=record.expires_at,
        is_anybody_online=occasion.is_anybody_online,
    )


def priority_of(case_id: str, opened: Sequence[CaseRequest], again: Sequence[CaseContact]) -> Priority:
    """Give the priority that a turn gives to the case it hands off."""
    found: dict[str, Priority] = {case.id: case.priority for case in opened}
    return ({contact.case_id: contact.priority for contact in again} | found).get(case_id, Priority())


def _record(
    handoff_id: UUID, occasion: Occasion, background: Background, account: Account, service: Service
) -> records.HandoffRecord:
    request, conversation, now = occasion.request, occasion.conversation, occasion.now
    tried, pending = _attempts(background.attempts, occasion.performed)
    slots = list(account.slots.values())
    due = now + timedelta(seconds=service.first_response_seconds[occasion.priority.level])
    return records.HandoffRecord(
        schema=records.HANDOFF,
        handoff_id=handoff_id,
        idempotency_key=occasion.idempotency_key,
        created_at=now,
        expires_at=now + timedelta(seconds=service.queue_seconds),
        conversation_id=conversation.id,
        case_id=request.case_id,
        case_type=request.case_type,
        channel=records.Channel(type=conversation.channel, address=conversation.identity.address),
        contact=_contact(conversation, background, now),
        language=occasion.language,
        trigger=request.trigger.value,
        trigger_event_id=account.last_event_id,
        goal=request.goal,
        intent=account.intent,
        topics=account.topics,
        slots=slots,
        missing_slots=list(request.missing),
        attempts=tried,
        pending_effects=pending,
        failures=records.Failures(
            not_understood=account.not_understood,
            failed_identifications=conversation.identity.failed_tries,
            error=occasion.error,
        ),
        summaries=summaries(request, slots, tried, pending),
        agent_message=request.note,
        business_refs=_references(slots),
        amounts=_amounts(tried, pending),
        transcript=records.Transcript(
            first_position=background.first_position,
            last_position=background.last_position,
            messages=background.messages,
            url=f"/desk/api/conversations/{conversation.id}/entries",
        ),
        attachments=[],
        history=records.History(
            open_cases=list(background.open_cases),
            cases_in_90_days=background.cases_in_90_days,
            earlier_handoffs=background.episodes,
        ),
        routing=records.Routing(queue="default", language=occasion.language, skills=[request.case_type]),
        priority=_priority(occasion.priority),
        sla=records.Sla(clock_started_at=now, first_response_due_at=due),
        return_policy="on_hand_back",
    )


def _contact(conversation: Conversation, background: Background, now: datetime) -> records.Contact:
    identity = conversation.identity
    return records.Contact(
        contact_id=identity.contact_id,
        display_name=background.display_name,
        business_ref=identity.business_ref,
        verified=identity.level_at(now).name.lower(),
        verified_until=identity.verified_until,
    )


def _attempts(
    recorded: Sequence[PreparedEffect], performed: Sequence[EffectResult]
) -> tuple[list[records.Attempt], list[records.Attempt]]:
    """Give what was tried, and what is begun or waits for a person; what this turn did stands last."""
    fresh = {effect.key for effect in performed}
    found = [_recorded(effect) for effect in recorded if effect.order.key not in fresh] + list(map(attempt, performed))
    waits = (EffectState.PREPARED.value, EffectState.INTENDED.value, EffectState.UNCONFIRMED.value)
    return [a for a in found if a.state not in waits], [a for a in found if a.state in waits]


def attempt(effect: EffectResult) -> records.Attempt:
    """Give an effect as the records write it."""
    kind, _, _ = effect.key.partition(":")
    return records.Attempt(
        key=effect.key, kind=kind, state=effect.state.value, rule=effect.rule, result=dict(effect.result)
    )


def _recorded(effect: PreparedEffect) -> records.Attempt:
    order = effect.order
    known = {"amount": order.amount, "unit": order.unit} if order.amount is not None else {}
    return records.Attempt(
        key=order.key,
        kind=order.kind,
        state=effect.state.value,
        rule=effect.rule,
        result={**known, **effect.result},
    )


def _references(slots: Sequence[records.Slot]) -> list[records.Reference]:
    found = []
    for slot in slots:
        values = slot.value if isinstance(slot.value, list) else [slot.value]
        if slot.name in _REFERENCES:
            found += [records.Reference(kind=slot.name, id=str(v), is_verified=slot.is_verified) for v in values]
    return found


def _amounts(*groups: Sequence[records.Attempt]) -> list[records.Amount]:
    return [
        records.Amount(amount=amount, unit=str(attempt.result.get("unit") or "points"), meaning=attempt.kind)
        for group in groups
        for attempt in group
        if isinstance(amount := attempt.result.get("amount"), int)
    ]


def _priority(priority: Priority) -> records.PriorityRecord:
    reasons = [records.Reason(code=r.code, points=r.points, detail=r.detail) for r in priority.reasons]
    return records.PriorityRecord(level=priority.level, score=priority.score, reasons=reasons)


async def take_back(conversation: Conversation, text: str, store: Handoffs, language: str) -> bool:
    """Give control back to the bot when a contact who waits for a person says so; tell whether they did."""
    if text.casefold().strip(" .!¡") not in say(language, "cancel_words").split("|"):
        return False
    return await store.give_up_waiting(conversation.id, say(language, "queue_left"), "ended")


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueWatch:
    """Gives control back to the bot where nobody came in time, and says so."""

    handoffs: Handoffs
    live: Live
    seconds: float = 5.0
    default_language: str = "es"

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop."""
        while not await stopped_within(stop, self.seconds):
            try:
                await self.step()
            except Unavailable:
                _log.warning("queue_watch.database_unreachable")

    async def step(self) -> int:
        """Give up on what waited too long, and give how many conversations that were."""
        overdue = await self.handoffs.overdue()
        for conversation_id, language, case_id in overdue:
            text = say(language or self.default_language, "queue_expired", case=case_id)
            if await self.handoffs.give_up_waiting(conversation_id, text, "expired"):
                self.live.changed(conversation_id)
                self.live.wake_senders()
                _log.info("handoff.expired", conversation=str(conversation_id))
        return len(overdue)


async def takeover(
    conversation: Conversation, store: Handoffs, inbox: Inbox, case_id: str, case_type: str, now: datetime
) -> Handoff:
    """Put together the record of somebody taking over unasked."""
    request = HandoffRequest(trigger=Trigger.AGENT_TAKEOVER, case_id=case_id, case_type=case_type)
    occasion = Occasion(
        request=request,
        conversation=conversation,
        now=now,
        is_anybody_online=True,
        idempotency_key=f"{conversation.id}:takeover:{conversation.control_version}",
        language=conversation.language or "es",
    )
    return await prepare(occasion, store, await inbox.tracker_events(conversation.id), Service())


def handback_record(
    handback: Handback, *, handoff_id: UUID | None, ended_at: datetime, effects: Sequence[PreparedEffect] = ()
) -> Mapping[str, Any]:
    """Give relevo.handback/1 as it is kept and as the bot gets it."""
    record = records.HandbackRecord(
        schema=records.HANDBACK,
        handoff_id=handoff_id,
        ended_at=ended_at,
        end_reason="handed_back",
        outcome=handback.outcome,
        agent=handback.agent,
        told=handback.told,
        note_to_agents=handback.note,
        slot_updates=dict(handback.slots),
        actions_done=[_recorded(effect) for effect in effects if effect.state is EffectState.DONE],
    )
    built: Mapping[str, Any] = msgspec.to_builtins(record)
    return built
