"""What a contact wants done; may span conversations and channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from relevo.domain.clocks import Clocks
from relevo.domain.conversations import Control


class Trigger(str, Enum):
    """Why a case was opened for a person, or control handed off; readers accept further values."""

    USER_REQUEST = "user_request"
    POLICY_RULE = "policy_rule"
    APPROVAL = "approval"
    REPEATED_FALLBACK = "repeated_fallback"
    IDENTIFICATION_FAILED = "identification_failed"
    ACTION_ERROR = "action_error"
    BOT_UNAVAILABLE = "bot_unavailable"
    AGENT_TAKEOVER = "agent_takeover"
    REPEATED_CONTACT = "repeated_contact"
    """Somebody came about the same case again and again."""
    PROMISE_MISSED = "promise_missed"
    """A time that was promised has passed without an answer."""
    DENIED_BOARDING = "denied_boarding"
    SAFETY = "safety"
    """Somebody is in danger, was hurt, or may hurt themselves."""
    ABUSE = "abuse"
    """A threat, harassment or hate."""
    MOBILITY_AID = "mobility_aid"
    """Somebody may not be able to move until it is repaired."""
    UNREACHABLE = "unreachable"
    """What they were answered did not get through to them, or may not have."""
    PUBLIC_POST = "public_post"
    """Somebody complained or asked where everybody reads it."""


PRIVACY, TO_ERASE, TO_EXPORT = "privacy", "erase", "export"
"""Type of the cases about a contact's own data, and the references that tell what they want done with it."""


class CaseStatus(str, Enum):
    """Whether anybody still has to do something; readers accept further values."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"


class PriorityReason(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that makes a case more urgent."""

    code: str
    points: int
    detail: str | None = None


REASON_POINTS: Mapping[str, int] = {
    "denied_boarding": 100,
    "safety": 100,
    "mobility_aid": 60,
    "promise_missed": 40,
    "approval_expired": 30,
    "sla_missed": 20,
    "bot_unavailable": 30,
    "action_error": 30,
    "large_amount": 30,
    "repeated_contact": 30,
    "abuse": 30,
    "unanswered_contacts": 30,
    "user_request": 10,
}
"""What each reason adds; a case with 60 is urgent, with 30 high, and nothing comes before safety."""

LEAST_SCORE: Mapping[str, int] = {"normal": 0, "high": 30, "urgent": 60}
"""From which score on a case is so urgent."""
BY_HAND = "by_hand"
"""The reason that an agent's own judgement is; its points are what brings the score to what they want."""

LARGE_AMOUNT = 100_000
"""Minor units from which an amount of money is a reason."""


def level_of(score: int) -> str:
    """Give ``normal``, ``high`` or ``urgent``."""
    return "urgent" if score >= 60 else "high" if score >= 30 else "normal"


class Priority(msgspec.Struct, frozen=True):
    """How urgent a case is, and why."""

    reasons: tuple[PriorityReason, ...] = ()

    @property
    def score(self) -> int:
        """Give the sum of what the reasons add, 100 at most."""
        return min(100, sum(reason.points for reason in self.reasons))

    @property
    def level(self) -> str:
        """Give ``normal``, ``high`` or ``urgent``."""
        return level_of(self.score)

    def because(self, code: str, detail: str | None = None) -> Priority:
        """Give this priority with one more reason; the same reason again replaces its detail."""
        others = tuple(reason for reason in self.reasons if reason.code != code)
        points = REASON_POINTS.get(code, 0)
        return Priority((*others, PriorityReason(code=code, points=points, detail=detail))) if points else self

    @property
    def is_grave(self) -> bool:
        """Whether one reason alone is enough for the highest priority there is."""
        return any(reason.points >= 100 for reason in self.reasons)

    def by_hand(self, level: str) -> Priority:
        """Give this priority as somebody wants it, the other reasons kept: what comes to be known adds to it."""
        others = Priority(tuple(reason for reason in self.reasons if reason.code != BY_HAND))
        points = LEAST_SCORE[level] - sum(reason.points for reason in others.reasons)
        wanted = PriorityReason(code=BY_HAND, points=points, detail=level)
        return others if others.level == level else Priority((*others.reasons, wanted))

    def with_amounts(self, amounts: Iterable[int]) -> Priority:
        """Give this priority with the money in the case (minor units) as a reason, where it is much."""
        largest = max(amounts, default=0)
        return self.because("large_amount", str(largest)) if largest >= LARGE_AMOUNT else self


def first_priority(trigger: Trigger, amounts: Iterable[int] = ()) -> Priority:
    """Give the priority of a new case, from why it was opened and the money in it (minor units)."""
    return Priority().because(trigger.value).with_amounts(amounts)


class CaseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A case to open when the turn commits; ``id`` was given out beforehand so that the bot can name it."""

    id: str
    type: str
    trigger: Trigger
    reference: str | None = None
    goal: str | None = None
    """What the contact wants, in their own words."""
    detail: Mapping[str, Any] = msgspec.field(default_factory=dict)
    priority: Priority = Priority()
    due_seconds: float = 14_400
    """How long until a person should have answered."""
    effects: tuple[str, ...] = ()
    """Keys of prepared effects that a person decides about in this case."""
    promised_at: datetime | None = None
    """Until when the contact was told that it will be done."""


class CaseContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact about a case that is open already: the conversation is linked to it, and it becomes more urgent."""

    case_id: str
    priority: Priority
    type: str | None = None
    """What it turns out to be about, where nobody knew."""
    reference: str | None = None
    """Kept where the case has none."""
    due_seconds: float = 14_400
    effects: tuple[str, ...] = ()
    """Keys of prepared effects that a person decides about in this case."""
    goal: str | None = None
    """Kept where the case has none."""
    detail: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Added to what is known."""
    is_counted: bool = True
    """False where an earlier turn of the conversation counted this contact."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One case as the desk sees it."""

    id: str
    type: str
    trigger: str
    status: str
    reference: str | None
    goal: str | None
    detail: Mapping[str, Any]
    contact_name: str | None
    conversation_id: UUID | None
    """Where it was last spoken about."""
    channel: str | None
    opened_at: datetime
    business_ref: str | None = None
    priority: Priority = Priority()
    due_at: datetime | None = None
    promised_at: datetime | None = None
    promise_missed_at: datetime | None = None
    agent_id: int | None = None
    agent_name: str | None = None
    outcome: str | None = None
    contacted: int = 1
    closed_at: datetime | None = None
    waits_for_approval: bool = False
    """Whether a prepared effect waits in it."""
    is_being_settled: bool = False
    """Whether one of those will settle it: a voucher is given beside what the case is about."""
    control: Control | None = None
    """Who answers the conversation where it was last spoken about."""
    clocks: Clocks | None = None
    """Of its newest handoff; None where it was never handed off."""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.status == CaseStatus.OPEN.value
