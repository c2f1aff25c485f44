"""Where one person may be reached: their conversations on all channels, and their mail address on file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.domain.conversations import Control


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How a channel gets words to a contact, and within which window."""

    is_asked: bool = False
    """It hands out what waits when its caller asks, and not before."""
    has_session: bool = False
    """Nobody reads there any more when the contact's session has ended."""
    window_seconds: float | None = None
    """How long after the contact's own last message the platform takes any; None: at any time."""
    joins_turns: bool = False
    """It takes few messages and words alone: all that a turn says goes as one, with a menu in place of cards, and what
    is of little use is not said."""


REACHES: Mapping[str, Reach] = {"rest": Reach(is_asked=True), "widget": Reach(has_session=True)}
"""The channels that nothing is sent to; ``bootstrap`` adds each that is configured."""


ANSWERS_ONLY = frozenset({"x"})
"""Channels on which nobody is written to who has not written there: whoever only posted in public is not."""


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation of a person."""

    conversation_id: UUID
    channel: str
    address: str
    control: Control
    agent_id: int | None
    business_ref: str | None
    """Who they were verified as there."""
    session_until: datetime | None
    heard_at: datetime | None
    """When they wrote there last."""

    @property
    def is_unasked(self) -> bool:
        """Whether words there would be the first of all, on a channel that is for answers."""
        return self.channel in ANSWERS_ONLY and self.heard_at is None


class Reaching(Protocol):
    """Finding where a person may be written to."""

    async def spots(self, conversation_id: UUID, limit: int = 20) -> Sequence[Spot]:
        """Give a person's conversations: this one first, then the latest changed.

        The same person is one contact, or what the business knows by one reference and is verified in both. Raises
        NotFound.
        """
        ...

    async def mail_of(self, about: UUID, business_ref: str, address: str) -> UUID:
        """Give the conversation of a mail address on file, made where it is missing, for the contact of ``about``.

        Raises Conflict ``another_contact`` when the address belongs to somebody else.
        """
        ...
