"""What tests of handoffs have agents do: be online, take over, hand back; and what is kept of it."""

from __future__ import annotations

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.clock import system_clock
from relevo.domain.conversations import Conversation
from relevo.domain.handoff import Episode, Handback
from relevo.flow.record import handback_record
from tests.integration.talking import Customer, Floor

ASKED = "quiero hablar con una persona"


async def agent_online(floor: Floor, name: str = "Sara Molina") -> AgentAccount:
    """Give an agent whose desk is open."""
    accounts = floor.opened.store.accounts
    agent = await accounts.add_agent(f"{name.split(maxsplit=1)[0].lower()}@aurora.example", name, "agent", "no hash")
    await accounts.seen(agent.id)
    return agent


async def conversation_of(floor: Floor, customer: Customer) -> Conversation:
    """Give a customer's conversation as it is now."""
    found = await floor.opened.store.conversations.find("rest", customer.address)
    assert found is not None
    return found


async def episodes_of(floor: Floor, customer: Customer) -> list[Episode]:
    """Give a customer's handoffs, newest first."""
    return await floor.opened.store.desk.episodes((await conversation_of(floor, customer)).id)


async def takes(floor: Floor, agent: AgentAccount, customer: Customer) -> Conversation:
    """Have an agent take over."""
    conversation = await conversation_of(floor, customer)
    await floor.opened.store.handoffs.take_over(conversation.id, conversation.control_version, agent.id, None)
    return await conversation_of(floor, customer)


async def hands_back(floor: Floor, agent: AgentAccount, customer: Customer, handback: Handback) -> None:
    """Have an agent give the conversation back."""
    conversation = await conversation_of(floor, customer)
    record = handback_record(handback, handoff_id=None, ended_at=system_clock())
    await floor.opened.store.handoffs.hand_back(conversation.id, conversation.control_version, agent.id, record)
