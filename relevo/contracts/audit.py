"""What was changed at the desk: by whom, from where, what it was before and is now. Only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    """One change, or one try that was refused. Holds ids and states; nothing that a contact is or wrote."""

    operation: str
    status: int
    address: str
    """Network address that it came from."""
    agent_id: int | None = None
    agent_name: str | None = None
    role: str | None = None
    token_id: int | None = None
    """The token that was used, where a program did it."""
    target: str | None = None
    code: str | None = None
    """Why it was refused."""
    request: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    id: int = 0
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditFilter:
    """Which entries are wanted; what is None does not matter."""

    agent_id: int | None = None
    operation: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditLog(Protocol):
    """The log itself."""

    async def write(self, entry: AuditEntry) -> None:
        """Add an entry."""
        ...

    async def read(self, wanted: AuditFilter, before_id: int | None, limit: int) -> list[AuditEntry]:
        """Give entries, newest first, older than the one with this id where one is given."""
        ...
