"""The clocks of handoffs as they are kept, and what agents are told in person; each method is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from relevo.domain.cases import Priority
from relevo.domain.clocks import Clocks, Event, Remark


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A handoff's clocks as they were kept, and what has happened since."""

    clocks: Clocks | None
    """None where nobody has looked yet."""
    started_at: datetime
    level: str
    """Priority at the handoff."""
    has_resolution: bool
    events: Sequence[Event]
    priority: Priority
    """Of its case, by now."""
    queue: str
    """The one it waits in, or was taken from."""


class RoundChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of it."""

    clocks: Clocks
    remarks: Sequence[Remark] = ()
    """Each is told once: a breach to supervisors and whoever has the case, a warning to whoever has it."""
    reason: Priority | None = None
    """What a breach adds to the case's priority."""


class Rounds(Protocol):
    """The clocks of handoffs."""

    async def begin(self) -> int:
        """Give every handoff that has a case its clocks, and give their number."""
        ...

    async def wanted(self, now: datetime, within: float | None = None, limit: int = 100) -> Sequence[UUID]:
        """Give handoffs whose clocks somebody must look at: a time has come, or something happened.

        ``within`` looks only at what changed within so many seconds, which is quick.
        """
        ...

    async def look(self, handoff_id: UUID, now: datetime, decide: Callable[[Round], RoundChange]) -> UUID | None:
        """Have a pure function decide what becomes of a handoff's clocks, and keep that with all that follows.

        Gives the conversation whose pages show something else now. Nothing happens where somebody else looks at them.
        """
        ...


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that one agent is told."""

    id: int
    kind: str
    """``sla_warning``, ``sla_breach``; readers accept further ones."""
    case_id: str | None
    conversation_id: UUID | None
    created_at: datetime
    read_at: datetime | None = None
    detail: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Notices(Protocol):
    """What agents are told in person."""

    async def of(self, agent_id: int, limit: int = 50) -> list[Notice]:
        """Give an agent's notices, unread and newest first."""
        ...

    async def read(self, agent_id: int, up_to: int) -> None:
        """Mark an agent's notices up to one as read."""
        ...
