"""What agents keep about cases among themselves, and the list that they work from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from relevo.domain.cases import Case
from relevo.domain.sight import Outlook, Sight
from relevo.domain.worklist import CaseQuery, Place


class CasePage(msgspec.Struct, frozen=True, kw_only=True):
    """Some cases of a list in their order, and the place behind the last where there are more."""

    cases: Sequence[Case]
    after: Place | None


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A word that agents put on cases."""

    name: str
    colour: str
    is_retired: bool = False
    """Whether it is put on no further case."""


class SavedView(msgspec.Struct, frozen=True, kw_only=True):
    """A list that an agent keeps."""

    id: int
    name: str
    query: Mapping[str, Any]


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent sees beside cases."""

    unread: frozenset[str]
    """Those whose conversations grew since this agent looked."""
    tags: Mapping[str, Sequence[Tag]]
    followed: frozenset[str]
    snoozed: Mapping[str, datetime]
    """Until when those are out of the way that are so now."""
    follows: int
    """How many cases this agent follows, also those that are not here."""
    views: Sequence[SavedView]
    """What this agent keeps, by name."""


class CaseChange(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did to a case among colleagues."""

    case_id: str
    what: str
    """``assigned``, ``tags``, ``snoozed``, ``followed``, ``priority``, ``promised`` or ``closed``."""
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    agent_id: int | None
    agent_name: str | None = None
    id: int = 0
    at: datetime | None = None


class Worklist(Protocol):
    """The list, and what agents keep about its cases."""

    async def page(self, query: CaseQuery, after: Place | None, until: Place | None, limit: int) -> CasePage:
        """Give what comes after a place, at most so much and up to another place; changes lose and double nothing."""
        ...

    async def ids(self, query: CaseQuery, limit: int) -> Sequence[str]:
        """Give the numbers of the first cases of a list."""
        ...

    async def triggers(self, case_ids: Sequence[str]) -> Mapping[str, str]:
        """Give why each of these cases was opened."""
        ...

    async def counts(self, sight: Sight | Outlook | None = None) -> Mapping[int | None, Mapping[str, int]]:
        """Count open cases by agent and view."""
        ...

    async def marks(self, agent_id: int, case_ids: Sequence[str], sight: Sight | None = None) -> Marks:
        """Give what an agent sees beside these cases."""
        ...

    async def look(self, agent_id: int, conversation_id: UUID, position: int) -> None:
        """Keep how far an agent has read; an earlier position changes nothing. Raises NotFound."""
        ...

    async def choices(self, sight: Sight | Outlook | None = None) -> Mapping[str, Sequence[str]]:
        """Give the channels, languages and types that open cases have."""
        ...

    async def tags(self) -> Sequence[Tag]:
        """Give the known tags."""
        ...

    async def set_tag(self, tag: Tag) -> None:
        """Know a tag, or give it another colour."""
        ...

    async def drop_tag(self, name: str) -> None:
        """Forget a tag, and take it off every case. Raises NotFound."""
        ...

    async def changes(self, case_ids: Sequence[str], limit: int = 200) -> list[CaseChange]:
        """Give the newest of what people did to some cases, oldest first."""
        ...

    async def tag(self, case_id: str, agent_id: int, add: Sequence[str], remove: Sequence[str]) -> CaseChange | None:
        """Put tags on a case and take others off it; unknown ones become known.

        Raises NotFound, and Conflict for a tag that is no longer given. Like each that follows it gives what changed,
        None where it was so before, and keeps it with who did it.
        """
        ...

    async def snooze(self, case_id: str, agent_id: int, until: datetime | None) -> CaseChange | None:
        """Put an open case out of the way until a time or the contact's next message; None: bring it back.

        Raises NotFound, and Conflict for a case that is closed.
        """
        ...

    async def follow(self, case_id: str, agent_id: int, *, follows: bool) -> CaseChange | None:
        """Follow a case, or no longer. Raises NotFound."""
        ...

    async def assign(self, case_id: str, agent_id: int, to: int | None) -> CaseChange | None:
        """Say who sees to an open case; None: nobody. Raises NotFound, and Conflict for a case that is closed."""
        ...

    async def views(self, agent_id: int) -> Sequence[SavedView]:
        """Give the views that an agent keeps, by name."""
        ...

    async def save_view(self, agent_id: int, name: str, query: Mapping[str, Any]) -> SavedView:
        """Keep a view; the same name again replaces it. Raises Conflict for too many."""
        ...

    async def drop_view(self, agent_id: int, view_id: int) -> None:
        """Forget one's own view. Raises NotFound."""
        ...
