"""Brings a post into its author's conversation: there the timeline tells of it, its case and what was answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from relevo.contracts.posts import PUBLIC, PUBLIC_REPLY, SEEN_POST, Answer, PostCase, WatchedPost
from relevo.contracts.store import TurnOutcome
from relevo.domain.cases import CaseContact, CaseRequest, Priority, Trigger
from relevo.domain.messages import clean_text
from relevo.store import rows
from relevo.store.cases import write_cases
from relevo.store.pool import Connection

# Whatever is decided about one author is decided one after the other: two posts of the same minute get one answer.
_HOLD = """
SELECT pg_advisory_xact_lock(hashtextextended(p.channel || ' ' || p.identity_id::text, 34))
FROM posts p WHERE p.workspace_id = 1 AND p.id = %s
"""
_MEET = """
WITH author AS (
    SELECT p.identity_id, p.channel, p.language FROM posts p WHERE p.workspace_id = 1 AND p.id = %(id)s
), made AS (
    INSERT INTO conversations (identity_id, channel, language) SELECT identity_id, channel, language FROM author
    ON CONFLICT (workspace_id, identity_id) DO NOTHING RETURNING id
)
SELECT id FROM made UNION ALL SELECT c.id FROM author a
JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = a.identity_id LIMIT 1
"""
_WRITE = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 1, updated_at = now()
    WHERE workspace_id = 1 AND id = %(conversation)s RETURNING id, last_position
)
INSERT INTO entries (conversation_id, position, kind, author, content)
SELECT id, last_position, %(kind)s, %(author)s, %(content)s::jsonb FROM grown RETURNING position
"""
_PLACED = "UPDATE posts SET conversation_id = %s, position = %s WHERE workspace_id = 1 AND id = %s"
_REACH = """
UPDATE entries e SET content = jsonb_set(e.content, '{custom,post}', e.content #> '{custom,post}' || jsonb_build_object(
    'impressions', p.impressions, 'an_hour', %(an_hour)s::bigint, 'followers', p.followers))
FROM posts p WHERE p.workspace_id = 1 AND p.id = %(id)s AND e.workspace_id = 1
  AND e.conversation_id = p.conversation_id AND e.position = p.position
"""
_JOINED = """
SELECT s.id FROM cases s JOIN contacts k ON k.workspace_id = 1 AND k.id = %(contact)s
WHERE s.workspace_id = 1 AND s.status = 'open' AND (s.contact_id = k.id OR s.business_ref = k.business_ref)
  AND (s.type = %(type)s OR s.trigger = 'public_post' OR %(type)s = 'other')
ORDER BY s.type = %(type)s DESC, s.opened_at DESC LIMIT 1
"""
_IN_CASE = "UPDATE posts SET case_id = %s WHERE workspace_id = 1 AND id = %s"

# By itself: once in a thread, never to whoever was answered within a day or wants nothing.
_MAY = """
INSERT INTO post_answers (channel, author_hash, thread_hash, is_by_person)
SELECT %(channel)s, sha256(convert_to(%(author)s, 'UTF8')), sha256(convert_to(%(thread)s, 'UTF8')), %(by_person)s
WHERE %(by_person)s OR NOT EXISTS (SELECT FROM post_opt_outs o WHERE o.workspace_id = 1
    AND o.channel = %(channel)s AND o.author_hash = sha256(convert_to(%(author)s, 'UTF8')))
  AND NOT EXISTS (SELECT FROM post_answers n WHERE n.workspace_id = 1 AND n.channel = %(channel)s
    AND n.author_hash = sha256(convert_to(%(author)s, 'UTF8')) AND n.answered_at > now() - interval '24 hours')
  AND NOT EXISTS (SELECT FROM post_answers t WHERE t.workspace_id = 1 AND t.channel = %(channel)s
    AND t.thread_hash = sha256(convert_to(%(thread)s, 'UTF8')))
ON CONFLICT DO NOTHING
"""
_SEND = """
INSERT INTO deliveries (conversation_id, position, channel) VALUES (%(conversation)s, %(position)s, %(public)s)
"""
_ANSWERED = """
UPDATE posts SET state = 'answered', reply_position = %(position)s, agent_id = coalesce(%(agent)s, agent_id),
    decided_at = coalesce(decided_at, now())
WHERE workspace_id = 1 AND id = %(id)s
"""


async def hold(connection: Connection, number: int) -> None:
    """Let nobody else decide about a post's author until the transaction ends."""
    await connection.execute(_HOLD, (number,))


async def queue_reply(connection: Connection, post: WatchedPost, answer: Answer) -> bool:
    """Write a reply, and its case, unless a rule forbids it."""
    asked = {
        "channel": post.post.channel,
        "author": post.post.author.id,
        "thread": post.post.thread,
        "by_person": answer.agent_id is not None,
    }
    if not (await connection.execute(_MAY, asked)).rowcount:
        return False
    conversation_id = await _placed(connection, post)
    if answer.case is not None and post.case_id is None:
        await into_case(connection, post, answer.case, post.priority, answer.agent_id)
    told: dict[str, Any] = {"in_reply_to": post.post.id}
    told |= {"agent_id": answer.agent_id} if answer.agent_id is not None else {}
    told |= {"incident": answer.incident_id} if answer.incident_id is not None else {}
    content = {"text": clean_text(answer.text), "custom": told}
    author = "bot" if answer.agent_id is None else "agent"
    position = await _write(connection, conversation_id, PUBLIC_REPLY, author, content)
    values = {
        "id": post.id,
        "conversation": conversation_id,
        "position": position,
        "public": PUBLIC,
        "agent": answer.agent_id,
    }
    await connection.execute(_SEND, values)
    await connection.execute(_ANSWERED, values)
    return True


async def into_case(
    connection: Connection, post: WatchedPost, case: PostCase, priority: Priority, agent_id: int | None
) -> str:
    """Open a case for a post, or join the open one that it belongs to, and give its number."""
    conversation_id = await _placed(connection, post)
    found = await connection.execute(_JOINED, {"contact": post.contact_id, "type": case.type})
    joined, detail = await found.fetchone(), {"post": post.post.url}
    number = str(joined[0]) if joined else case.id
    if joined:
        again = CaseContact(case_id=number, priority=priority, due_seconds=case.due_seconds, detail=detail)
        outcome = TurnOutcome(contacts=(again,))
        told: dict[str, Any] = {"case": number, "again": True}
    else:
        opened = CaseRequest(
            id=number,
            type=case.type,
            trigger=Trigger.PUBLIC_POST,
            goal=case.goal,
            detail=detail,
            priority=priority,
            due_seconds=case.due_seconds,
        )
        outcome = TurnOutcome(cases=(opened,))
        told = {"case": number, "type": case.type, "trigger": Trigger.PUBLIC_POST.value}
    told |= {"agent_id": agent_id} if agent_id is not None else {}
    await write_cases(connection, conversation_id, outcome)
    await _write(connection, conversation_id, "case", "system", {"custom": told})
    await connection.execute(_IN_CASE, (number, post.id))
    return number


async def tell_reach(connection: Connection, number: int, an_hour: int | None) -> None:
    """Have the timeline tell how far a post has come by now."""
    await connection.execute(_REACH, {"id": number, "an_hour": an_hour})


async def _placed(connection: Connection, post: WatchedPost) -> UUID:
    """Give the author's conversation, made where it is missing, with the post on its timeline."""
    known = await connection.execute("SELECT conversation_id FROM posts WHERE workspace_id = 1 AND id = %s", (post.id,))
    if (row := await known.fetchone()) and row[0]:
        return UUID(str(row[0]))
    found = await (await connection.execute(_MEET, {"id": post.id})).fetchone()
    if found is None:  # made by a message of theirs in this very moment
        found = await (await connection.execute(_MEET, {"id": post.id})).fetchone()
    assert found is not None
    conversation_id: UUID = found[0]
    position = await _write(connection, conversation_id, SEEN_POST, "contact", _told(post))
    await connection.execute(_PLACED, (conversation_id, position, post.id))
    return conversation_id


def _told(post: WatchedPost) -> dict[str, Any]:
    told = {
        "id": post.id,
        "url": post.post.url,
        "username": post.post.author.username,
        "impressions": post.post.impressions,
        "an_hour": post.an_hour,
        "followers": post.post.author.followers,
    }
    return {"text": post.post.text, "custom": {"post": told}}


async def _write(connection: Connection, conversation_id: UUID, kind: str, author: str, content: dict[str, Any]) -> int:
    values = {"conversation": conversation_id, "kind": kind, "author": author, "content": rows.json_text(content)}
    row = await (await connection.execute(_WRITE, values)).fetchone()
    assert row is not None
    return int(row[0])
