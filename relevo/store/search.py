"""Search on PostgreSQL: words and references are lexemes of one index, in four groups from the best match on.

A group is read from its newest document back. Common words are found by walking the newest documents, rare ones by the
index, so neither reads much: docs/decisions/0018-search.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from relevo.contracts.search import Findings, Found, Match, SearchPlace
from relevo.domain.messages import Author
from relevo.domain.search import SearchQuery, without_one
from relevo.store import search_index
from relevo.store.pool import Connection, Database

WALK = 8_000
"""So many of the newest documents are looked through for words before the index is asked."""
_END = 2**63 - 1

_WALK = """
SELECT id FROM (
    SELECT id, words FROM search_documents WHERE workspace_id = 1 AND id < %(before)s ORDER BY id DESC LIMIT %(walk)s
) newest
WHERE words @@ %(wanted)s::tsquery AND NOT words @@ %(had)s::tsquery ORDER BY id DESC LIMIT %(limit)s
"""
_INDEX = """
WITH hits AS MATERIALIZED (
    SELECT workspace_id, id, words FROM search_documents WHERE words @@ %(narrow)s::tsquery
)
SELECT id FROM hits
WHERE workspace_id = 1 AND id < %(before)s AND words @@ %(wanted)s::tsquery AND NOT words @@ %(had)s::tsquery
ORDER BY id DESC LIMIT %(limit)s
"""
# The index reads everything that begins with a prefix. Where that is much, and the other words are rare, these alone
# narrow it down enough.
_HELPS_LITTLE = """
SELECT count(*) FILTER (WHERE words @@ %(prefix)s::tsquery) * 100 > %(walk)s
    AND count(*) FILTER (WHERE words @@ %(whole)s::tsquery) * 400 < %(walk)s
FROM (SELECT words FROM search_documents WHERE workspace_id = 1 ORDER BY id DESC LIMIT %(walk)s) newest
"""
_READ = """
SELECT d.id, d.kind, CASE d.kind WHEN 'contact' THEN search_text(w) WHEN 'case' THEN search_text(s)
        ELSE search_text(e.content) END,
    d.written_at, e.author, c.id, d.position, d.case_id, k.display_name, c.channel, i.address,
    k.id
FROM search_documents d
LEFT JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = d.conversation_id AND e.position = d.position
LEFT JOIN cases s ON s.workspace_id = 1 AND s.id = d.case_id
LEFT JOIN contacts w ON w.workspace_id = 1 AND w.id = d.contact_id
LEFT JOIN LATERAL (
    SELECT t.id FROM identities o JOIN conversations t ON t.workspace_id = 1 AND t.identity_id = o.id
    WHERE o.workspace_id = 1 AND o.contact_id = d.contact_id ORDER BY t.updated_at DESC LIMIT 1) latest ON true
LEFT JOIN conversations c
    ON c.workspace_id = 1 AND c.id = coalesce(d.conversation_id, s.conversation_id, latest.id)
LEFT JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
LEFT JOIN contacts k ON k.workspace_id = 1 AND k.id = coalesce(d.contact_id, s.contact_id, i.contact_id)
WHERE d.workspace_id = 1 AND d.id = ANY(%s)
"""


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A query as one tsquery for each group; empty where it asks for nothing there."""

    groups: Mapping[Match, str]
    whole: str
    """The words but for the one that may be a beginning; empty where there are no others."""
    prefix: str

    def had(self, match: Match, *, is_similar: bool) -> str:
        """Give what better groups have found already."""
        better = [asked for group, asked in self.groups.items() if group < match and asked]
        if not is_similar and match is Match.WORDS and self.groups[Match.SIMILAR_REFERENCE]:
            better.remove(self.groups[Match.SIMILAR_REFERENCE])
        return " | ".join(f"({asked})" for asked in better) or "'#nothing'"


class PostgresSearch:
    """Search on PostgreSQL; see contracts.search.Search."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, query: SearchQuery, after: SearchPlace | None, limit: int) -> Findings:
        """Give what comes after a place."""
        asked = _asked(query)
        async with self._database.connection() as connection:
            await search_index.keep_up(connection, everything=False)  # what was written a moment ago is found, too
            hits, is_similar = await _hits(connection, asked, after, limit + 1)
            found = await _read(connection, hits[:limit])
        if len(hits) <= limit:
            return Findings(found=found, after=None)
        match, document = hits[limit - 1]
        return Findings(found=found, after=SearchPlace(match=match, document=document, is_similar=is_similar))

    async def keep_up(self, *, everything: bool = False) -> int:
        """Bring some of what was written since into the index, and give of how many conversations."""
        async with self._database.connection() as connection:
            return await search_index.keep_up(connection, everything=everything)


async def _hits(
    connection: Connection, asked: _Asked, after: SearchPlace | None, limit: int
) -> tuple[list[tuple[Match, int]], bool]:
    """Give group and document of the hits, and whether similar references are among what is looked for."""
    hits: list[tuple[Match, int]] = []
    is_similar = after.is_similar if after else False
    for match in Match:
        if (after and match < after.match) or len(hits) >= limit or not asked.groups[match]:
            continue
        if match is Match.SIMILAR_REFERENCE and not is_similar:
            if after or hits:
                continue
            is_similar = True
        before = after.document if after and match is after.match else _END
        values = {
            "wanted": asked.groups[match],
            "had": asked.had(match, is_similar=is_similar),
            "before": before,
            "limit": limit - len(hits),
            "walk": WALK,
        }
        hits += [(match, document) for document in await _of_group(connection, asked, match, values)]
    return hits, is_similar


async def _of_group(connection: Connection, asked: _Asked, match: Match, values: Mapping[str, Any]) -> list[int]:
    """Give the newest documents of a group; what the walk does not fill, the index finds whole."""
    if match is not Match.WORDS:
        return await _column(connection, _INDEX, {**values, "narrow": values["wanted"]})
    walked = await _column(connection, _WALK, values)
    if len(walked) == values["limit"]:
        return walked
    return await _column(connection, _INDEX, {**values, "narrow": await _narrow(connection, asked)})


async def _narrow(connection: Connection, asked: _Asked) -> str:
    """Give what of the words to ask the index for."""
    if not asked.whole:
        return asked.groups[Match.WORDS]
    values = {"whole": asked.whole, "prefix": asked.prefix, "walk": WALK}
    (helps_little,) = await _column(connection, _HELPS_LITTLE, values)
    return asked.whole if helps_little else asked.groups[Match.WORDS]


async def _column(connection: Connection, statement: str, values: Mapping[str, Any]) -> list[Any]:
    return [row[0] for row in await (await connection.execute(statement, values)).fetchall()]


async def _read(connection: Connection, hits: Sequence[tuple[Match, int]]) -> list[Found]:
    """Read what was found; what was erased a moment ago is left out."""
    rows = await (await connection.execute(_READ, ([document for _, document in hits],))).fetchall()
    read = {row[0]: row[1:] for row in rows}
    return [_found(match, read[document]) for match, document in hits if document in read]


def _found(match: Match, row: Sequence[Any]) -> Found:
    names = (
        "kind",
        "text",
        "at",
        "author",
        "conversation_id",
        "position",
        "case_id",
        "contact_name",
        "channel",
        "address",
        "contact_id",
    )
    values = dict(zip(names, row, strict=True))
    return Found(match=match, **{**values, "author": Author(row[3]) if row[3] else None})


def _asked(query: SearchQuery) -> _Asked:
    exact = " | ".join(f"'={reference}'" for reference in query.references)
    marked = f" | ('#contact' | '#case') & ({exact})" if exact else ""
    groups = {
        Match.NAMED: f"({_words(query, '@')}){marked}",
        Match.REFERENCE: exact,
        Match.SIMILAR_REFERENCE: " | ".join(map(_similar, query.references)),
        Match.WORDS: _words(query),
    }
    whole = query.words[:-1] if query.prefix else ()
    return _Asked(groups=groups, whole=" & ".join(f"'{word}'" for word in whole), prefix=f"'{query.prefix}':*")


def _words(query: SearchQuery, sign: str = "") -> str:
    words = " & ".join(f"'{sign}{word}'" for word in query.words)
    return f"{words}:*" if query.prefix else words


def _similar(reference: str) -> str:
    """Ask for what has one character more, one less, or one that differs or is elsewhere."""
    shorter = without_one(reference)
    return " | ".join([f"'~{reference}'", *(f"'{sign}{key}'" for key in sorted(shorter) for sign in "~=")])
