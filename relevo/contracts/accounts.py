"""Agents and their sessions, and how often somebody may do something."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is offered."""

    queues: tuple[str, ...] = ()
    """None named: all but the supervisors'."""
    skills: tuple[str, ...] = ()
    capacity: int = 3
    """How many conversations at once."""


class AgentAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A person who may sign in at the desk."""

    id: int
    email: str
    name: str
    role: str
    password_hash: str
    limits: Mapping[str, int] = msgspec.field(default_factory=dict)
    """How much they may approve, by measure (``money`` in minor units, ``points``); no entry: nothing."""
    business_ref: str | None = None
    """The agent as the business's own contact."""
    is_away: bool = False
    languages: tuple[str, ...] = ()
    duty: Duty = Duty()


class AgentPowers(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent may do and for whom."""

    limits: Mapping[str, int] = msgspec.field(default_factory=dict)
    languages: tuple[str, ...] = ()
    business_ref: str | None = None
    duty: Duty = Duty()


NO_POWERS = AgentPowers()


class Accounts(Protocol):
    """Agents and their sessions, of whose tokens only hashes are kept, and limits across processes."""

    async def add_agent(
        self, email: str, name: str, role: str, password_hash: str, powers: AgentPowers = NO_POWERS
    ) -> AgentAccount:
        """Make or replace an agent's account by e-mail."""
        ...

    async def remove_agent(self, email: str) -> AgentAccount | None:
        """Take an agent's account away and sign them out; what they did keeps their name."""
        ...

    async def seen(self, agent_id: int, *, is_away: bool | None = None, absent_seconds: float = 45.0) -> bool:
        """Note that an agent is at the desk just now and, where it is given, whether they take conversations.

        Gives whether they were away until now, or not heard of for ``absent_seconds``.
        """
        ...

    async def agent(self, email: str) -> AgentAccount | None:
        """Give an agent by e-mail."""
        ...

    async def agents(self) -> list[AgentAccount]:
        """Give everybody who may sign in, by name."""
        ...

    async def open_session(self, agent_id: int, token_hash: bytes, expires_at: datetime) -> None:
        """Keep a signed-in session."""
        ...

    async def session(self, token_hash: bytes) -> AgentAccount | None:
        """Give the agent of a session that has not expired."""
        ...

    async def close_session(self, token_hash: bytes) -> None:
        """End a session."""
        ...

    async def take(self, bucket: str, capacity: int, per_seconds: float) -> float:
        """Take one token from a rate-limit bucket: 0.0 when allowed, else seconds until it is."""
        ...
