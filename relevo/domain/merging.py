"""Two contacts that are one person, and what other systems recorded about a person."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

SAME_REFERENCE = "same_reference"
EVIDENCE = (SAME_REFERENCE, "code", "two_facts", "document", "call")
"""How somebody knows that two contacts are one person; the first is checked, the others an agent states."""
SIGNED = "signed"
"""The site that a visitor came from vouched for them: nobody states that."""

ENCOUNTER_KINDS = ("call", "email", "visit", "post", "other")
GROUPS = ("messages", "steps", "effects", "notes", "handoffs", "elsewhere", "merges")
"""What a contact's timeline may be filtered by."""

UNANSWERED = "unanswered_contacts"
"""Reason of a priority: somebody tried elsewhere and nobody answered."""
UNANSWERED_WITHIN = timedelta(hours=24)


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How many people may see a public post."""

    impressions: int | None = None
    followers: int | None = None

    @property
    def people(self) -> int:
        """Give the larger of what is known: a post may travel further than its author's followers."""
        return max(self.impressions or 0, self.followers or 0)


class Encounter(msgspec.Struct, frozen=True, kw_only=True):
    """A call, mail, visit or public post that another system recorded."""

    source: str
    external_id: str
    """Unique for its source: the same again is the same encounter."""
    kind: str
    """One of ENCOUNTER_KINDS."""
    happened_at: datetime
    direction: str
    """``in``: they came to the business; ``out``: the business to them."""
    summary: str
    is_answered: bool
    reach: Reach | None = None
    url: str | None = None
