"""Passing a conversation to a person with everything known about it, and what came back.

action asks ─► HandoffRequest ─► record relevo.handoff/1 ─► control passes and the customer is told, in one commit
person ends ─► relevo.handback/1 ─► slots and outcome reach the bot, which opens with what was decided
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from relevo.domain.cases import Trigger


class HandoffRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What asks for a person during a turn."""

    trigger: Trigger
    case_id: str
    case_type: str
    goal: str | None = None
    missing: tuple[str, ...] = ()
    """Names of what the contact has not told yet."""
    note: str | None = None
    """For the agent alone."""
    perhaps: tuple[str, ...] = ()
    """What it may be about, as the contact was asked; where the bot did not understand."""
    language: str | None = None
    """What the contact speaks by now; None where nobody knows better than the conversation."""


class Handoff(msgspec.Struct, frozen=True, kw_only=True):
    """One episode in which a person is asked for, as it is kept.

    With ``is_anybody_online`` control passes to the queue; without, the bot goes on and the case waits.
    """

    id: UUID
    idempotency_key: str
    trigger: Trigger
    case_id: str
    record: Mapping[str, Any]
    expires_at: datetime
    is_anybody_online: bool


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """A kept handoff as the desk sees it."""

    id: UUID
    conversation_id: UUID
    episode: int
    state: str
    trigger: str
    case_id: str | None
    agent_id: int | None
    record: Mapping[str, Any]
    handback: Mapping[str, Any] | None
    created_at: datetime
    expires_at: datetime


OUTCOMES = ("resolved", "refused", "promised", "nothing_to_do")
"""What a person may say they decided; readers accept further values."""

SETTLED_OUTCOMES = frozenset({"resolved", "refused", "nothing_to_do"})
"""Those that leave nothing to do: they end the case that was handed off."""


class Handback(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided, on the way back to the bot."""

    outcome: str
    """One of OUTCOMES, or another."""
    told: str | None = None
    """What the bot opens with, in the contact's language; None lets it say the outcome in its own words."""
    note: str | None = None
    """For the next agent; never shown to the contact."""
    agent: str = ""
    """Their name, as the contact sees it."""
    slots: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """What the person learned, by the bot's own slot names."""
