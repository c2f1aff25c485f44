"""Agents' words on the timeline: replies and notes, what the bot wanted to say, and a conversation given on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from relevo.contracts.composer import HeldDecision, Written
from relevo.contracts.mail import EMAIL
from relevo.domain.attachments import desk_channel
from relevo.domain.conversations import Control
from relevo.domain.messages import SENT_ELSEWHERE, clean_text
from relevo.errors import Conflict, NotFound, RequestError
from relevo.store import rows
from relevo.store.handoffs import pass_on
from relevo.store.held_words import decide, decisions, held_text
from relevo.store.pool import Connection, Database

TYPING_SECONDS = 15

# What is written since is counted under the conversation's lock: nobody can write between the look and the answer.
_HOLD = """
SELECT c.channel, c.control, c.agent_id, c.last_position, i.address FROM conversations c
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
WHERE c.workspace_id = 1 AND c.id = %s FOR NO KEY UPDATE OF c
"""
_KNOWN = """
SELECT position, kind, content FROM entries
WHERE workspace_id = 1 AND conversation_id = %s AND external_id = %s AND author = 'agent'
"""
_SINCE = """
SELECT count(*), max(position) FROM entries
WHERE workspace_id = 1 AND conversation_id = %(id)s AND position > %(seen)s AND kind IN ('message', 'note')
  AND author <> 'system' AND NOT (author = 'agent' AND starts_with(coalesce(external_id, ''), %(mine)s))
"""
_TYPING = """
SELECT a.name FROM lookers l JOIN agents a ON a.workspace_id = 1 AND a.id = l.agent_id
WHERE l.workspace_id = 1 AND l.conversation_id = %(id)s AND l.agent_id <> %(agent)s AND l.is_typing
  AND l.seen_at > now() - make_interval(secs => %(seconds)s) ORDER BY l.seen_at DESC LIMIT 1
"""
_GROW = """
UPDATE conversations SET last_position = last_position + 1, updated_at = now()
WHERE workspace_id = 1 AND id = %s RETURNING last_position
"""
_ENTRY = """
INSERT INTO entries (conversation_id, position, kind, author, content, external_id)
VALUES (%(id)s, %(position)s, %(kind)s, 'agent', %(content)s::jsonb, %(external)s)
"""
# What waits before an agent's reply goes as soon as that: else it would hold the reply up. What waits because its
# platform takes few is tried anew, since part of what it takes is kept for agents.
_QUEUE = """
WITH sooner AS (
    UPDATE deliveries SET priority = 0, due_at = CASE WHEN reason IS NULL THEN due_at ELSE least(due_at, now()) END
    WHERE workspace_id = 1 AND conversation_id = %(id)s AND state = 'queued' AND doubted_at IS NULL
)
INSERT INTO deliveries (conversation_id, position, channel, priority) VALUES (%(id)s, %(position)s, %(channel)s, 0)
"""
_FORGET_DRAFT = "DELETE FROM drafts WHERE workspace_id = 1 AND conversation_id = %s AND agent_id = %s AND kind = %s"
_MENTION = """
INSERT INTO mentions (conversation_id, position, agent_id, by_agent_id)
SELECT %s, %s, id, %s FROM agents WHERE workspace_id = 1 AND id = ANY(%s) AND removed_at IS NULL
"""
# A file of an agent's becomes the contact's when it is sent: they read it as they read their own.
_HAND_OVER = """
UPDATE attachments SET conversation_id = %(id)s, position = %(position)s, agent_id = %(agent)s,
    channel = %(channel)s, address = %(address)s
WHERE workspace_id = 1 AND id = ANY(%(ids)s) AND channel = %(from)s AND address = %(home)s
  AND conversation_id IS NULL
RETURNING id, name, mime, size_bytes, sha256, width, height
"""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation's row, locked until the transaction ends."""

    id: UUID
    channel: str
    control: str
    agent_id: int | None
    last_position: int
    address: str
    home: Row | None = None
    """Where is written what goes out here, if that is another one."""


class PostgresWriting:
    """Agents' words on PostgreSQL; see contracts.composer.Writing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reply(self, conversation_id: UUID, agent_id: int, written: Written) -> int:
        """Write to the contact as an agent who has control."""
        async with self._database.connection() as connection, connection.transaction():
            row = await hold(connection, conversation_id, written.home)
            known = await known_reply(connection, row, agent_id, written)
            if known is not None:
                return known
            await demand_fit(connection, row, agent_id, written)
            return await write_reply(connection, row, agent_id, written)

    async def sent_from(self, conversation_id: UUID, agent_id: int, client_id: str) -> UUID | None:
        """Give where a reply went that was written here and sent elsewhere."""
        found = await self._database.rows(_KNOWN, (conversation_id, _id_at_home(agent_id, client_id)))
        return UUID(found[0][2]["custom"]["conversation_id"]) if found else None

    async def note(
        self, conversation_id: UUID, agent_id: int, text: str, client_id: str, mentioned: Sequence[int] = ()
    ) -> int:
        """Write for agents alone."""
        async with self._database.connection() as connection, connection.transaction():
            row = await hold(connection, conversation_id)
            external, text = external_id(agent_id, client_id), clean_text(text)
            known = await _known(connection, row, external, "note", {"text": text})
            if known is not None:
                return known
            return await _write_note(connection, row, agent_id, (external, text), mentioned)

    async def transfer(self, conversation_id: UUID, version: int, agent_id: int, to_agent_id: int, note: str) -> int:
        """Give a conversation and its cases to a colleague."""
        async with self._database.connection() as connection, connection.transaction():
            row = await hold(connection, conversation_id)
            passed = await pass_on(connection, conversation_id, version, agent_id, to_agent_id)
            if note:
                external = external_id(agent_id, f"transfer:{passed}")
                await _write_note(connection, row, agent_id, (external, clean_text(note)), [to_agent_id])
            return passed

    async def send_held(self, conversation_id: UUID, agent_id: int, position: int, seen: int | None) -> int:
        """Write what the bot wanted to say as the agent's own words, once."""
        async with self._database.connection() as connection, connection.transaction():
            row = await hold(connection, conversation_id)
            text = await held_text(connection, row.id, position)
            written = Written(text=text, client_id=f"held:{position}", seen=seen)
            known = await known_reply(connection, row, agent_id, written)
            if known is not None:
                return known
            await demand_fit(connection, row, agent_id, written)
            await decide(connection, (row.id, position), "sent", agent_id)
            return await write_reply(connection, row, agent_id, written, forgets_draft=False)

    async def drop_held(self, conversation_id: UUID, agent_id: int, position: int) -> None:
        """Decide that what the bot wanted to say is not said."""
        async with self._database.connection() as connection, connection.transaction():
            row = await hold(connection, conversation_id)
            await held_text(connection, row.id, position)
            _demand_control(row, agent_id)
            await decide(connection, (row.id, position), "dropped", agent_id)

    async def held(self, conversation_id: UUID) -> Mapping[int, HeldDecision]:
        """Give what became of the bot's held words."""
        return await decisions(self._database, conversation_id)


async def hold(connection: Connection, conversation_id: UUID, home_id: UUID | None = None) -> Row:
    """Lock a conversation until the transaction ends, and the one at home, always in one order; raises NotFound."""
    ids = sorted({conversation_id, home_id or conversation_id})
    held = {each: await _hold_one(connection, each) for each in ids}
    return replace(held[conversation_id], home=held[home_id]) if home_id and len(ids) > 1 else held[conversation_id]


async def _hold_one(connection: Connection, conversation_id: UUID) -> Row:
    found = await (await connection.execute(_HOLD, (conversation_id,))).fetchone()
    if found is None:
        raise NotFound("There is no such conversation.")
    names = ("channel", "control", "agent_id", "last_position", "address")
    return Row(id=conversation_id, **dict(zip(names, found, strict=True)))


async def known_reply(connection: Connection, row: Row, agent_id: int, written: Written) -> int | None:
    """Give where the same reply was written before; raises Conflict when its client id was used for another."""
    content: dict[str, Any] = {"text": clean_text(written.text)} if written.text else {}
    if written.attachments:
        content["attachments"] = [str(attachment) for attachment in written.attachments]
    return await _known(connection, row, external_id(agent_id, written.client_id), "message", content)


async def demand_fit(connection: Connection, row: Row, agent_id: int, written: Written) -> None:
    """Raise Conflict unless this agent may write, and has seen what was written and who else is writing."""
    _demand_control(row, agent_id)
    values = {"id": (row.home or row).id, "agent": agent_id, "seen": written.seen, "mine": f"agent:{agent_id}:"}
    if written.seen is not None:
        found = await (await connection.execute(_SINCE, values)).fetchone()
        if found is not None and found[0]:
            raise _seen_since(*found)
    if written.seen is not None and not written.is_sure:
        typing = await (await connection.execute(_TYPING, values | {"seconds": TYPING_SECONDS})).fetchone()
        if typing is not None:
            raise Conflict(
                f"{typing[0]} is writing here, too. Nothing was sent; send it again if you are sure.",
                code="colleague_types",
                details={"name": typing[0]},
            )


async def write_reply(
    connection: Connection, row: Row, agent_id: int, written: Written, *, forgets_draft: bool = True
) -> int:
    """Write a reply and queue it, within a transaction that holds the conversation; gives its position."""
    position = await _grown(connection, row)
    content: dict[str, Any] = {"text": clean_text(written.text)} if written.text else {}
    if written.subject:
        content["subject"] = clean_text(written.subject)
    entry = _entry(row, position, "message", (external_id(agent_id, written.client_id), content))
    await connection.execute(_ENTRY, entry)
    if written.attachments:
        content["attachments"] = await _handed_over(connection, row, agent_id, (position, written.attachments))
        await connection.execute(
            "UPDATE entries SET content = %s::jsonb WHERE workspace_id = 1 AND conversation_id = %s AND position = %s",
            (rows.json_text(content), row.id, position),
        )
    await connection.execute(_QUEUE, {"id": row.id, "position": position, "channel": row.channel})
    if row.home is not None:
        told = {"agent_id": agent_id, "channel": row.channel, "conversation_id": str(row.id), "position": position}
        said = (_id_at_home(agent_id, written.client_id), {"custom": told})
        own = await _grown(connection, row.home)
        await connection.execute(_ENTRY, _entry(row.home, own, SENT_ELSEWHERE, said))
    if forgets_draft:
        await connection.execute(_FORGET_DRAFT, ((row.home or row).id, agent_id, "reply"))
    return position


async def leave_draft(connection: Connection, row: Row, agent_id: int, draft: tuple[str, str]) -> None:
    """Make a private note of what somebody had begun to write and will not end, within a transaction."""
    kind, text = draft
    position = await _grown(connection, row)
    content = {"text": text, "custom": {"agent_id": agent_id, "begun_as": kind}}
    said = (external_id(agent_id, f"left:{uuid4().hex}"), content)
    await connection.execute(_ENTRY, _entry(row, position, "note", said))


def has_control(row: Row, agent_id: int) -> bool:
    """Tell whether an agent may write to the contact: nobody answers in a mail's own conversation."""
    asked = [row] if row.home is None else [row.home] if row.channel == EMAIL else [row, row.home]
    return all(each.control == Control.AGENT.value and each.agent_id == agent_id for each in asked)


def external_id(agent_id: int, client_id: str) -> str:
    """Give under which id an agent's words are written."""
    return f"agent:{agent_id}:{client_id}"


def _id_at_home(agent_id: int, client_id: str) -> str:
    return external_id(agent_id, f"elsewhere:{client_id}")


def not_in_control() -> RequestError:
    """Give the refusal of whoever does not have the conversation."""
    return Conflict(
        "You do not have this conversation. Take it over first; nothing was written.", code="not_in_control"
    )


def _demand_control(row: Row, agent_id: int) -> None:
    if not has_control(row, agent_id):
        raise not_in_control()


def _seen_since(count: int, position: int) -> Conflict:
    many = "1 new message" if count == 1 else f"{count} new messages"
    return Conflict(
        f"{many} since you began; nothing was sent. Look, then send it with “seen” {position}.",
        code="seen_since",
        details={"count": count, "position": position},
    )


async def _known(connection: Connection, row: Row, external: str, kind: str, content: Mapping[str, Any]) -> int | None:
    found = await (await connection.execute(_KNOWN, (row.id, external))).fetchone()
    if found is None:
        return None
    position, was, before = found
    same = was == kind and before.get("text") == content.get("text")
    if not same or [file["id"] for file in before.get("attachments", ())] != content.get("attachments", []):
        raise Conflict(
            "This client id was used before with another text; give every text an id of its own.",
            code="client_id_reused",
        )
    return int(position)


async def _write_note(
    connection: Connection, row: Row, agent_id: int, said: tuple[str, str], mentioned: Sequence[int]
) -> int:
    external, text = said
    position = await _grown(connection, row)
    content = {"text": text, "custom": {"agent_id": agent_id}}
    await connection.execute(_ENTRY, _entry(row, position, "note", (external, content)))
    if mentioned:
        await connection.execute(_MENTION, (row.id, position, agent_id, list(mentioned)))
    await connection.execute(_FORGET_DRAFT, (row.id, agent_id, "note"))
    return position


async def _handed_over(
    connection: Connection, row: Row, agent_id: int, sent: tuple[int, Sequence[UUID]]
) -> list[dict[str, Any]]:
    position, ids = sent
    values = {"id": row.id, "position": position, "agent": agent_id, "ids": list(ids), "from": desk_channel(agent_id)}
    values |= {"channel": row.channel, "address": row.address, "home": str((row.home or row).id)}
    found = {each[0]: each for each in await (await connection.execute(_HAND_OVER, values)).fetchall()}
    if len(found) != len(set(ids)):
        raise Conflict(
            "One of these files was sent already, or was kept too long without being sent. Attach it again.",
            code="attachment_used",
        )
    names = ("id", "name", "mime", "size_bytes", "sha256", "width", "height")
    files = [dict(zip(names, found[attachment], strict=True)) for attachment in ids]
    return [{name: value for name, value in file.items() if value is not None} for file in files]


async def _grown(connection: Connection, row: Row) -> int:
    found = await (await connection.execute(_GROW, (row.id,))).fetchone()
    assert found is not None
    return int(found[0])


def _entry(row: Row, position: int, kind: str, said: tuple[str, Mapping[str, Any]]) -> dict[str, Any]:
    external, content = said
    return {
        "id": row.id,
        "position": position,
        "kind": kind,
        "content": rows.json_text(content),
        "external": external,
    }
