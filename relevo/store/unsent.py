"""Replies that wait a moment: beside the timeline until they are due, so that nobody outside the desk can see them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from relevo.contracts.composer import Unsent, Written
from relevo.domain.messages import clean_text
from relevo.errors import Conflict, NotFound
from relevo.store.pool import Connection, Database
from relevo.store.writing import Row, demand_fit, has_control, hold, known_reply, leave_draft, write_reply

_COLUMNS = "u.conversation_id, u.agent_id, a.name, u.client_id, u.text, u.attachments, u.due_at, c.channel, u.home_id"
_AGENT = (
    "JOIN agents a ON a.workspace_id = 1 AND a.id = u.agent_id"
    " JOIN conversations c ON c.workspace_id = 1 AND c.id = u.conversation_id"
)

_HOLD_BACK = """
INSERT INTO unsent_replies (conversation_id, agent_id, client_id, text, attachments, due_at, home_id, subject)
VALUES (%(id)s, %(agent)s, %(client)s, %(text)s, %(attachments)s::uuid[], now() + make_interval(secs => %(seconds)s),
    %(home)s, %(subject)s)
"""
_WAITING = """
SELECT text, attachments FROM unsent_replies
WHERE workspace_id = 1 AND conversation_id = %s AND agent_id = %s AND client_id = %s
"""
_TAKE = f"""
WITH taken AS (
    DELETE FROM unsent_replies WHERE workspace_id = 1 AND (conversation_id = %(id)s OR home_id = %(id)s)
      AND agent_id = %(agent)s AND client_id = %(client)s RETURNING *
)
SELECT {_COLUMNS} FROM taken u {_AGENT}
"""
# The words come before what was begun since: nobody loses either.
_TO_DRAFT = """
INSERT INTO drafts AS d (conversation_id, agent_id, kind, text, was_not_sent)
VALUES (%(id)s, %(agent)s, 'reply', %(text)s, %(failed)s)
ON CONFLICT (workspace_id, conversation_id, agent_id, kind) DO UPDATE
SET text = excluded.text || E'\\n\\n' || d.text, updated_at = now(),
    was_not_sent = d.was_not_sent OR excluded.was_not_sent
"""
_FORGET_DRAFT = (
    "DELETE FROM drafts WHERE workspace_id = 1 AND conversation_id = %s AND agent_id = %s AND kind = 'reply'"
)
_TAKE_DRAFTS = """
DELETE FROM drafts WHERE workspace_id = 1 AND conversation_id = %(id)s AND agent_id = %(agent)s RETURNING kind, text
"""
_DUE = """
SELECT DISTINCT conversation_id FROM unsent_replies
WHERE workspace_id = 1 AND due_at <= now() LIMIT 100
"""
_OF_BOTH = """
SELECT DISTINCT conversation_id FROM unsent_replies
WHERE workspace_id = 1 AND (conversation_id = %(id)s OR home_id = %(id)s)
"""
# Those before one that is due go with it, so that what was written first is read first.
_FIRST = """
SELECT f.id, f.home_id FROM unsent_replies f WHERE f.workspace_id = 1 AND f.conversation_id = %(id)s
  AND (%(all)s OR EXISTS (SELECT FROM unsent_replies e WHERE e.workspace_id = 1 AND e.conversation_id = %(id)s
    AND e.id >= f.id AND e.due_at <= now()))
ORDER BY f.id LIMIT 1
"""
_POP = """
DELETE FROM unsent_replies WHERE workspace_id = 1 AND id = %s RETURNING agent_id, client_id, text, attachments, subject
"""


class PostgresUnsents:
    """Replies that wait, on PostgreSQL; see contracts.composer.Unsents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, conversation_id: UUID, agent_id: int, written: Written, seconds: float) -> int | None:
        """Keep a reply until it is due; gives its position where it went out already."""
        async with self._database.connection() as connection, connection.transaction():
            row = await hold(connection, conversation_id, written.home)
            known = await known_reply(connection, row, agent_id, written)
            if known is None and not await _waits(connection, row, agent_id, written):
                await demand_fit(connection, row, agent_id, written)
                await connection.execute(_HOLD_BACK, _values(row, agent_id, written) | {"seconds": seconds})
                await connection.execute(_FORGET_DRAFT, (_home(row), agent_id))
            return known

    async def take_back(self, conversation_id: UUID, agent_id: int, client_id: str) -> Unsent:
        """Give a reply back to its agent, as their draft."""
        values: dict[str, Any] = {"id": conversation_id, "agent": agent_id, "client": client_id, "failed": False}
        async with self._database.connection() as connection, connection.transaction():
            await hold(connection, conversation_id)
            found = await (await connection.execute(_TAKE, values)).fetchone()
            if found is None:
                raise Conflict("It went out already; it cannot be taken back.", code="already_sent")
            unsent = _unsent(found)
            if unsent.text:
                home = unsent.home_id or unsent.conversation_id
                await connection.execute(_TO_DRAFT, values | {"id": home, "text": unsent.text})
            return unsent

    async def send(self, conversation_id: UUID | None = None) -> list[UUID]:
        """Write what is due, or all that waits in or was written in one conversation."""
        everything = conversation_id is not None
        asked = _OF_BOTH if everything else _DUE
        found = await self._database.rows(asked, {"id": conversation_id})
        sent = [await self._send_all(row[0], everything=everything) for row in found]
        return list(dict.fromkeys(each for some in sent for each in some))

    async def seconds_to_next(self) -> float | None:
        """Tell in how many seconds the next one is due."""
        found = await self._database.rows(
            "SELECT extract(epoch FROM min(due_at) - now())::float8 FROM unsent_replies WHERE workspace_id = 1"
        )
        soonest: float | None = found[0][0]
        return None if soonest is None else max(0.0, soonest)

    async def note_drafts(self, agent_id: int) -> list[UUID]:
        """Make private notes of what somebody who is gone had begun to write."""
        found = await self._database.rows(
            "SELECT DISTINCT conversation_id FROM drafts WHERE workspace_id = 1 AND agent_id = %s", (agent_id,)
        )
        for (conversation_id,) in found:
            async with self._database.connection() as connection, connection.transaction():
                row = await hold(connection, conversation_id)
                drafts = await connection.execute(_TAKE_DRAFTS, {"id": conversation_id, "agent": agent_id})
                for kind, text in sorted(await drafts.fetchall()):
                    await leave_draft(connection, row, agent_id, (kind, text))
        return [row[0] for row in found]

    async def of(self, conversation_id: UUID) -> list[Unsent]:
        """Give what waits in a conversation."""
        found = await self._database.rows(
            f"SELECT {_COLUMNS} FROM unsent_replies u {_AGENT} WHERE u.workspace_id = 1"
            " AND (u.conversation_id = %(id)s OR u.home_id = %(id)s) ORDER BY u.id",
            {"id": conversation_id},
        )
        return [_unsent(row) for row in found]

    async def _send_all(self, conversation_id: UUID, *, everything: bool) -> list[UUID]:
        """Write one after another, each in a transaction of its own: one that cannot go stops no other."""
        changed: list[UUID] = []
        while (sent := await self._send_first(conversation_id, everything=everything)) is not None:
            changed += sent
        return changed

    async def _send_first(self, conversation_id: UUID, *, everything: bool) -> list[UUID] | None:
        """Write the first one, and give what changed; None where nothing is left to be sent."""
        async with self._database.connection() as connection, connection.transaction():
            asked = {"id": conversation_id, "all": everything}
            first = await (await connection.execute(_FIRST, asked)).fetchone()
            if first is None:
                return None
            number, home_id = first
            try:
                row = await hold(connection, conversation_id, home_id)
            except NotFound:  # erased meanwhile, with all that waited
                return None
            found = await (await connection.execute(_POP, (number,))).fetchone()
            if found is None:  # somebody else has sent it, or it was taken back
                return []
            agent_id, client_id, text, attachments, subject = found
            written = Written(text=text, client_id=client_id, attachments=tuple(attachments), subject=subject)
            await _send(connection, row, agent_id, written)
            return [row.id] if row.home is None else [row.id, row.home.id]


async def _send(connection: Connection, row: Row, agent_id: int, written: Written) -> None:
    if has_control(row, agent_id):
        try:
            async with connection.transaction():
                await write_reply(connection, row, agent_id, written, forgets_draft=False)
            return
        except Conflict:  # its file went with another reply: the words are not lost
            pass
    values = {"id": _home(row), "agent": agent_id, "text": written.text, "failed": True}
    await connection.execute(_TO_DRAFT, values)


async def _waits(connection: Connection, row: Row, agent_id: int, written: Written) -> bool:
    found = await (await connection.execute(_WAITING, (row.id, agent_id, written.client_id))).fetchone()
    if found is not None and found != (clean_text(written.text), list(written.attachments)):
        raise Conflict(
            "This client id was used before with another text; give every text an id of its own.",
            code="client_id_reused",
        )
    return found is not None


def _values(row: Row, agent_id: int, written: Written) -> dict[str, Any]:
    return {
        "id": row.id,
        "agent": agent_id,
        "client": written.client_id,
        "text": clean_text(written.text),
        "attachments": list(written.attachments),
        "home": written.home,
        "subject": written.subject,
    }


def _home(row: Row) -> UUID:
    return (row.home or row).id


def _unsent(row: tuple[Any, ...]) -> Unsent:
    names = Unsent.__struct_fields__
    return Unsent(**{**dict(zip(names, row, strict=True)), "attachments": tuple(row[5])})
