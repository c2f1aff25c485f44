"""What the desk's API answers to a search."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from relevo.contracts.handoff import Moment
from relevo.flow.search import Hit, Hits


class SearchMark(msgspec.Struct, kw_only=True):
    """Where a hit is in a snippet, in Unicode characters."""

    start: int
    end: int


class SearchSnippet(msgspec.Struct, kw_only=True):
    """A piece of what was written, as plain text."""

    text: str
    marks: Sequence[SearchMark]


class SearchHit(msgspec.Struct, kw_only=True):
    """Something that was found."""

    match: str
    """``named`` (a case by its number or reference, a contact), ``reference``, ``similar_reference`` or ``words``."""
    kind: str
    """``message``, ``note``, ``contact`` or ``case``."""
    at: Moment
    snippet: SearchSnippet
    author: str | None
    conversation_id: UUID | None
    """Null for a case or a contact that nobody has written about here."""
    position: int | None
    case_id: str | None
    contact_name: str | None
    channel: str | None
    address: str | None
    contact_id: UUID | None


class SearchResults(msgspec.Struct, kw_only=True):
    """What was found, best first, and of what is equally good the newest first."""

    hits: Sequence[SearchHit]
    next_cursor: str | None
    """For the next ones, with the same ``q``; null where these were the last."""


def search_results(found: Hits) -> SearchResults:
    """Give hits as the API shows them."""
    return SearchResults(hits=[_hit(hit) for hit in found.hits], next_cursor=found.cursor)


def _hit(hit: Hit) -> SearchHit:
    found, shown = hit.found, hit.snippet
    names = ("kind", "at", "conversation_id", "position", "case_id", "contact_name", "channel", "address")
    return SearchHit(
        match=found.match.name.lower(),
        author=found.author.value if found.author else None,
        snippet=SearchSnippet(text=shown.text, marks=[SearchMark(start=start, end=end) for start, end in shown.marks]),
        contact_id=found.contact_id,
        **{name: getattr(found, name) for name in names},
    )
