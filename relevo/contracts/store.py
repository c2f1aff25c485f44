"""What must last: each method is one transaction, and is written for what the flow needs at that moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.contracts.accounts import Accounts
from relevo.contracts.admin import Admin
from relevo.contracts.api_access import Answers, Tokens
from relevo.contracts.attachments import Attachments, KeptFor
from relevo.contracts.audit import AuditLog
from relevo.contracts.bots import Bots
from relevo.contracts.channel import Delivery
from relevo.contracts.channel_log import Exchanges
from relevo.contracts.composer import Composer
from relevo.contracts.contacts import Contacts, Merges
from relevo.contracts.conversations import Conversations
from relevo.contracts.deliveries import Deliveries
from relevo.contracts.desk import Approvals, CaseWork, Desk, Handoffs
from relevo.contracts.desk_settings import DeskSettings
from relevo.contracts.platform import Elsewhere, PlatformEvents, PlatformMarks
from relevo.contracts.posts import WatchedPosts
from relevo.contracts.ratings import Ratings
from relevo.contracts.reports import Reports
from relevo.contracts.routing import Routing
from relevo.contracts.search import Search
from relevo.contracts.sight import Sights
from relevo.contracts.sla import Notices, Rounds
from relevo.contracts.tags import Tags
from relevo.contracts.teaching import Teachings
from relevo.contracts.visits import Chats, Visits
from relevo.contracts.webhooks import Webhooks
from relevo.contracts.worklist import Worklist
from relevo.domain.cases import CaseContact, CaseRequest
from relevo.domain.contacts import Level
from relevo.domain.conversations import Conversation
from relevo.domain.effects import EffectOrder, EffectResult, EffectState
from relevo.domain.handoff import Handback, Handoff
from relevo.domain.messages import Arrival, Author, Content, Entry
from relevo.domain.ratings import Rating


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an arrival."""

    inbox_id: int
    conversation_id: UUID
    position: int
    is_new: bool
    """False when the same message had arrived before."""
    is_settled: bool
    home: str | None = None
    """The bot that a new message is for, for a moment: it answered last."""
    is_told: bool = False
    """Whether bots have been told of it already."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """An inbox row in one worker's hands; only its token may settle, defer or bury it."""

    inbox_id: int
    token: UUID
    attempts: int
    arrival: Arrival
    received_at: datetime
    conversation: Conversation
    handback: Handback | None = None
    """Set when nobody wrote: a person hands back, and the bot opens with what was decided."""
    bot: str | None = None
    """Who took it, where that one has a name."""


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn learned about who writes."""

    level: Level
    business_ref: str | None
    verified_until: datetime | None
    failed_tries: int
    name: str | None = None
    """The person's name in the business's files, shown at the desk."""
    facts: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The facts that proved it, by kind; empty leaves those that are known."""


class TurnOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one turn writes, at once."""

    messages: tuple[Content, ...] = ()
    author: Author = Author.BOT
    tracker_events: tuple[bytes, ...] = ()
    language: str | None = None
    verification: Verification | None = None
    cases: tuple[CaseRequest, ...] = ()
    contacts: tuple[CaseContact, ...] = ()
    """Cases that were open already and that the contact came about again."""
    handoff: Handoff | None = None
    """Passes control with the turn's own words; dropped when a person has control by now."""
    is_kept: bool = False
    """Left to the person who has control; raises LeaseLost when nobody has by now, so that the bot answers it."""
    taken_back: str | None = None
    """What is said when a contact who waits for a person goes on with the bot; control passes with it."""
    effects: tuple[EffectResult, ...] = ()
    """Named on the timeline, whoever holds control by now."""
    kept_attachments: tuple[KeptFor, ...] = ()
    rating: Rating | None = None
    """What was heard about the question of how it was, or that the question is over."""
    dead_letter: str | None = None
    """Why the bot gave the message up, for the desk and ``relevo replay``; None when it was answered."""


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn's commit found."""

    tracker_version: int
    was_drafted: bool
    """Whether control had been taken from the bot meanwhile, so that its words were kept as a draft."""
    has_next: bool = False
    """Whether the conversation has another message waiting, free to be claimed now."""
    is_told: bool = False
    """Whether pages, callers and senders have been told of it already."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the bot gave up and a person got."""

    inbox_id: int
    channel: str
    conversation_id: UUID
    received_at: datetime
    attempts: int
    reason: str


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """How much waits in the inbox; a lane is overdue when its head waits longer than anybody should."""

    waiting: int
    overdue_lanes: int
    oldest_at: datetime | None
    dead: int


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact hears in answer to one message, and what else was not delivered before it."""

    entries: tuple[Entry, ...]
    last_position: int


class Inbox(Protocol):
    """What came in and must be handled, in order within a conversation."""

    async def receive(self, arrivals: Sequence[Arrival]) -> list[Received]:
        """Keep messages and put them on their timelines, making contact and conversation where needed.

        Idempotent by (channel, external id); raises Conflict when the same id came with other words or attachments.
        """
        ...

    async def claim(self, limit: int, bot: str | None = None) -> list[Claim]:
        """Take the heads of free lanes, at most one per conversation; not what is left to other bots.

        Who has waited longest since they were last served is first.
        """
        ...

    async def leave(self, claim: Claim, bots: Sequence[str], seconds: float) -> None:
        """Give a row back as if never taken, for these bots alone for so long. Raises LeaseLost."""
        ...

    async def release(self, claims: Sequence[Claim]) -> None:
        """Give rows back as if never taken; those that are ours no more stay as they are."""
        ...

    async def renew(self, claims: Sequence[Claim]) -> None:
        """Prolong leases that are still ours."""
        ...

    async def defer(self, claim: Claim, seconds: float) -> None:
        """Give a row back, to be tried again later; it keeps its place. Raises LeaseLost."""
        ...

    async def settle(self, claim: Claim, outcome: TurnOutcome) -> Committed:
        """End the turn: everything in one transaction. Raises LeaseLost, and then nothing was written."""
        ...

    async def reply(self, inbox_id: int) -> Reply | None:
        """Give what a contact hears for a message and mark it as delivered; None while its turn is not over."""
        ...

    async def abandoned(self, silence_seconds: float, queueing_seconds: float | None = None) -> list[Claim]:
        """Take messages that no bot has taken for so long, or has never begun, to be settled without one."""
        ...

    async def tracker_events(self, conversation_id: UUID) -> Sequence[bytes]:
        """Give a conversation's committed tracker events: a JSON array for each turn, oldest first."""
        ...

    async def backlog(self, overdue_seconds: float) -> Backlog:
        """Count what waits; a lane is overdue when its head has waited for so long."""
        ...

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Give the messages that were given up, newest first."""
        ...

    async def replay(self, inbox_id: int | None) -> int:
        """Have a given-up message answered again, or every one of them, and give their number."""
        ...


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """Where an effect was asked for, and what its verdict counted on."""

    conversation_id: UUID
    window_days: int | None = None
    """Window of the policy's cumulative limit; None where it has none."""
    spent: int = 0
    """What the verdict took as spent within it."""
    expires_at: datetime | None = None
    """Until when a person may approve it."""


class Effects(Protocol):
    """Intents and results; each committed by itself, so that a crash between them is seen."""

    async def intend(self, order: EffectOrder, state: EffectState, rule: str, intent: Intent) -> EffectResult | None:
        """Record the intent; gives what is recorded already when the key is known, else None.

        One that a person approved and that has no result yet counts as prepared: it is done for them, not for the turn.
        Raises StaleVerdict when the person's other effects of the kind now sum to something else than was judged with.
        """
        ...

    async def begun(self, key: str) -> EffectOrder:
        """Give the order of an effect that is recorded: what was begun is ended as it was allowed."""
        ...

    async def spent(self, kind: str, business_ref: str, days: int) -> int:
        """Sum what was done, or may have been, for a person by effects of this kind within so many days."""
        ...

    async def conclude(self, result: EffectResult) -> None:
        """Record what became of an intended effect; a done effect stays as it is."""
        ...

    async def next_case_id(self) -> str:
        """Give out a case number that nobody else gets."""
        ...


class Outbox(Protocol):
    """What must go out, in order within a conversation."""

    async def claim(self, channels: Sequence[str], limit: int) -> list[tuple[Delivery, UUID]]:
        """Take the heads of free lanes with the lease token of each."""
        ...

    async def conclude(
        self, delivery: Delivery, token: UUID, state: str, *, external_id: str | None = None, reason: str | None = None
    ) -> None:
        """Record ``sent``, ``refused`` or ``unconfirmed``. Raises LeaseLost."""
        ...

    async def defer(
        self,
        delivery: Delivery,
        token: UUID,
        until: datetime,
        *,
        counts: bool = True,
        reason: str | None = None,
        is_doubted: bool = False,
    ) -> None:
        """Try again at that time, as if for the first where it does not count; its lane waits. Raises LeaseLost.

        ``reason`` is what agents see meanwhile. What is doubted comes back as possibly sent.
        """
        ...

    async def collect(self, conversation_id: UUID, up_to: int) -> None:
        """Mark everything up to a timeline position as delivered: the reader fetched it."""
        ...


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, as ``bootstrap`` hands it out."""

    inbox: Inbox
    outbox: Outbox
    effects: Effects
    conversations: Conversations
    desk: Desk
    handoffs: Handoffs
    routing: Routing
    approvals: Approvals
    case_work: CaseWork
    accounts: Accounts
    visits: Visits
    chats: Chats
    bots: Bots
    attachments: Attachments
    search: Search
    sights: Sights
    worklist: Worklist
    rounds: Rounds
    notices: Notices
    composer: Composer
    contacts: Contacts
    merges: Merges
    reports: Reports
    teachings: Teachings
    ratings: Ratings
    tokens: Tokens
    answers: Answers
    audit: AuditLog
    webhooks: Webhooks
    admin: Admin
    desk_settings: DeskSettings
    tags: Tags
    deliveries: Deliveries
    exchanges: Exchanges
    platform_events: PlatformEvents
    platform_marks: PlatformMarks
    elsewhere: Elsewhere
    posts: WatchedPosts
