"""Puts relevo.handoff/1 together: who wants what, what is known and proven, what was tried, and how urgent it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from relevo.contracts import handoff as records
from relevo.contracts.desk import Background
from relevo.domain.cases import Priority
from relevo.domain.clocks import Goal
from relevo.domain.conversations import Conversation
from relevo.domain.effects import EffectResult, EffectState, PreparedEffect
from relevo.domain.handoff import Episode, Handback, HandoffRequest
from relevo.domain.service import Service
from relevo.domain.sla import Sla
from relevo.flow.account import Account
from relevo.flow.reception import queue_of
from relevo.flow.summary import summaries

_REFERENCES = ("booking_code", "ticket", "order", "flight", "loyalty_number", "baggage_report", "case")
_WAITS = (EffectState.PREPARED.value, EffectState.INTENDED.value, EffectState.UNCONFIRMED.value)


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """What is happening as a person is asked for."""

    request: HandoffRequest
    conversation: Conversation
    now: datetime
    is_anybody_online: bool
    idempotency_key: str
    """Conversation and the message that led here: the same in every retry of the turn. The episode is added to it."""
    priority: Priority = msgspec.field(default_factory=Priority)
    performed: Sequence[EffectResult] = ()
    """Of this very turn."""
    error: str | None = None
    language: str = "es"


def handoff_record(
    handoff_id: UUID, occasion: Occasion, background: Background, account: Account, service: Service
) -> records.HandoffRecord:
    """Give the record as it is at this moment."""
    request, now = occasion.request, occasion.now
    tried, pending = _attempts(background.attempts, occasion.performed, now)
    slots = list(account.slots.values())
    record = records.HandoffRecord(
        schema=records.HANDOFF,
        handoff_id=handoff_id,
        episode_no=background.episodes + 1,
        idempotency_key=occasion.idempotency_key,
        created_at=now,
        expires_at=now + timedelta(seconds=service.queue_seconds),
        trigger_event_id=account.last_event_id,
        intent=account.intent,
        topics=account.topics,
        slots=slots,
        attempts=tried,
        pending_effects=pending,
        failures=_failures(occasion, account),
        summaries=[],
        business_refs=_references(slots),
        amounts=_amounts(tried, pending),
        attachments=list(background.attachments),
        public_posts=[msgspec.convert(post, records.PublicPost) for post in background.posts],
        return_policy="on_hand_back",
        **_of_request(request),
        **_of_conversation(occasion, background),
        **_of_service(occasion, service),
    )
    record.summaries = summaries(record)
    return record


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


def newest_record(episodes: Sequence[Episode]) -> records.HandoffRecord | None:
    """Give the record of the newest handoff that can be read."""
    for episode in sorted(episodes, key=lambda each: each.created_at, reverse=True):
        try:
            return msgspec.convert(episode.record, records.HandoffRecord)
        except msgspec.ValidationError:  # written by another version; the case says enough
            continue
    return None


def _of_request(request: HandoffRequest) -> dict[str, Any]:
    return {
        "case_id": request.case_id,
        "case_type": request.case_type,
        "trigger": request.trigger.value,
        "goal": request.goal,
        "missing_slots": list(request.missing),
        "perhaps": list(request.perhaps),
        "agent_message": request.note,
    }


def _of_conversation(occasion: Occasion, background: Background) -> dict[str, Any]:
    conversation = occasion.conversation
    return {
        "conversation_id": conversation.id,
        "channel": records.Channel(type=conversation.channel, address=conversation.identity.address),
        "contact": _contact(conversation, background, occasion.now),
        "language": occasion.language,
        "transcript": records.Transcript(
            first_position=background.first_position,
            last_position=background.last_position,
            messages=background.messages,
            url=f"/desk/api/conversations/{conversation.id}/entries",
        ),
        "history": records.History(
            open_cases=list(background.open_cases),
            cases_in_90_days=background.cases_in_90_days,
            earlier_handoffs=background.episodes,
        ),
    }


def _of_service(occasion: Occasion, service: Service) -> dict[str, Any]:
    priority, now = occasion.priority, occasion.now
    reasons = [records.Reason(code=r.code, points=r.points, detail=r.detail) for r in priority.reasons]
    queue = queue_of(occasion.request, priority, occasion.language, service)
    skills = list(dict.fromkeys([occasion.request.case_type, *queue.skills]))
    return {
        "routing": records.Routing(queue=queue.name, language=occasion.language, skills=skills),
        "priority": records.PriorityRecord(level=priority.level, score=priority.score, reasons=reasons),
        "sla": _sla(priority.level, now, service.clockwork_of(queue)),
    }


def _sla(level: str, now: datetime, clockwork: Sla) -> records.Sla:
    return records.Sla(
        clock_started_at=now,
        first_response_due_at=clockwork.due_at(level, Goal.FIRST_RESPONSE, now),
        resolution_due_at=clockwork.due_at(level, Goal.RESOLUTION, now),
        policy=level,
        clock="wall" if clockwork.policies[level].is_wall else "open",
    )


def _failures(occasion: Occasion, account: Account) -> records.Failures:
    return records.Failures(
        not_understood=account.not_understood,
        failed_identifications=occasion.conversation.identity.failed_tries,
        error=occasion.error,
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
    recorded: Sequence[PreparedEffect], performed: Sequence[EffectResult], now: datetime
) -> tuple[list[records.Attempt], list[records.Attempt]]:
    """Give what was tried, and what is begun or waits for a person.

    Effects are recorded while a turn runs; only those that another conversation had recorded before are not among
    this one's.
    """
    known = {effect.order.key for effect in recorded}
    found = [_recorded(effect) for effect in recorded]
    found += [_repeated(effect, now) for effect in performed if effect.key not in known]
    return [a for a in found if a.state not in _WAITS], [a for a in found if a.state in _WAITS]


def _repeated(effect: EffectResult, now: datetime) -> records.Attempt:
    kind, _, _ = effect.key.partition(":")
    return records.Attempt(
        key=effect.key, kind=kind, state=effect.state.value, rule=effect.rule, result=dict(effect.result), at=now
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
        at=effect.decided_at or effect.intended_at,
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
