"""What one agent may see: what is in their queues, what is or was theirs, and what they need beside it.

A conversation and a case are in the queue of their newest handoff; what was never handed off is in the queue that
would be chosen for it now. Said to PostgreSQL in store/sight.py, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from relevo.domain.queues import Queues
from relevo.domain.roles import AGENT

OWN_QUEUES, ALL = "own_queues", "all"
AGENTS_SEE = (OWN_QUEUES, ALL)
"""What ``desk.agents_see`` may say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """Where an agent's sight ends; whoever has none sees everything."""

    agent_id: int
    queues: tuple[str, ...]
    rules: Queues = field(default_factory=Queues, hash=False)
    """By what a queue is chosen for what was never handed off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What somebody sees of the open cases: equal for all who see the same, whoever they are."""

    queues: frozenset[str]
    beside: frozenset[str] = frozenset()
    """Open cases in other queues that they see all the same."""
    rules: Queues = field(default_factory=Queues, hash=False)


def sight_of(agent_id: int, role: str, queues: Sequence[str], *, rules: Queues, agents_see: str) -> Sight | None:
    """Give where somebody's sight ends: only an agent's does, whose account names queues; None: nowhere."""
    if role != AGENT or not queues or agents_see == ALL:
        return None
    return Sight(agent_id=agent_id, queues=tuple(queues), rules=rules)
