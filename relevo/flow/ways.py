"""On which channels one person may be written to now, and why not on the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.mail import EMAIL
from relevo.domain.conversations import Control, Conversation
from relevo.flow.sight import Eyes


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One conversation of a person, and whether this agent may write there now."""

    conversation_id: UUID
    channel: str
    address: str
    may_write: bool
    why_not: str | None
    """``mail_is_one_way``, ``with_a_colleague`` or ``not_yours``: take it over there first."""


async def ways_to(eyes: Eyes, conversation_id: UUID, agent: AgentAccount) -> Sequence[Way]:
    """Give a person's conversations that are seen, this one first; raises NotFound."""
    store = eyes.store
    here = await store.conversations.get(conversation_id)
    others = await store.composer.desktop.conversations_of(conversation_id)
    found = [here, *await eyes.conversations([await store.conversations.get(each) for each in others])]
    return [_way(each, agent) for each in found]


def _way(conversation: Conversation, agent: AgentAccount) -> Way:
    why_not = _why_not(conversation, agent)
    return Way(
        conversation_id=conversation.id,
        channel=conversation.channel,
        address=conversation.identity.address,
        may_write=why_not is None,
        why_not=why_not,
    )


def _why_not(conversation: Conversation, agent: AgentAccount) -> str | None:
    if conversation.channel == EMAIL:
        return "mail_is_one_way"
    if conversation.control is Control.AGENT:
        return None if conversation.agent_id == agent.id else "with_a_colleague"
    return "not_yours"
