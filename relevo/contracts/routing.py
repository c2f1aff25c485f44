"""Waiting conversations on their way to a person: who may take them, whom they are offered to, who decides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.domain.conversations import Control
from relevo.domain.routing import Offer, Rules


class QueueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation in line, as the desk shows it and as the contact is told about it."""

    conversation_id: UUID
    control_version: int
    queue: str
    language: str | None
    channel: str
    contact_name: str | None
    address: str
    case_id: str | None
    case_type: str
    goal: str | None
    trigger: str
    score: int
    priority: str
    since: datetime
    expires_at: datetime
    offered_to: int | None = None
    offered_to_name: str | None = None
    seconds_left: float | None = None
    """Of its offer."""
    told_place: int | None = None
    told_wait_seconds: int | None = None
    told_at: datetime | None = None


class HeldConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that a member of the team has."""

    conversation_id: UUID
    control: Control
    control_version: int
    contact_name: str | None
    address: str
    updated_at: datetime


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the team, with what they see to just now."""

    id: int
    name: str
    role: str
    queues: tuple[str, ...]
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    capacity: int
    load: int
    """Conversations that they have or are offered."""
    is_online: bool
    """Whether their desk was heard of lately; they may be away all the same."""
    is_away: bool
    seen_at: datetime | None
    held: tuple[HeldConversation, ...] = ()


class Routed(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at the queues has changed."""

    offers: Sequence[Offer]
    returned: Sequence[UUID]
    """Conversations whose offer has ended without an answer."""
    moved: Sequence[UUID]
    """Conversations whose queue is no more, and that wait in another one now."""
    waiting: Collection[UUID]
    """Conversations that waited when it looked, those that it offered among them."""
    next_at_seconds: float | None
    """In how long an offer ends or a round begins, where one does."""

    @property
    def touched(self) -> set[UUID]:
        """Conversations that pages must look at again."""
        return {*self.returned, *self.moved, *(offer.conversation_id for offer in self.offers)}


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How conversations are offered."""

    rules: Rules
    offer_seconds: float
    presence_seconds: float
    queue_seconds: int
    """How long one waits that was requested while nobody was there, from when somebody is."""
    here_now: Callable[[str | None], str]
    """What its contact is told, by language."""


class Routing(Protocol):
    """Offers and what becomes of them; each method is one transaction."""

    async def route(self, manner: Manner) -> Routed:
        """End offers that ran out or whose agent has gone, and make those that can be made now.

        What waits in a queue that is no more is moved to the one that it belongs into by now.

        One process at a time, whoever else asks: so no conversation is offered to two, and nobody beyond their
        capacity.
        """
        ...

    async def accept(self, conversation_id: UUID, agent_id: int) -> int:
        """Give an agent control of what they are offered, and give the new version; raises Conflict when it is not."""
        ...

    async def decline(self, conversation_id: UUID, agent_id: int) -> None:
        """Let an offer go on to the next; raises Conflict when it has gone already."""
        ...

    async def assign(self, conversation_id: UUID, version: int, agent_id: int, by_agent_id: int) -> int:
        """Give what a colleague has, or what waits, to an agent, and give the new version.

        Raises Conflict unless it is still so at this version (what waits is given at any), NotFound.
        """
        ...

    async def welcome(self, agent_id: int) -> None:
        """Forget that somebody who was away until now was asked about what still waits."""
        ...

    async def line(self) -> list[QueueEntry]:
        """Give everything that waits, in the order in which it is served."""
        ...

    async def usual_waits(self) -> dict[str, int]:
        """Give by queue how many seconds it took lately until a person answered; no entry where too little is known."""
        ...

    async def tell(self, entry: QueueEntry, place: int, wait_seconds: int | None, text: str) -> bool:
        """Write to a contact who still waits about place and wait; False when somebody else did meanwhile."""
        ...

    async def team(self, within_seconds: float) -> list[Member]:
        """Give everybody who may sign in, by name."""
        ...
