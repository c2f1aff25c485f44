"""A person across all channels: what is known, what happened, and what was merged; each method is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.domain.cases import Case, Priority
from relevo.domain.contacts import Level
from relevo.domain.merging import Encounter, Reach
from relevo.domain.messages import Entry


class SeenOn(msgspec.Struct, frozen=True, kw_only=True):
    """One address of a contact."""

    channel: str
    address: str
    level: Level
    """As it holds now."""
    business_ref: str | None
    conversation_id: UUID | None
    updated_at: datetime | None


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Another contact who may be the same person."""

    contact_id: UUID
    display_name: str | None
    business_ref: str | None
    channels: tuple[str, ...]
    why: str
    """``same_reference`` or ``same_mail``."""


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """Two contacts, or two cases, that were made one; ``kept`` and ``merged`` are their ids as text."""

    id: int
    kept: str
    merged: str
    merged_name: str | None
    evidence: str | None
    """None for cases."""
    reason: str
    merged_by: str | None
    """The agent's name."""
    merged_at: datetime
    split_reason: str | None = None
    split_by: str | None = None
    split_at: datetime | None = None


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """One person."""

    id: UUID
    """Of the contact who is kept, also where one was asked for who was merged into it."""
    display_name: str | None
    business_ref: str | None
    """As it was proved, or as the business itself says."""
    created_at: datetime
    seen_on: tuple[SeenOn, ...]
    cases: tuple[Case, ...]
    """Open ones first, then the latest."""
    suggestions: tuple[Suggestion, ...]
    merges: tuple[Merge, ...]
    """Contacts that are merged into this one, latest first."""
    case_merges: tuple[Merge, ...]
    reach: Reach | None = None
    """The furthest of their public posts of the last 30 days."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where on a contact's timeline one is; lines before it are earlier."""

    at: datetime
    rank: int
    place: str
    number: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a contact's timeline: an entry of a conversation, an encounter, or a merge."""

    cursor: Cursor
    kind: str
    group: str
    """One of GROUPS."""
    channel: str | None
    conversation_id: UUID | None = None
    entry: Entry | None = None
    encounter: Encounter | None = None
    merge: Merge | None = None

    @property
    def at(self) -> datetime:
        """When it was."""
        return self.cursor.at


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a contact's timeline."""

    before: Cursor | None = None
    groups: tuple[str, ...] = ()
    """All where there are none."""
    channel: str | None = None
    limit: int = 50
    conversations: tuple[UUID, ...] | None = None
    """Only what was in these, beside what was in none; None: whatever there was."""
    cases: tuple[str, ...] | None = None
    """Only merges of these cases."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a timeline, oldest first, and where the part before it ends."""

    lines: tuple[Line, ...]
    earlier: Cursor | None


class Whom(msgspec.Struct, frozen=True, kw_only=True):
    """Whose an encounter is: the business's reference, with the name it has there, or an address on a channel."""

    business_ref: str | None = None
    name: str | None = None
    channel: str | None = None
    address: str | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an encounter."""

    id: int
    contact_id: UUID
    is_new: bool


class Contacts(Protocol):
    """Reading a person, and keeping what other systems recorded."""

    async def get(self, contact_id: UUID) -> ContactView:
        """Give a person; of a contact who was merged, the one who has them. Raises NotFound."""
        ...

    async def timeline(self, contact_id: UUID, wanted: Wanted) -> Page:
        """Give a part of everything of a person, by time, then by the conversation's own order. Raises NotFound."""
        ...

    async def of_case(self, case_id: str) -> UUID | None:
        """Give whose case it is, where anybody knows."""
        ...

    async def knows(self, business_ref: str) -> bool:
        """Tell whether somebody with this reference is a contact already."""
        ...

    async def record(self, encounter: Encounter, whom: Whom, agent_id: int) -> Recorded:
        """Keep an encounter once, making the contact where needed.

        Told again it may have been answered meanwhile and have travelled further; anything else raises Conflict.
        """
        ...

    async def unanswered(self, limit: int = 50) -> Sequence[tuple[str, UUID | None, int]]:
        """Give open cases whose person tried elsewhere unanswered within a day, as often as the case does not say yet.

        Each as number, conversation and how often.
        """
        ...

    async def raise_case(self, case_id: str, priority: Priority) -> None:
        """Add reasons to an open case's priority."""
        ...


class Merges(Protocol):
    """Making two contacts, or two cases, one, and two again; what was merged last is split first."""

    async def merge(self, kept: UUID, merged: UUID, agent_id: int, evidence: str, reason: str) -> int:
        """Give one contact all that another has, and give the merge's number.

        Raises NotFound, and Conflict for two different people, without the evidence, or where one was merged already.
        """
        ...

    async def split(self, kept: UUID, merge_id: int, agent_id: int, reason: str) -> UUID:
        """Put back exactly what a merge moved, and what came by those addresses since; gives the contact. As merge."""
        ...

    async def merge_cases(self, kept: str, merged: str, agent_id: int, reason: str) -> int:
        """Have an open case go on in another of the same person, with its effects, handoffs, files and conversations.

        What waits for a decision moves with it; while something is being done in either, Conflict is raised.
        """
        ...

    async def split_cases(self, kept: str, merge_id: int, agent_id: int, reason: str) -> str:
        """Put back exactly what a merge of cases moved, and give the case that was merged."""
        ...

    async def is_own(self, business_ref: str, *contacts: UUID) -> bool:
        """Tell whether one of these contacts is the person with this reference."""
        ...
