"""The two records that cross between bot and person: relevo.handoff/1 and relevo.handback/1.

Published as JSON Schema in docs/reference/. Enumerations are open and fields may be added: readers accept unknown ones.
Times are RFC 3339 in UTC, money is in minor units. The transcript travels by reference, never as a copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

HANDOFF, HANDBACK = "relevo.handoff/1", "relevo.handback/1"
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Channel(msgspec.Struct, kw_only=True):
    """Where the contact writes."""

    type: str
    address: str


class Contact(msgspec.Struct, kw_only=True):
    """Who writes, and how surely."""

    contact_id: UUID
    display_name: str | None
    business_ref: str | None
    verified: str
    """``claimed``, ``two_facts``, ``code`` or ``signed``, as it held at the handoff."""
    verified_until: Moment | None


class Intent(msgspec.Struct, kw_only=True):
    """What the last message was taken for."""

    name: str
    confidence: float


class Slot(msgspec.Struct, kw_only=True):
    """One thing that is known, and where from."""

    name: str
    value: Any
    set_by: str
    """``contact`` where it was read out of a message, else ``action:<name>``."""
    said: str | None
    """The message that it was read from."""
    event_id: str | None
    """Number of the message after which it was set, as ``trigger_event_id`` counts them."""
    is_verified: bool
    """Whether it is one of the facts that proved who writes."""
    is_personal: bool
    """Whether it tells who somebody is, so that it is hidden from whoever need not know."""


class Topic(msgspec.Struct, kw_only=True):
    """A request that the conversation has been about."""

    intent: str
    said: str | None


class Attempt(msgspec.Struct, kw_only=True):
    """Something the bot tried in the business's systems."""

    key: str
    kind: str
    state: str
    rule: str | None
    result: Mapping[str, Any]
    at: Moment
    """When it was decided, or else begun."""


class Failures(msgspec.Struct, kw_only=True):
    """How often the bot failed to understand, and why it gave up."""

    not_understood: int
    failed_identifications: int
    error: str | None


class Summary(msgspec.Struct, kw_only=True):
    """The facts in a few sentences."""

    language: str
    text: str
    method: str


class Transcript(msgspec.Struct, kw_only=True):
    """Which part of the timeline belongs to it."""

    first_position: int
    last_position: int
    messages: int
    url: str


class Reference(msgspec.Struct, kw_only=True):
    """Something in the business's systems that was named."""

    kind: str
    id: str
    is_verified: bool


class Amount(msgspec.Struct, kw_only=True):
    """A sum that is asked for or was moved."""

    amount: int
    unit: str
    meaning: str


class PublicPost(msgspec.Struct, kw_only=True):
    """Something that the contact wrote where everybody reads it; its words are on the transcript."""

    id: str
    url: str
    posted_at: Moment
    impressions: int
    an_hour: int | None
    """Impressions, as they grew lately."""
    followers: int | None


class History(msgspec.Struct, kw_only=True):
    """What this contact came about before."""

    open_cases: list[str]
    cases_in_90_days: int
    earlier_handoffs: int


class Reason(msgspec.Struct, kw_only=True):
    """One reason of a priority."""

    code: str
    points: int
    detail: str | None


class PriorityRecord(msgspec.Struct, kw_only=True):
    """How urgent, and why."""

    level: str
    score: int
    reasons: list[Reason]


class Routing(msgspec.Struct, kw_only=True):
    """Who should take it."""

    queue: str
    language: str
    skills: list[str]


class Sla(msgspec.Struct, kw_only=True):
    """The clock, which starts at the handoff; what it comes to later is the case's."""

    clock_started_at: Moment
    first_response_due_at: Moment
    resolution_due_at: Moment | None = None
    policy: str | None = None
    """Priority whose times these are."""
    clock: str = "wall"
    """What it counts: ``open`` hours, or all hours by the ``wall`` clock."""


class HandoffRecord(msgspec.Struct, kw_only=True):
    """Everything a person needs, as it was when control passed; append-only."""

    schema: str
    handoff_id: UUID
    episode_no: int
    """1 for the conversation's first handoff."""
    idempotency_key: str
    created_at: Moment
    expires_at: Moment
    conversation_id: UUID
    case_id: str
    case_type: str
    channel: Channel
    contact: Contact
    language: str
    trigger: str
    trigger_event_id: str
    goal: str | None
    intent: Intent | None
    topics: list[Topic]
    slots: list[Slot]
    missing_slots: list[str]
    attempts: list[Attempt]
    pending_effects: list[Attempt]
    failures: Failures
    summaries: list[Summary]
    agent_message: str | None
    business_refs: list[Reference]
    amounts: list[Amount]
    transcript: Transcript
    attachments: list[str]
    history: History
    routing: Routing
    priority: PriorityRecord
    sla: Sla
    return_policy: str
    perhaps: list[str] = []
    """What it may be about, as the contact was asked; where the bot did not understand."""
    public_posts: list[PublicPost] = []
    """What they wrote in public, oldest first."""


class HandbackRecord(msgspec.Struct, kw_only=True):
    """What a person decided; becomes part of the bot's tracker."""

    schema: str
    handoff_id: UUID | None
    ended_at: Moment
    end_reason: str
    outcome: str
    agent: str
    told: str | None
    note_to_agents: str | None
    slot_updates: Mapping[str, Any]
    actions_done: list[Attempt]
