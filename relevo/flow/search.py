"""Finds conversations for an agent, by words, names, case numbers and references."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import msgspec
import structlog

from relevo.contracts.live import Live
from relevo.contracts.search import Findings, Found, Match, Search, SearchPlace
from relevo.domain.messages import clean_text
from relevo.domain.search import SearchQuery, Snippet, read_query, snippet
from relevo.errors import Unreadable
from relevo.flow.sight import Eyes
from relevo.flow.waiting import keep_watch

MAX_QUERY_CHARACTERS = 200
MIN_QUERY_CHARACTERS = 2
_MOST_LOOKS = 20
"""How often one search looks further for what its reader sees."""
_MANY = 100
"""Conversations that were brought in at once, and behind which more may wait."""
_log = structlog.get_logger()
_CURSOR = re.compile(r"([0-3])(s?)-([0-9]{1,18})")


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found, and the piece of it to show."""

    found: Found
    snippet: Snippet


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """Some hits, and the cursor of the next ones where there are more."""

    hits: Sequence[Hit]
    cursor: str | None


class Indexer(msgspec.Struct, frozen=True, kw_only=True):
    """Keeps the search up with what is written; whoever searches does, too, so its pauses delay nothing."""

    search: Search
    pause_seconds: float = 2.0

    async def run(self, stop: asyncio.Event, live: Live) -> None:
        """Look at every conversation once, and then at those that change, until told to stop."""
        everything = True

        async def look() -> int:
            nonlocal everything
            while True:
                found = await self.search.keep_up(everything=everything)
                everything = everything and found > 0
                # Of a few, the next come as they are written: together they cost less a little later.
                if stop.is_set() or not (everything or found >= _MANY):
                    return found

        pause = self.pause_seconds
        await keep_watch(stop, look, live=live, what="search", pause_seconds=pause, first_seconds=0.0)


async def search(eyes: Eyes, text: str, cursor: str | None, limit: int) -> Hits:
    """Give what comes after a cursor and is seen; where much is not, fewer hits than asked for, and a cursor.

    Raises Unreadable for a query that is too short or too long, or no cursor.
    """
    query = _query(text)
    findings = await _seen(eyes, query, _place(cursor) if cursor else None, limit)
    hits = [Hit(found=found, snippet=snippet(found.text, query)) for found in findings.found]
    return Hits(hits=hits, cursor=_cursor(findings))


async def _seen(eyes: Eyes, query: SearchQuery, after: SearchPlace | None, limit: int) -> Findings:
    found: list[Found] = []
    for _ in range(_MOST_LOOKS):
        findings = await eyes.store.search.find(query, after, limit - len(found))
        found += await eyes.findings(findings.found)
        after = findings.after
        if after is None or len(found) >= limit:
            break
    return Findings(found=found, after=after)


def _query(text: str) -> SearchQuery:
    text = clean_text(text)
    if len(text) > MAX_QUERY_CHARACTERS:
        raise Unreadable(
            f"What you search for has {len(text)} characters; at most {MAX_QUERY_CHARACTERS} fit. Take the few words"
            " that tell it from others.",
            code="query_too_long",
        )
    query = read_query(text)
    if sum(map(len, query.words)) < MIN_QUERY_CHARACTERS:
        raise Unreadable(
            f"Search for at least {MIN_QUERY_CHARACTERS} letters or digits: words, a name, a number.",
            code="query_too_short",
        )
    return query


def _place(cursor: str) -> SearchPlace:
    read = _CURSOR.fullmatch(cursor)
    if read is None:
        raise Unreadable("“cursor” must be what “next_cursor” said, with the same “q”.", code="bad_cursor")
    return SearchPlace(match=Match(int(read[1])), is_similar=bool(read[2]), document=int(read[3]))


def _cursor(findings: Findings) -> str | None:
    after = findings.after
    return f"{after.match.value}{'s' * after.is_similar}-{after.document}" if after else None
