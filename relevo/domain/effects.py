"""Things done in the business's systems, recorded before they are tried.

    intended ──► done | refused | failed | unconfirmed
        └──► prepared (waits for a person's approval) ──► intended (approved) | refused (declined, expired)

An approval is for exactly what was shown: it names the order's hash, and another amount is another hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

POINTS = "points"
"""Unit of an amount that is no money; every other unit is an ISO 4217 currency."""

VOUCHER = "issue_voucher"
"""Goodwill: added to a case beside what it is about, so that deciding about it does not settle the case."""

DECLINED, EXPIRED = "approval.declined", "approval.expired"
"""Rules that refuse a prepared effect because a person said no, or nobody said anything."""


class EffectState(str, Enum):
    """How far an effect came."""

    INTENDED = "intended"
    PREPARED = "prepared"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


class Decision(str, Enum):
    """What the policy says about an effect."""

    AUTO = "auto"
    NEEDS_APPROVAL = "needs_approval"
    REFUSED = "refused"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A policy's answer, with the rule that decided."""

    decision: Decision
    rule: str
    """Stable name of the deciding rule, such as ``points.claim_window``; said to the contact when it refuses."""
    facts: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """What the rule's sentence needs: limits, dates, amounts."""
    approver: str | None = None
    """``supervisor`` where only people in charge may approve it; None: anybody with the limit."""


APPROVER = "approver"
"""Argument of an effect that only people of a role may approve, put there with the verdict that says so."""
SUPERVISOR = "supervisor"
"""What APPROVER says where people in charge decide, whatever the limits of others."""


class EffectOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done in the business's system.

    ``key`` is kind + business reference (``credit_points:0751000000011``), unique across conversations and channels:
    the same key is the same effect, and is done once.
    """

    key: str
    kind: str
    business_ref: str
    arguments: Mapping[str, Any]
    amount: int | None = None
    """How much of ``unit`` it moves, where it moves something countable."""
    unit: str | None = None

    @property
    def hash(self) -> str:
        """Give what an approval binds: kind, person, amount and arguments."""
        bound = [self.kind, self.business_ref, self.amount, self.unit, dict(self.arguments)]
        return hashlib.sha256(json.dumps(bound, sort_keys=True, default=str).encode()).hexdigest()


class EffectResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an effect."""

    key: str
    state: EffectState
    rule: str | None = None
    result: Mapping[str, Any] = msgspec.field(default_factory=dict)


class PreparedEffect(msgspec.Struct, frozen=True, kw_only=True):
    """An effect with everything that a person needs to decide about it, and what was decided."""

    order: EffectOrder
    state: EffectState
    rule: str | None
    """Why a person must decide, or what refused it."""
    hash: str
    case_id: str | None
    conversation_id: UUID | None
    intended_at: datetime
    expires_at: datetime | None
    changed_by: int | None = None
    decided_by: int | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    result: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @property
    def settles_case(self) -> bool:
        """Whether its case is about it, and over once it is decided."""
        return self.order.kind != VOUCHER

    @property
    def measure(self) -> str:
        """Give which of an agent's limits applies: ``points`` or ``money``."""
        return POINTS if self.order.unit == POINTS else "money"
