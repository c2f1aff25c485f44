"""What a messaging platform tells us: kept as it came, so that its webhook is answered at once, and read afterwards.

    door ─► verified, each event kept once, 200 ─► flow/intake: read, files fetched ─► inbox, receipts, posts

A channel of this kind is a Platform beside being a Channel: it knows what its events mean and asks nobody's database.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.domain.handoff import Handoff
from relevo.domain.posts import Post


class PlatformEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it came: its sender is proven, its meaning not yet known."""

    channel: str
    key: str
    """Unique per channel: the same key is the same event, however often and by whatever way it comes."""
    lane: str
    """What must be read in order: the contact's address, or "" where order means nothing."""
    kind: str
    """The platform's own word."""
    body: bytes
    """This event alone, as JSON."""
    order: int = 0
    """What is less is read first within a lane, where the platform says so; what is equal, as it came."""


class RemoteFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the platform keeps for us to fetch."""

    reference: str
    """What the channel needs to fetch it; of no meaning to anybody else."""
    name: str
    claimed_mime: str = "application/octet-stream"


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A contact wrote."""

    address: str
    message_id: str
    text: str
    written_at: datetime
    files: tuple[RemoteFile, ...] = ()
    name: str | None = None
    """What the contact calls themselves there: never proof of anything."""
    payload: str | None = None
    """What a chosen button carries, where the platform gives it back."""
    transport: str | None = None
    """By which of the platform's ways it came; answers go back by the same."""


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """A contact changed what they wrote before."""

    address: str
    message_id: str
    of: str
    """The message that it changes."""
    text: str
    written_at: datetime


class Echo(msgspec.Struct, frozen=True, kw_only=True):
    """Our own account's message: one that we sent, or one that somebody wrote in the platform's own app."""

    address: str
    message_id: str
    text: str
    sent_at: datetime


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A contact has read up to here."""

    address: str
    up_to: str
    """A message id of ours."""


class Typing(msgspec.Struct, frozen=True, kw_only=True):
    """A contact writes right now."""

    address: str


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wrote about us where everybody reads it."""

    post: Post


class Unposted(msgspec.Struct, frozen=True, kw_only=True):
    """A post is gone, and must be gone here too."""

    post_id: str


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """The platform lets us no longer speak for the account."""

    account_id: str


Heard = Written | Corrected | Echo | Seen | Typing | Posted | Unposted | Revoked


class Platform(Protocol):
    """Reads one platform's events."""

    name: str

    async def read(self, event: PlatformEvent) -> Sequence[Heard]:
        """Say what an event means; nothing for kinds that mean nothing here.

        Raises PlatformAway where something is needed that cannot be had right now, and Unreadable where it never will.
        """
        ...

    async def fetch(self, file: RemoteFile) -> bytes:
        """Get a file's bytes. Raises PlatformAway, Unreadable (it is not there) or TooLarge."""
        ...


class ClaimedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event in one process's hands; only its token may end it."""

    id: int
    token: UUID
    attempts: int
    event: PlatformEvent
    received_at: datetime


class PlatformEvents(Protocol):
    """Events between the door and their meaning."""

    async def keep(self, events: Sequence[PlatformEvent]) -> int:
        """Keep a batch, all or nothing, and give how many of them were new."""
        ...

    async def claim(self, channels: Sequence[str], limit: int) -> list[ClaimedEvent]:
        """Take the heads of free lanes, oldest first."""
        ...

    async def settle(self, claimed: ClaimedEvent) -> None:
        """End it: its meaning is kept elsewhere, and its body is forgotten. Raises LeaseLost."""
        ...

    async def defer(self, claimed: ClaimedEvent, until: datetime, *, counts: bool = True) -> None:
        """Read it again at that time; its lane waits. Raises LeaseLost."""
        ...

    async def bury(self, claimed: ClaimedEvent, reason: str) -> None:
        """Give it up: it stays to be looked at and replayed, and its lane goes on. Raises LeaseLost."""
        ...

    async def given_up(self, channel: str) -> int:
        """Count what was given up and not replayed."""
        ...

    async def replay(self, event_id: int | None) -> int:
        """Have one that was given up read again, or every one of them, and give their number."""
        ...

    async def forget_old(self, seconds: float, most: int) -> int:
        """Delete what ended so long ago, and whatever has ended beyond so many."""
        ...


REVOKED = "revoked"
"""Mark of a platform that lets us no longer speak for an account, whose id is its value."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What hosts share about a platform under one name."""

    value: str | None
    marked_at: datetime


class PlatformMarks(Protocol):
    """How far a platform was asked and when, and how it stands with it: the same for all hosts."""

    async def turn(self, channel: str, name: str, every_seconds: float) -> Mark | None:
        """Take a turn, where no host has taken one within so long: the mark as it was before, which is marked now.

        None where it is not time; of several hosts at once, one gets it. The first time it is as old as can be.
        """
        ...

    async def put(self, channel: str, name: str, value: str | None) -> None:
        """Keep a value."""
        ...

    async def get(self, channel: str, name: str) -> Mark | None:
        """Give a mark; None where there is none."""
        ...


class Elsewhere(Protocol):
    """What our own people write and contacts read in a platform's own app."""

    async def meet(self, channel: str, address: str) -> None:
        """Make contact and conversation of an address where they are missing."""
        ...

    async def named(self, conversation_id: UUID, name: str) -> None:
        """Have a contact shown by a name of their own, as long as nobody knows a better one."""
        ...

    async def written(self, channel: str, echo: Echo, handoff: Handoff | None) -> bool:
        """Put an agent's words on the timeline; False where they are there already.

        With a handoff the bot's control passes to the queue, and nobody is told to wait there; a later one prolongs it.
        """
        ...

    async def position_of(self, conversation_id: UUID, message_id: str) -> int | None:
        """Give where a message stands on a timeline by the platform's id."""
        ...
