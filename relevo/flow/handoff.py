"""Hands a conversation to a person with everything known about it, and brings it back.

    bot ─► requested ─► queued ─► offered ─► agent ─► bot     control as domain/conversations.py draws it
     │         └─ nobody online: the bot goes on, the case waits, the record is kept; offered to who comes (routing.py)
     │                   └─ the contact takes it back, or nobody comes in time: bot, and the contact is told
     └─► agent                                             somebody takes over unasked

The record (relevo.handoff/1) is written in the transaction that passes control and holds the words that say so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import msgspec
import structlog
from msgspec.structs import replace

from relevo.contracts.desk import Handoffs
from relevo.contracts.handoff import HandoffRecord
from relevo.contracts.live import Live
from relevo.contracts.store import Inbox
from relevo.domain.cases import Case, CaseContact, CaseRequest, Priority, Trigger
from relevo.domain.conversations import WAITING, Conversation
from relevo.domain.handoff import Handoff, HandoffRequest
from relevo.domain.service import Service
from relevo.flow.account import account_of
from relevo.flow.record import Occasion, handoff_record
from relevo.flow.texts import say
from relevo.flow.waiting import keep_watch
from relevo.metrics.numbers import handoffs

_log = structlog.get_logger()


async def prepare(occasion: Occasion, store: Handoffs, turns: Sequence[bytes], service: Service) -> Handoff:
    """Put together the handoff that a turn commits; ``turns`` are the tracker's events, this turn's included."""
    background = await store.background(occasion.conversation.id)
    # A message that was given up and is replayed begins an episode of its own.
    key = f"{occasion.idempotency_key}:{background.episodes + 1}"
    occasion = replace(occasion, idempotency_key=key)
    account = account_of(turns, occasion.conversation.identity.verified_facts)
    handoff_id = uuid4()
    record = handoff_record(handoff_id, occasion, background, account, service)
    return Handoff(
        id=handoff_id,
        idempotency_key=occasion.idempotency_key,
        trigger=occasion.request.trigger,
        case_id=occasion.request.case_id,
        record=msgspec.to_builtins(record),
        expires_at=record.expires_at if occasion.is_anybody_online else _offered_until(record, occasion, service),
        is_anybody_online=occasion.is_anybody_online,
    )


def count_handoff(handoff: Handoff, conversation: Conversation) -> None:
    """Count a handoff that was committed, and write it down."""
    handoffs.labels(handoff.trigger.value).inc()
    _log.info(
        "handoff",
        conversation=str(conversation.id),
        handoff=str(handoff.id),
        channel=conversation.channel,
        reason=handoff.trigger.value,
        case=handoff.case_id,
        outcome="queued" if handoff.is_anybody_online else "nobody_online",
    )


def _offered_until(record: HandoffRecord, occasion: Occasion, service: Service) -> datetime:
    """Give until when one for which nobody was there is offered to whoever comes."""
    calendar = service.calendar_of(service.queues.get(record.routing.queue))
    return max(record.expires_at, calendar.after(occasion.now, service.offer_later_seconds))


def priority_of(case_id: str, opened: Sequence[CaseRequest], again: Sequence[CaseContact]) -> Priority:
    """Give the priority that a turn gives to the case it hands off."""
    found: dict[str, Priority] = {case.id: case.priority for case in opened}
    return ({contact.case_id: contact.priority for contact in again} | found).get(case_id, Priority())


def taken_back(conversation: Conversation, text: str, language: str) -> str | None:
    """Give what is said when a contact who waits for a person goes on with the bot; None when they do not say so."""
    is_said = text.casefold().strip(" .!¡") in say(language, "cancel_words").split("|")
    return say(language, "queue_left") if is_said and conversation.control in WAITING else None


class QueueWatch(msgspec.Struct, frozen=True, kw_only=True):
    """Gives control back to the bot where nobody came in time, and says so."""

    handoffs: Handoffs
    live: Live
    seconds: float = 5.0
    default_language: str = "es"

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop."""
        await keep_watch(stop, self.step, live=self.live, what="queue_watch", pause_seconds=self.seconds)

    async def step(self) -> int:
        """Give up on what waited too long, and give how many conversations that were."""
        overdue = await self.handoffs.overdue()
        for conversation_id, language, case_id in overdue:
            key = "queue_expired" if case_id else "queue_expired_without_case"
            text = say(language or self.default_language, key, case=case_id)
            if await self.handoffs.give_up_waiting(conversation_id, text, "expired"):
                self.live.changed(conversation_id)
                self.live.wake_senders()
                _log.info("handoff.expired", conversation=str(conversation_id))
        return len(overdue)


async def unasked(  # noqa: PLR0913, PLR0917 - what a record is made of
    conversation: Conversation,
    case: Case,
    trigger: Trigger,
    store: Handoffs,
    inbox: Inbox,
    now: datetime,
    service: Service,
) -> Handoff:
    """Put together the record of a person being needed though no turn asked for one."""
    occasion = Occasion(
        request=HandoffRequest(trigger=trigger, case_id=case.id, case_type=case.type, goal=case.goal),
        conversation=conversation,
        now=now,
        is_anybody_online=False,
        idempotency_key=f"{conversation.id}:{trigger.value}:{case.id}",
        priority=case.priority,
        language=conversation.language or "es",
    )
    return await prepare(occasion, store, await inbox.tracker_events(conversation.id), service)


async def takeover(
    conversation: Conversation, case: Case | None, store: Handoffs, inbox: Inbox, now: datetime, service: Service
) -> Handoff:
    """Put together the record of somebody taking over unasked, about a case where there is one."""
    request = HandoffRequest(
        trigger=Trigger.AGENT_TAKEOVER,
        case_id=case.id if case else "",
        case_type=case.type if case else "other",
        goal=case.goal if case else None,
    )
    occasion = Occasion(
        request=request,
        conversation=conversation,
        now=now,
        is_anybody_online=True,
        idempotency_key=f"{conversation.id}:takeover:{conversation.control_version}",
        priority=case.priority if case else Priority(),
        language=conversation.language or "es",
    )
    return await prepare(occasion, store, await inbox.tracker_events(conversation.id), service)
