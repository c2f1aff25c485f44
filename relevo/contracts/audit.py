"""What was changed at the desk: by whom, from where, what it was before and is now. Only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

COMMAND_LINE = "command line"
"""Who did it, where nobody signed in."""
BESIDE_THE_API = ("sign_in", "sign_out", "ask_password_link", "set_password")
COMMANDS = ("agent_add", "agent_remove", "contact_erase", "contact_export", "demo_load", "demo_reset", "replay")
RETENTION = "audit_retention"
"""That old entries ended; how many stands in it."""
OTHER_OPERATIONS = (*BESIDE_THE_API, *COMMANDS, RETENTION)
"""What is written down that is no operation of the API."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
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
    request: Mapping[str, Any] = msgspec.field(default_factory=dict)
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    id: int = 0
    at: datetime | None = None


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are wanted; what is None does not matter."""

    agent_id: int | None = None
    by_command: bool = False
    """Only what commands did."""
    operation: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may have done something, now or once."""

    id: int
    name: str
    is_program: bool
    is_gone: bool


class AuditLog(Protocol):
    """The log itself."""

    async def write(self, *entries: AuditEntry) -> None:
        """Add entries, all or none."""
        ...

    async def authors(self) -> list[Author]:
        """Give everybody who may have done something, by name: people and programs, also those who are gone."""
        ...

    async def end_old(self, days: int) -> int:
        """End entries that are older, and give their number; what shows that data was handed out or erased stays.

        That it was done is an entry of its own.
        """
        ...

    async def read(self, wanted: AuditFilter, before_id: int | None, limit: int) -> list[AuditEntry]:
        """Give entries, newest first, older than the one with this id where one is given."""
        ...
