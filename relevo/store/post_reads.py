"""Reading posts as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from relevo.contracts.posts import AuthorKnown, Candidate, Wanted, WatchedPost
from relevo.domain.merging import UNANSWERED_WITHIN
from relevo.domain.post_urgency import Judgement, PostState
from relevo.domain.posts import Post, PostAuthor
from relevo.errors import NotFound
from relevo.store.cases import read_priority
from relevo.store.pool import Connection, Database

_POST = (
    "p.channel, p.post_id, p.kind, p.text, p.posted_at, p.thread_id, p.guessed_language, p.in_reply_to, p.quotes,"
    " p.is_summoning, p.impressions, p.likes, p.reposts, p.replies"
)
_POST_NAMES = (
    "channel", "id", "kind", "text", "created_at", "thread", "language", "in_reply_to", "quotes", "is_summoning",
    "impressions", "likes", "reposts", "replies",
)  # fmt: skip
_JUDGED = ("language", "sort", "topic", "flight", "is_opt_out")
_REST = (
    "state", "an_hour", "contact_id", "contact_name", "business_ref", "conversation_id", "case_id", "incident_id",
    "reply", "reply_state", "agent_name", "is_decided",
)  # fmt: skip
WATCHED = f"""
SELECT p.id, coalesce(s.priority_reasons, p.priority_reasons), i.address, p.username, p.name, p.followers, {_POST},
    {", ".join(f"p.{name}" for name in _JUDGED)}, p.state, p.an_hour, i.contact_id, k.display_name, k.business_ref,
    p.conversation_id, p.case_id, p.incident_id, r.content ->> 'text', d.state, a.name, p.decided_at IS NOT NULL,
    ARRAY(SELECT ARRAY[extract(epoch FROM g.read_at), g.impressions] FROM post_readings g
        WHERE g.workspace_id = 1 AND g.post = p.id ORDER BY g.read_at)
FROM posts p
JOIN identities i ON i.workspace_id = 1 AND i.id = p.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
LEFT JOIN cases s ON s.workspace_id = 1 AND s.id = p.case_id AND s.status = 'open'
LEFT JOIN entries r ON r.workspace_id = 1 AND r.conversation_id = p.conversation_id AND r.position = p.reply_position
LEFT JOIN deliveries d
    ON d.workspace_id = 1 AND d.conversation_id = p.conversation_id AND d.position = p.reply_position
LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = p.agent_id
WHERE p.workspace_id = 1
"""
_RANK = "greatest(p.priority, coalesce(s.priority, 0))"
_LISTED = f"""
{WATCHED} AND (%(states)s::text[] IS NULL OR p.state = ANY(%(states)s))
  AND (%(incident)s::bigint IS NULL OR p.incident_id = %(incident)s)
  AND (%(rank)s::integer IS NULL OR ({_RANK}, p.id) < (%(rank)s, %(number)s))
ORDER BY {_RANK} DESC, p.id DESC LIMIT %(limit)s
"""
# What was tried elsewhere counts for whoever the address is proven to be, merged or known by the same reference.
_AUTHOR = f"""
SELECT (SELECT count(*) FROM encounters x JOIN contacts o ON o.workspace_id = 1 AND o.id = x.contact_id
    WHERE x.workspace_id = 1 AND x.direction = 'in' AND NOT x.is_answered
      AND x.happened_at > now() - make_interval(secs => {int(UNANSWERED_WITHIN.total_seconds())})
      AND (o.id = k.id OR o.business_ref = k.business_ref)),
    k.business_ref IS NOT NULL,
    EXISTS (SELECT FROM post_opt_outs o WHERE o.workspace_id = 1 AND o.channel = p.channel
        AND o.author_hash = sha256(convert_to(i.address, 'UTF8')))
FROM posts p JOIN identities i ON i.workspace_id = 1 AND i.id = p.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
WHERE p.workspace_id = 1 AND p.id = %s
"""
_CANDIDATES = """
SELECT k.id, k.display_name, k.business_ref FROM posts p
JOIN identities i ON i.workspace_id = 1 AND i.id = p.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.merged_into IS NULL AND k.id <> i.contact_id
    AND k.business_ref IS NOT NULL AND lower(k.display_name) = lower(p.name)
WHERE p.workspace_id = 1 AND p.id = %s ORDER BY k.created_at, k.id LIMIT 3
"""


class PostReads:
    """The reading half of contracts.posts.WatchedPosts on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, number: int) -> WatchedPost:
        """Give one."""
        async with self._database.connection() as connection:
            return await watched(connection, number)

    async def listed(self, wanted: Wanted) -> Sequence[WatchedPost]:
        """Give posts, the most urgent first."""
        rank, number = wanted.before or (None, None)
        values = {
            "states": [state.value for state in wanted.states] or None,
            "incident": wanted.incident_id,
            "rank": rank,
            "number": number,
            "limit": wanted.limit,
        }
        return [read_watched(row) for row in await self._database.rows(_LISTED, values)]

    async def author(self, number: int) -> AuthorKnown:
        """Tell what is known of a post's author."""
        found = await self._database.rows(_AUTHOR, (number,))
        if not found:
            raise NotFound("There is no such post.")
        unanswered, is_proven, has_opted_out = found[0]
        return AuthorKnown(unanswered=unanswered if is_proven else 0, is_proven=is_proven, has_opted_out=has_opted_out)

    async def candidates(self, number: int) -> Sequence[Candidate]:
        """Give contacts who have the name that the author goes by."""
        found = await self._database.rows(_CANDIDATES, (number,))
        return [Candidate(contact_id=row[0], name=row[1], business_ref=row[2]) for row in found]


async def watched(connection: Connection, number: int) -> WatchedPost:
    """Give one within a transaction of the caller's; raises NotFound."""
    row = await (await connection.execute(f"{WATCHED} AND p.id = %s", (number,))).fetchone()
    if row is None:
        raise NotFound("There is no such post.")
    return read_watched(row)


def read_watched(row: tuple[Any, ...]) -> WatchedPost:
    """Make a post of the columns of WATCHED."""
    number, reasons, address, username, name, followers = row[:6]
    author = PostAuthor(id=address, username=username, name=name, followers=followers)
    told = dict(zip(_POST_NAMES, row[6:20], strict=True))
    judged = dict(zip(_JUDGED, row[20:25], strict=True))
    rest = dict(zip(_REST, row[25:37], strict=True))
    return WatchedPost(
        id=number,
        post=Post(author=author, **told),
        judgement=Judgement(**judged),
        priority=read_priority(reasons),
        readings=[(datetime.fromtimestamp(float(at), told["created_at"].tzinfo), int(seen)) for at, seen in row[37]],
        **{**rest, "state": PostState(rest["state"])},
    )
