"""Has a person see to somebody whom the bot answered in vain: their platform refuses it, or nobody knows."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import structlog

from relevo.contracts.channel import Delivery
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.store import Store
from relevo.domain.cases import Priority, Trigger
from relevo.domain.handoff import HandoffRequest
from relevo.domain.messages import Author
from relevo.domain.service import Service
from relevo.flow.handoff import count_handoff, prepare
from relevo.flow.record import Occasion

_log = structlog.get_logger()


class Unreachable(msgspec.Struct, frozen=True, kw_only=True):
    """The verb, for channels on which people are talked to."""

    store: Store
    live: Live
    channels: Collection[str]
    service: Service = msgspec.field(default_factory=Service)
    default_language: str = "es"
    clock: Clock = system_clock

    async def answered_in_vain(self, delivery: Delivery, reason: str) -> None:
        """Have a conversation of the bot's offered to whoever can take it, once for each answer that ends badly."""
        if delivery.channel not in self.channels or delivery.author is Author.AGENT:
            return  # an agent sees it beside what they wrote
        conversation = await self.store.conversations.get(delivery.conversation_id)
        cases = await self.store.desk.cases_of(conversation.id)
        case = next((each for each in cases if each.is_open), None)
        occasion = Occasion(
            request=HandoffRequest(
                trigger=Trigger.UNREACHABLE,
                case_id=case.id if case else "",
                case_type=case.type if case else "other",
                goal=case.goal if case else None,
            ),
            conversation=conversation,
            now=self.clock(),
            is_anybody_online=False,
            idempotency_key=f"{conversation.id}:{Trigger.UNREACHABLE.value}:{delivery.id}",
            priority=case.priority if case else Priority(),
            error=reason,
            language=conversation.language or self.default_language,
        )
        events = await self.store.inbox.tracker_events(conversation.id)
        handoff = await prepare(occasion, self.store.handoffs, events, self.service)
        if await self.store.handoffs.request(conversation.id, handoff):
            self.live.wake_routers()
            count_handoff(handoff, conversation)
            _log.warning("unreachable", conversation=str(conversation.id), channel=delivery.channel)
