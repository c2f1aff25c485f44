"""What agents do about offers: accept, decline; and supervisors: give a conversation to somebody."""

from __future__ import annotations

from uuid import UUID

import msgspec
import structlog

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.live import Live
from relevo.contracts.routing import QueueEntry
from relevo.contracts.store import Store
from relevo.domain.messages import Author, Content
from relevo.domain.queues import Queues
from relevo.domain.routing import LEADING_ROLES, TAKING_ROLES, Colleague
from relevo.errors import AccessDenied, NotFound, Unreadable
from relevo.flow.texts import say

_log = structlog.get_logger()


class OfferWork(msgspec.Struct, frozen=True, kw_only=True):
    """The verbs around offers; all refusals are sentences for the agent."""

    store: Store
    live: Live

    async def accept(self, conversation_id: UUID, agent: AgentAccount) -> None:
        """Take what one is offered; the contact hears who is here."""
        await self.store.routing.accept(conversation_id, agent.id)
        await self._introduce(conversation_id, agent.name)
        self._changed(conversation_id, "accept", agent)

    async def decline(self, conversation_id: UUID, agent: AgentAccount) -> None:
        """Let it go on to the next."""
        await self.store.routing.decline(conversation_id, agent.id)
        self._changed(conversation_id, "decline", agent)

    async def assign(self, conversation_id: UUID, version: int, to_agent_id: int, agent: AgentAccount) -> None:
        """Give what a colleague has, or what waits, to somebody, or to oneself."""
        demand_leading(agent)
        known = {one.id: one for one in await self.store.accounts.agents()}
        taker = known.get(to_agent_id)
        if taker is None:
            raise NotFound("Nobody with this number works at the desk.", code="unknown_agent")
        if taker.role not in TAKING_ROLES:
            raise Unreadable(f"{taker.name} takes no conversations; choose somebody else.", code="takes_none")
        await self.store.routing.assign(conversation_id, version, taker.id, agent.id)
        await self._introduce(conversation_id, taker.name)
        self._changed(conversation_id, "assign", agent)

    async def arrived(self, agent: AgentAccount, *, is_away: bool | None, presence_seconds: float) -> None:
        """Note that somebody is here, and look at once whether something can be offered to them, or no more."""
        was_absent = await self.store.accounts.seen(agent.id, is_away=is_away, absent_seconds=presence_seconds)
        if was_absent and not is_away:
            await self.store.routing.welcome(agent.id)
        if was_absent or is_away is not None:
            self.live.changed(None)
            self.live.wake_routers()

    async def _introduce(self, conversation_id: UUID, name: str) -> None:
        conversation = await self.store.conversations.get(conversation_id)
        here = say(conversation.language, "agent_here", name=name)
        await self.store.conversations.say(conversation_id, Author.SYSTEM, Content(text=here))
        self.live.wake_senders()

    def _changed(self, conversation_id: UUID, verb: str, agent: AgentAccount) -> None:
        self.live.changed(conversation_id)
        self.live.wake_routers()
        _log.info("desk", verb=verb, agent=agent.id, conversation=str(conversation_id))


def demand_leading(agent: AgentAccount) -> None:
    """Raise AccessDenied for whoever does not lead."""
    if agent.role not in LEADING_ROLES:
        raise AccessDenied("Supervisors see the team and give conversations to somebody.", code="not_leading")


def may_take(entry: QueueEntry, agent: AgentAccount, queues: Queues) -> bool:
    """Tell whether a waiting conversation is shown to an agent; who leads sees all of them."""
    taker = Colleague(id=agent.id, role=agent.role, queues=agent.duty.queues)
    return agent.role in LEADING_ROLES or entry.offered_to == agent.id or taker.serves(queues.get(entry.queue))
