"""Posts as they are kept: seen, judged, answered once, and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relevo.contracts.posts import PUBLIC, Answer, PostCase, WatchedPost
from relevo.domain.cases import Priority
from relevo.domain.messages import clean_text
from relevo.domain.post_urgency import LOOK_MINUTES, Judgement, PostState
from relevo.domain.posts import Post
from relevo.errors import Conflict, NotFound
from relevo.store.cases import RAISED, reasons_text
from relevo.store.introducing import MET
from relevo.store.pool import Connection, Database
from relevo.store.post_forgetting import forget
from relevo.store.post_incidents import PostgresIncidents
from relevo.store.post_placing import hold, into_case, queue_reply, tell_reach
from relevo.store.post_reads import PostReads, watched

_KEEP = f"""
WITH {MET}, kept AS (
    INSERT INTO posts AS p (identity_id, channel, post_id, kind, username, name, followers, text, posted_at, thread_id,
        in_reply_to, quotes, is_summoning, impressions, likes, reposts, replies, guessed_language, language, sort,
        topic, flight, is_opt_out)
    SELECT id, %(channel)s, %(post)s, %(kind)s, %(username)s, %(name)s, %(followers)s, %(text)s, %(at)s, %(thread)s,
        %(reply_to)s, %(quotes)s, %(summons)s, %(impressions)s, %(likes)s, %(reposts)s, %(replies)s, %(guessed)s,
        %(language)s, %(sort)s, %(topic)s, %(flight)s, %(opt_out)s FROM identity
    ON CONFLICT (workspace_id, channel, post_id) DO UPDATE SET
        impressions = greatest(p.impressions, excluded.impressions), likes = greatest(p.likes, excluded.likes),
        reposts = greatest(p.reposts, excluded.reposts), replies = greatest(p.replies, excluded.replies),
        followers = coalesce(excluded.followers, p.followers), is_summoning = p.is_summoning OR excluded.is_summoning
    RETURNING p.id, p.impressions
), read AS (
    INSERT INTO post_readings (post, impressions) SELECT k.id, k.impressions FROM kept k
    WHERE %(is_now)s OR k.impressions > coalesce((SELECT max(r.impressions) FROM post_readings r
        WHERE r.workspace_id = 1 AND r.post = k.id), -1)
    ON CONFLICT DO NOTHING
)
SELECT id FROM kept
"""
_RATE = """
UPDATE posts SET priority = %(score)s, priority_reasons = %(reasons)s::jsonb, an_hour = %(an_hour)s
WHERE workspace_id = 1 AND id = %(id)s RETURNING case_id
"""
_DECIDE = """
UPDATE posts SET state = %(state)s, decided_at = now()
WHERE workspace_id = 1 AND id = %(id)s AND decided_at IS NULL
"""
_RAISE = f"""
UPDATE cases SET {RAISED},
    due_at = CASE WHEN %(score)s >= 60 THEN least(due_at, now() + interval '15 minutes') ELSE due_at END
WHERE workspace_id = 1 AND id = %(case)s AND status = 'open' AND NOT priority_reasons @> %(reasons)s::jsonb
"""
_HANDLE = """
UPDATE posts SET state = %(state)s, agent_id = %(agent)s, decided_at = coalesce(decided_at, now())
WHERE workspace_id = 1 AND id = %(id)s
"""
_OPT_OUT = """
INSERT INTO post_opt_outs (channel, author_hash) VALUES (%s, sha256(convert_to(%s, 'UTF8'))) ON CONFLICT DO NOTHING
"""
_STOP = f"""
UPDATE deliveries d SET state = 'refused', reason = 'They want no answers.', ended_at = now()
FROM conversations c JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
WHERE i.channel = %s AND i.address = %s AND c.workspace_id = 1 AND d.workspace_id = 1 AND d.conversation_id = c.id
  AND d.channel = '{PUBLIC}' AND d.state = 'queued' AND EXISTS (SELECT FROM entries e WHERE e.workspace_id = 1
    AND e.conversation_id = d.conversation_id AND e.position = d.position AND e.author = 'bot')
"""
_DUE = f"""
UPDATE posts p SET looks = least(p.looks + 1, 1000), look_at = now() + make_interval(mins =>
    ('{{{",".join(map(str, LOOK_MINUTES))}}}'::integer[])[least(p.looks + 2, {len(LOOK_MINUTES)})])
FROM (SELECT id FROM posts WHERE workspace_id = 1 AND look_at <= now() ORDER BY look_at LIMIT %s
    FOR UPDATE SKIP LOCKED) o
WHERE p.workspace_id = 1 AND p.id = o.id RETURNING p.channel, p.post_id
"""
_UNSENT = """
UPDATE posts p SET state = 'waiting' FROM deliveries d
WHERE p.workspace_id = 1 AND p.state = 'answered' AND p.agent_id IS NULL AND d.workspace_id = 1
  AND d.conversation_id = p.conversation_id AND d.position = p.reply_position AND d.state IN ('refused', 'unconfirmed')
"""
# Whoever was answered so long ago may be answered again, in whatever thread.
_OLD_ANSWERS = "DELETE FROM post_answers WHERE workspace_id = 1 AND answered_at < now() - make_interval(days => %s)"
_OLD = "SELECT channel, post_id FROM posts WHERE workspace_id = 1 AND posted_at < now() - make_interval(days => %s)"


class PostgresPosts(PostReads):
    """Posts on PostgreSQL; see contracts.posts.WatchedPosts."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.incidents = PostgresIncidents(database)

    async def keep(self, post: Post, judgement: Judgement, *, is_now: bool = False) -> WatchedPost:
        """Keep a post or its newer numbers."""
        async with self._database.connection() as connection, connection.transaction():
            row = await (await connection.execute(_KEEP, {**_values(post, judgement), "is_now": is_now})).fetchone()
            assert row is not None
            return await watched(connection, row[0])

    async def rate(self, number: int, priority: Priority, an_hour: int | None) -> None:
        """Keep how urgent a post is by now."""
        values = {
            "id": number,
            "score": priority.score,
            "reasons": reasons_text(priority),
            "an_hour": an_hour,
        }
        async with self._database.connection() as connection, connection.transaction():
            await tell_reach(connection, number, an_hour)
            row = await (await connection.execute(_RATE, values)).fetchone()
            if row is not None and row[0] and priority.reasons:
                await connection.execute(_RAISE, {**values, "case": row[0]})

    async def decide(self, number: int, state: PostState) -> None:
        """Keep what is to be done about a post, once."""
        await self._database.run(_DECIDE, {"id": number, "state": state.value})

    async def reply(self, number: int, answer: Answer) -> bool:
        """Queue a reply with its case in one go."""
        async with self._database.connection() as connection, connection.transaction():
            await hold(connection, number)
            post = await watched(connection, number)
            if post.reply is not None and post.reply_state not in ("refused", None):
                if answer.agent_id is None:
                    return False
                raise Conflict("This post has been answered already; nothing was sent.", code="answered")
            return await queue_reply(connection, post, answer)

    async def open_case(self, number: int, case: PostCase, priority: Priority, agent_id: int | None) -> str:
        """Open or join a case and give its number."""
        async with self._database.connection() as connection, connection.transaction():
            await hold(connection, number)
            post = await watched(connection, number)
            return post.case_id or await into_case(connection, post, case, priority, agent_id)

    async def handle(self, number: int, state: PostState, agent_id: int) -> None:
        """Say that a person has dealt with it."""
        if not await self._database.run(_HANDLE, {"id": number, "state": state.value, "agent": agent_id}):
            raise NotFound("There is no such post.")

    async def opt_out(self, channel: str, author_id: str) -> None:
        """Never again answer somebody by ourselves."""
        async with self._database.connection() as connection, connection.transaction():
            for statement in (_OPT_OUT, _STOP):
                await connection.execute(statement, (channel, author_id))

    async def due(self, limit: int) -> Sequence[tuple[str, str]]:
        """Give posts that are to be looked up again."""
        return [(row[0], row[1]) for row in await self._database.rows(_DUE, (limit,))]

    async def forget(self, channel: str, post_ids: Sequence[str]) -> int:
        """Forget posts that are gone."""
        async with self._database.connection() as connection:
            return sum([await _forget(connection, channel, post_id) for post_id in post_ids])

    async def forget_old(self, days: int) -> int:
        """Forget posts that are so old."""
        async with self._database.connection() as connection:
            await connection.execute(_OLD_ANSWERS, (days,))
            found = await (await connection.execute(_OLD, (days,))).fetchall()
            return sum([await _forget(connection, channel, post_id) for channel, post_id in found])

    async def unsent(self) -> int:
        """Give posts back to people whose automatic answer did not get through."""
        return await self._database.run(_UNSENT)


async def _forget(connection: Connection, channel: str, post_id: str) -> bool:
    async with connection.transaction():
        return await forget(connection, channel, post_id)


def _values(post: Post, judgement: Judgement) -> dict[str, Any]:
    author = post.author
    return {
        "channel": post.channel,
        "address": author.id,
        "post": post.id,
        "kind": post.kind,
        "username": author.username and clean_text(author.username),
        "name": author.name and clean_text(author.name),
        "followers": author.followers,
        "text": clean_text(post.text),
        "at": post.created_at,
        "thread": post.thread,
        "reply_to": post.in_reply_to,
        "quotes": post.quotes,
        "summons": post.is_summoning,
        "impressions": post.impressions,
        "likes": post.likes,
        "reposts": post.reposts,
        "replies": post.replies,
        "guessed": post.language,
        "language": judgement.language,
        "sort": judgement.sort,
        "topic": judgement.topic,
        "flight": judgement.flight,
        "opt_out": judgement.is_opt_out,
    }
