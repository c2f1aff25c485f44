"""Things done in the business's systems, recorded before they are tried.

intended ──► done | refused | failed | unconfirmed
    └──► prepared (waits for a person's approval) ──► intended | refused
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A policy's answer, with the rule that decided."""

    decision: Decision
    rule: str
    """Stable name of the deciding rule, such as ``points.claim_window``; said to the contact when it refuses."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the rule's sentence needs: limits, dates, amounts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectOrder:
    """What is to be done in the business's system.

    ``key`` is kind + business reference (``credit_points:0751000000011``), unique across conversations and channels:
    the same key is the same effect, and is done once.
    """

    key: str
    kind: str
    business_ref: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectResult:
    """What became of an effect."""

    key: str
    state: EffectState
    rule: str | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
