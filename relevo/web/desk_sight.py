"""Whose eyes the desk's doors and pages look with."""

from __future__ import annotations

from relevo.contracts.accounts import AgentAccount
from relevo.domain.sight import sight_of
from relevo.flow.sight import Eyes
from relevo.web.services import WebServices


def eyes_of(services: WebServices, agent: AgentAccount) -> Eyes:
    """Give an agent's eyes."""
    service = services.service
    sight = sight_of(agent.id, agent.role, agent.duty.queues, rules=service.queues, agents_see=service.agents_see)
    return Eyes(store=services.store, sight=sight)
