"""What administrators see to: accounts, and how the channels do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from relevo.contracts.accounts import AgentAccount, AgentPowers
from relevo.contracts.password_links import PasswordLinks


class StaffMember(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in, as administrators see them."""

    id: int
    email: str
    name: str
    role: str
    limits: Mapping[str, int]
    languages: tuple[str, ...]
    is_away: bool
    seen_at: datetime | None
    business_ref: str | None
    queues: tuple[str, ...]
    """None named: all but the supervisors'."""
    skills: tuple[str, ...]
    capacity: int


class ChannelHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one channel does."""

    channel: str
    received_in_hour: int
    sent_in_hour: int
    failed_in_hour: int
    """Refused or unconfirmed."""
    queued: int
    oldest_queued_at: datetime | None
    last_problem: str | None
    last_problem_at: datetime | None
    last_in_at: datetime | None
    """Among the newest messages of all channels."""
    last_out_at: datetime | None
    """Likewise; when it got through."""
    turned_away_in_hour: int
    """What its door, or its platform's webhooks, refused."""
    is_configured: bool
    delayed_until: datetime | None = None
    """When its platform takes again what waits for that."""
    delayed_why: str | None = None


class ShownSetting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the business decides in a file, for reading."""

    name: str
    value: str
    file: str


class Admin(Protocol):
    """Accounts, the links with which their passwords are set, and channels."""

    links: PasswordLinks

    async def staff(self) -> list[StaffMember]:
        """Give everybody who may sign in, by name."""
        ...

    async def add(self, email: str, name: str, role: str, password_hash: str, powers: AgentPowers) -> AgentAccount:
        """Make an account; raises Conflict where there is one."""
        ...

    async def change(self, agent_id: int, name: str, role: str, powers: AgentPowers) -> tuple[StaffMember, StaffMember]:
        """Change an account, and give how it was and is. Raises NotFound, Conflict for the last administrator."""
        ...

    async def remove(self, agent_id: int) -> StaffMember:
        """Take an account away. Raises NotFound, Conflict for the last administrator."""
        ...

    async def channels(self, configured: Sequence[str]) -> list[ChannelHealth]:
        """Tell how each channel does that is configured, or that something came or went on."""
        ...
