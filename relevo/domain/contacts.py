"""People, their addresses on channels, and how sure we are who writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from uuid import UUID

import msgspec

MAX_FAILED_TRIES = 5
"""Wrong facts an identity may give before a person has to look (resets when one matches)."""


class Level(IntEnum):
    """How an identity was verified; higher includes lower."""

    CLAIMED = 0
    TWO_FACTS = 1
    CODE = 2
    SIGNED = 3


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A contact's address on one channel, with how it was verified.

    Verification belongs to this identity alone and ends at ``verified_until``.
    """

    id: UUID
    contact_id: UUID
    channel: str
    address: str
    business_ref: str | None = None
    """The contact's key in the business's own system, known once verified."""
    level: Level = Level.CLAIMED
    verified_until: datetime | None = None
    failed_tries: int = 0
    verified_facts: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The facts that verified, by kind."""

    def level_at(self, moment: datetime) -> Level:
        """Give the level that still holds at this moment."""
        if self.verified_until is None or self.verified_until <= moment:
            return Level.CLAIMED
        return self.level

    @property
    def is_locked(self) -> bool:
        """Whether too many wrong facts were given: only a person may verify now."""
        return self.failed_tries >= MAX_FAILED_TRIES
