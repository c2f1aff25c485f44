"""What the administration's API is sent and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from relevo.contracts.handoff import Moment
from relevo.domain.hook_urls import MAX_URL_CHARACTERS

Role = Literal["agent", "supervisor", "admin", "readonly"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Email = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Limit = Annotated[int, msgspec.Meta(ge=0, le=10**11)]
Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}$")]
Languages = Annotated[list[Language], msgspec.Meta(max_length=20)]
Skill = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_-]{0,39}$")]
QueueName = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Capacity = Annotated[int, msgspec.Meta(ge=0, le=100)]
Reference = Annotated[str, msgspec.Meta(max_length=100)]
EventName = Literal[
    "handoff.requested",
    "handoff.queued",
    "handoff.offered",
    "handoff.taken",
    "handoff.returned",
    "handoff.expired",
    "case.opened",
    "case.closed",
    "effect.prepared",
    "effect.changed",
    "effect.decided",
    "effect.done",
    "effect.refused",
    "effect.failed",
    "message.created",
]
Events = Annotated[list[EventName], msgspec.Meta(min_length=1, max_length=40)]


class Nothing(msgspec.Struct, kw_only=True):
    """Needs no words."""


class ChangeAgent(msgspec.Struct, kw_only=True):
    """Says how an account is from now on."""

    name: Name
    role: Role
    money: Limit = 0
    """How much they may approve, in minor units; 0: nothing."""
    points: Limit = 0
    languages: Languages = []
    business_ref: Reference | None = None
    """Their own reference as a customer: nobody approves for themselves."""
    queues: Annotated[list[QueueName], msgspec.Meta(max_length=100)] = []
    """What they take from; none named: all but the supervisors'."""
    skills: Annotated[list[Skill], msgspec.Meta(max_length=50)] = []
    """What they can do that queues ask for."""
    capacity: Capacity = 3
    """How many conversations they are offered at once."""


class SendLink(msgspec.Struct, kw_only=True):
    """Makes a link with which somebody sets their password, once and within a day."""

    by_hand: bool = False
    """Whether it is answered, to hand over, although this installation could mail it."""


class AddAgent(ChangeAgent, kw_only=True):
    """Makes an account, and a link for its password as SendLink does."""

    email: Email
    by_hand: bool = False


class StaffLine(msgspec.Struct, kw_only=True):
    """Somebody who may sign in."""

    id: int
    email: str
    name: str
    role: str
    limits: Mapping[str, int]
    languages: Sequence[str]
    business_ref: str | None
    queues: Sequence[str]
    """None: all but the supervisors'."""
    skills: Sequence[str]
    capacity: int
    is_away: bool
    seen_at: Moment | None


class StaffList(msgspec.Struct, kw_only=True):
    """Everybody who may sign in."""

    agents: Sequence[StaffLine]


class Link(msgspec.Struct, kw_only=True):
    """A link with which somebody sets their password."""

    id: int
    """Of the account."""
    email: str
    role: str
    is_mailed: bool
    link: str | None
    """Shown this once; null where it goes by mail alone."""


class MakeToken(msgspec.Struct, kw_only=True):
    """Makes a token that acts as the service account of this name."""

    name: Name
    role: Role
    scopes: Annotated[list[Literal["read", "write"]], msgspec.Meta(min_length=1, max_length=2)]
    days: Annotated[int, msgspec.Meta(ge=1, le=730)] = 90
    """How long it holds."""


class TokenLine(msgspec.Struct, kw_only=True):
    """A token, without itself."""

    id: int
    name: str
    role: str
    agent_id: int
    hint: str
    """How it ends."""
    scopes: Sequence[str]
    created_at: Moment
    expires_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class NewTokenLine(TokenLine, kw_only=True):
    """A token that was made; it is shown this once."""

    token: str


class TokenList(msgspec.Struct, kw_only=True):
    """Every token, newest first."""

    tokens: Sequence[TokenLine]


class AddWebhook(msgspec.Struct, kw_only=True):
    """Has somebody told what happens from now on."""

    url: Annotated[str, msgspec.Meta(min_length=8, max_length=MAX_URL_CHARACTERS)]
    events: Events


class ChangeWebhook(msgspec.Struct, kw_only=True):
    """Says what they are told, and whether."""

    events: Events
    is_enabled: bool = True


class WebhookLine(msgspec.Struct, kw_only=True):
    """Somebody who is told."""

    id: int
    url: str
    events: Sequence[str]
    created_at: Moment
    disabled_at: Moment | None
    disabled_because: str | None
    old_secret_until: Moment | None
    """Until when what is sent is signed with the secret before this one, too."""
    waiting: int
    dead: int
    """Given up in the last day."""


class NewWebhook(WebhookLine, kw_only=True):
    """A webhook that was added; its secret is shown this once."""

    secret: str


class WebhookList(msgspec.Struct, kw_only=True):
    """Everybody who is told."""

    webhooks: Sequence[WebhookLine]


class DeliveryLine(msgspec.Struct, kw_only=True):
    """One telling of one event."""

    id: int
    delivery_id: UUID
    event: str
    conversation_id: UUID | None
    state: str
    attempts: int
    status: int | None
    answer: str | None
    problem: str | None
    created_at: Moment
    tried_at: Moment | None
    due_at: Moment | None


class DeliveryList(msgspec.Struct, kw_only=True):
    """A webhook's deliveries, newest first."""

    deliveries: Sequence[DeliveryLine]
    next_cursor: str | None
    """Where the next page begins; null at the end."""


class Done(msgspec.Struct, kw_only=True):
    """It was done."""

    id: int


class AuditLine(msgspec.Struct, kw_only=True):
    """One change, or one try that was refused."""

    id: int
    at: Moment
    agent_id: int | None
    agent_name: str | None
    role: str | None
    token_id: int | None
    address: str
    operation: str
    target: str | None
    status: int
    code: str | None
    request: Mapping[str, Any]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


class AuditPage(msgspec.Struct, kw_only=True):
    """Changes, newest first."""

    entries: Sequence[AuditLine]
    next_cursor: str | None
    """Where the next page begins; null at the end."""
