"""What the desk's API is sent and answers: each shape once, for decoding, encoding and the OpenAPI description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.desk import ConversationLine
from relevo.contracts.handoff import Moment
from relevo.domain.cases import Case
from relevo.domain.conversations import Control
from relevo.domain.effects import PreparedEffect
from relevo.domain.handoff import Episode
from relevo.domain.messages import Entry
from relevo.web.desk_sla_wire import ClocksLine

Version = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""How often control of a conversation has passed; what the database cannot hold is none."""


class TakeOver(msgspec.Struct, kw_only=True):
    """Takes a conversation, or puts it back, as it was at this version of its control."""

    version: Version


class Verify(msgspec.Struct, kw_only=True):
    """Says who writes, as an agent has found out; the conversation as it was at this version of its control."""

    version: Version
    business_ref: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Unverify(msgspec.Struct, kw_only=True):
    """Says that it was somebody else, and why; at this version of control."""

    version: Version
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Write(msgspec.Struct, kw_only=True):
    """Writes a reply or a note; the same client id again writes nothing."""

    client_id: str
    text: str


class HandBack(msgspec.Struct, kw_only=True):
    """Ends an agent's stretch."""

    version: Version
    outcome: str
    """``resolved``, ``refused``, ``promised``, ``nothing_to_do``, or another word."""
    told: str | None = None
    """What the bot opens with, in the contact's language; without it, the bot says the outcome in its own words."""
    note: str | None = None
    """For the next agent; never shown to the contact."""
    slots: dict[str, Any] = {}
    """What was learned, by the bot's own names."""
    intent: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    """What it was about, as the bot calls it: proposed for it to learn."""


class PromiseTime(msgspec.Struct, kw_only=True):
    """Promises an answer by a time, with its time zone."""

    promised_at: Moment


class CloseCase(msgspec.Struct, kw_only=True):
    """Closes a case."""

    outcome: str


class Approve(msgspec.Struct, kw_only=True):
    """Approves exactly the effect that was shown: the hash says which."""

    key: str
    hash: str


class Decline(Approve, kw_only=True):
    """Declines an effect; the contact reads the reason."""

    reason: str


class ChangeAmount(Approve, kw_only=True):
    """Puts another amount in an effect's place, in minor units or points; somebody else has to approve it."""

    amount: int


class AddVoucher(msgspec.Struct, kw_only=True):
    """Adds a voucher to a case, in minor units of euros; above one's own limit somebody else has to approve it."""

    amount: int
    reason: str
    client_id: str


class Presence(msgspec.Struct, kw_only=True):
    """Says that an agent is here and, where it is given, whether they take conversations."""

    is_away: bool | None = None


class Agent(msgspec.Struct, kw_only=True):
    """Somebody who works at the desk."""

    id: int
    name: str
    role: str
    limits: Mapping[str, int]
    """How much they may approve: ``money`` in minor units, ``points``."""
    languages: Sequence[str]
    is_away: bool


class Me(msgspec.Struct, kw_only=True):
    """Who is signed in, and what every request that changes something must carry as ``X-Form-Token``."""

    agent: Agent
    form_token: str


class PriorityReasonLine(msgspec.Struct, kw_only=True):
    """One reason of a priority."""

    code: str
    points: int
    detail: str | None


class PriorityLine(msgspec.Struct, kw_only=True):
    """How urgent a case is, and why."""

    level: str
    score: int
    reasons: Sequence[PriorityReasonLine]


class CaseLine(msgspec.Struct, kw_only=True):
    """One case."""

    id: str
    type: str
    trigger: str
    status: str
    reference: str | None
    goal: str | None
    detail: Mapping[str, Any]
    contact_name: str | None
    business_ref: str | None
    conversation_id: UUID | None
    channel: str | None
    control: Control | None
    opened_at: Moment
    due_at: Moment | None
    promised_at: Moment | None
    promise_missed_at: Moment | None
    priority: PriorityLine
    agent_id: int | None
    agent_name: str | None
    outcome: str | None
    contacted: int
    closed_at: Moment | None
    waits_for_approval: bool
    clocks: ClocksLine | None
    """Of its newest handoff."""


class Conversation(msgspec.Struct, kw_only=True):
    """One conversation, with who answers it."""

    id: UUID
    channel: str
    contact_name: str | None
    address: str
    control: Control
    control_version: int
    agent_id: int | None
    agent_name: str | None
    level: str
    """How the contact is verified: ``claimed``, ``two_facts``, ``code`` or ``signed``."""
    updated_at: Moment
    preview: str | None
    open_cases: int


class Effect(msgspec.Struct, kw_only=True):
    """One effect, with everything that is needed to decide about it."""

    key: str
    kind: str
    business_ref: str
    arguments: Mapping[str, Any]
    amount: int | None
    unit: str | None
    state: str
    rule: str | None
    """Why a person must decide, or what refused it."""
    hash: str
    case_id: str | None
    conversation_id: UUID | None
    intended_at: Moment
    expires_at: Moment | None
    changed_by: int | None
    decided_by: int | None
    decided_at: Moment | None
    reason: str | None
    result: Mapping[str, Any]
    may_not_approve: str | None = None
    """Why this agent may not, null where they may.

    ``limit``, ``role``, ``four_eyes``, ``own_contact``, ``expired`` or ``decided``.
    """


class HandoffEpisode(msgspec.Struct, kw_only=True):
    """One handoff of a conversation: its record is relevo.handoff/1, what came back relevo.handback/1."""

    id: UUID
    conversation_id: UUID
    episode: int
    state: str
    trigger: str
    case_id: str | None
    agent_id: int | None
    record: Mapping[str, Any]
    handback: Mapping[str, Any] | None
    created_at: Moment
    expires_at: Moment


class ConversationList(msgspec.Struct, kw_only=True):
    """Conversations, latest change first."""

    conversations: Sequence[Conversation]


class CaseView(msgspec.Struct, kw_only=True):
    """A case with all that a person needs to see to it."""

    case: CaseLine
    effects: Sequence[Effect]
    conversations: Sequence[Conversation]
    handoffs: Sequence[HandoffEpisode]
    """Of its conversations, newest first."""


class ConversationView(msgspec.Struct, kw_only=True):
    """A conversation with its cases and handoffs."""

    conversation: Conversation
    cases: Sequence[CaseLine]
    handoffs: Sequence[HandoffEpisode]


class Entries(msgspec.Struct, kw_only=True):
    """Entries of a timeline after a position, of every kind; readers accept unknown kinds."""

    entries: Sequence[Entry]


class Position(msgspec.Struct, kw_only=True):
    """Where on the timeline something was written."""

    position: int


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Why a request was refused: a stable code, and a sentence that says what to do."""

    code: str
    message: str
    details: Mapping[str, str | int] = {}
    """What the sentence counts and names, for programs: such as ``count`` and ``position`` of ``seen_since``."""


class Refusal(msgspec.Struct, kw_only=True):
    """The answer to a request that cannot be served: a problem as of RFC 9457, and the same for older callers."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    error: Problem


def agent_line(agent: AgentAccount) -> Agent:
    """Give an account as the API shows it."""
    return msgspec.convert(agent, Agent, from_attributes=True)


def case_line(case: Case) -> CaseLine:
    """Give a case as the API shows it."""
    return msgspec.convert(case, CaseLine, from_attributes=True)


def conversation_line(line: ConversationLine) -> Conversation:
    """Give a conversation as the API shows it."""
    known = {name: getattr(line, name) for name in Conversation.__struct_fields__}
    return Conversation(**{**known, "level": line.level.name.lower()})


def effect_line(effect: PreparedEffect, may_not_approve: str | None) -> Effect:
    """Give an effect as the API shows it."""
    own = {name: getattr(effect, name) for name in Effect.__struct_fields__ if hasattr(effect, name)}
    order = {
        name: getattr(effect.order, name) for name in ("key", "kind", "business_ref", "arguments", "amount", "unit")
    }
    return Effect(**{**own, **order, "state": effect.state.value, "may_not_approve": may_not_approve})


def handoff_episode(episode: Episode) -> HandoffEpisode:
    """Give a handoff as the API shows it."""
    return msgspec.convert(episode, HandoffEpisode, from_attributes=True)
