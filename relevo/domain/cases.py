"""What a contact wants done; may span conversations and channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID


class Trigger(str, Enum):
    """Why a case was opened for a person; readers accept further values."""

    USER_REQUEST = "user_request"
    POLICY_RULE = "policy_rule"
    REPEATED_FALLBACK = "repeated_fallback"
    IDENTIFICATION_FAILED = "identification_failed"
    ACTION_ERROR = "action_error"
    BOT_UNAVAILABLE = "bot_unavailable"


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseRequest:
    """A case to open when the turn commits; ``id`` was given out beforehand so that the bot can name it."""

    id: str
    type: str
    trigger: Trigger
    reference: str | None = None
    goal: str | None = None
    """What the contact wants, in their own words."""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
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
    channel: str | None
    opened_at: datetime
