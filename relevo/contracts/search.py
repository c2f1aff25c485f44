"""Finding what was written, who wrote and which case it is; see docs/decisions/0018-search.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.domain.messages import Author
from relevo.domain.search import SearchQuery


class Match(IntEnum):
    """What of it was asked for, best first; results come in this order, and within one the newest first."""

    NAMED = 0
    """The case with this number or reference, or the contact with this name, address or number."""
    REFERENCE = 1
    SIMILAR_REFERENCE = 2
    """One character wrong, missing, too many or elsewhere; looked for only where no reference is exactly this."""
    WORDS = 3


class SearchPlace(msgspec.Struct, frozen=True, kw_only=True):
    """The last result that was given: what comes after it is next."""

    match: Match
    document: int
    is_similar: bool
    """Whether similar references were looked for."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Something in which a query was found."""

    match: Match
    kind: str
    """``message``, ``note``, ``contact`` or ``case``."""
    text: str
    at: datetime
    author: Author | None
    conversation_id: UUID | None
    position: int | None
    case_id: str | None
    contact_name: str | None
    channel: str | None
    address: str | None
    contact_id: UUID | None = None


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Some results, and the place to go on from where there are more."""

    found: Sequence[Found]
    after: SearchPlace | None


class Search(Protocol):
    """Finds for agents."""

    async def find(self, query: SearchQuery, after: SearchPlace | None, limit: int) -> Findings:
        """Give what comes after a place, at most so much; what is written meanwhile moves nothing."""
        ...

    async def keep_up(self, *, everything: bool = False) -> int:
        """Bring some of what was written since into the index, and give of how many conversations.

        Conversations that changed since the last look are looked at, or all where ``everything`` is asked for. Somebody
        who erases, or keeps up at the same moment, is not waited for.
        """
        ...
