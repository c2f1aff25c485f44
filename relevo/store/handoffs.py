"""Control passing between bot and people, each time in one transaction with its record and its words.

Every change is a compare-and-set on the conversation's row: who comes second writes nothing and learns who was first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from relevo.domain.conversations import Control
from relevo.domain.handoff import SETTLED_OUTCOMES, Handoff
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.express import Asked
from relevo.store.handoff_reads import OVERDUE, HandoffReads
from relevo.store.pool import Connection

_OPEN_STATES = "('requested', 'queued', 'offered', 'agent', 'wrap_up')"

# One statement for every step: the row's lock makes the position, and so the order, its own.
PASS = """
WITH before AS (
    SELECT id, channel, control, agent_id FROM conversations
    WHERE workspace_id = 1 AND id = %(id)s AND control = ANY(%(from)s)
      AND (%(version)s::bigint IS NULL OR control_version = %(version)s)
      AND (%(holder)s::integer IS NULL OR agent_id = %(holder)s) FOR UPDATE
), passed AS (
    UPDATE conversations c SET control = %(to)s, control_version = c.control_version + 1, agent_id = %(agent)s,
        last_position = c.last_position + 1, updated_at = now()
    FROM before b WHERE c.workspace_id = 1 AND c.id = b.id
    RETURNING c.id, c.last_position, c.control_version, b.control AS was
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position, 'control', 'system',
        jsonb_build_object('custom', %(custom)s::jsonb || jsonb_build_object('from', was, 'to', %(to)s::text))
    FROM passed
)
SELECT control_version FROM passed
"""

_KEEP = f"""
INSERT INTO handoffs (id, conversation_id, episode, idempotency_key, state, trigger, case_id, agent_id, record,
    expires_at, taken_at, queue, waits_since)
SELECT %(handoff)s, %(id)s, (SELECT count(*) + 1 FROM handoffs WHERE workspace_id = 1 AND conversation_id = %(id)s),
    %(key)s, %(state)s, %(trigger)s, %(case)s, %(agent)s, %(record)s::jsonb, %(expires_at)s,
    CASE WHEN %(agent)s::integer IS NULL THEN NULL ELSE now() END,
    coalesce(%(record)s::jsonb #>> '{{routing,queue}}', 'default'), CASE WHEN %(state)s <> 'requested' THEN now() END
WHERE NOT EXISTS (SELECT FROM handoffs WHERE workspace_id = 1 AND conversation_id = %(id)s AND state IN {_OPEN_STATES})
ON CONFLICT DO NOTHING
"""
# An earlier one to which nobody could come, since nobody was online: the bot has control.
_SUPERSEDE = f"""
UPDATE handoffs SET state = 'expired', ended_at = now(), offered_to = NULL, offer_ends_at = NULL
WHERE workspace_id = 1 AND conversation_id = %(id)s AND state IN {_OPEN_STATES}
"""
# The contact was told that it is open: so it is, though somebody ended it meanwhile.
_OPEN_AGAIN = """
UPDATE cases SET status = 'open', outcome = NULL, closed_at = NULL, agent_id = NULL,
    due_at = coalesce((%(record)s::jsonb #>> '{sla,first_response_due_at}')::timestamptz, now())
WHERE workspace_id = 1 AND id = %(case)s AND status <> 'open'
"""
_HAS_BOT = "SELECT FROM conversations WHERE workspace_id = 1 AND id = %(id)s AND control = 'bot'"
HOLD = "SELECT FROM conversations WHERE workspace_id = 1 AND id = %(id)s FOR NO KEY UPDATE"
# Whoever takes an account away waits for this, and then finds what its agent has.
HAS_ACCOUNT = "SELECT FROM agents WHERE workspace_id = 1 AND id = %(agent)s AND removed_at IS NULL FOR SHARE"
# Who is put back waits as long again as the record gave them at first, and is offered to somebody else first.
FOLLOW = f"""
UPDATE handoffs SET state = %(state)s,
    expires_at = CASE WHEN %(state)s = 'queued' THEN now()
        + ((record ->> 'expires_at')::timestamptz - (record ->> 'created_at')::timestamptz) ELSE expires_at END,
    waits_since = CASE WHEN %(state)s = 'queued' THEN now() ELSE waits_since END,
    asked = CASE WHEN %(state)s = 'queued' THEN array_remove(ARRAY[agent_id], NULL) ELSE asked END,
    asked_at = CASE WHEN %(state)s = 'queued' THEN now() ELSE asked_at END,
    offered_to = NULL, offer_ends_at = NULL, told_place = NULL, told_wait_seconds = NULL, told_at = NULL,
    agent_id = coalesce(%(agent)s, agent_id), handback = %(handback)s::jsonb,
    taken_at = CASE WHEN %(state)s = 'agent' THEN now() ELSE taken_at END,
    ended_at = CASE WHEN %(state)s IN ('ended', 'expired', 'failed') THEN now() END
WHERE workspace_id = 1 AND conversation_id = %(id)s AND state IN {_OPEN_STATES}
"""
SAY = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 1, updated_at = now()
    WHERE workspace_id = 1 AND id = %(id)s RETURNING id, channel, last_position
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position, 'message', 'system', %(content)s::jsonb FROM grown
)
INSERT INTO deliveries (conversation_id, position, channel) SELECT id, last_position, channel FROM grown
"""
_OPENING = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 1, updated_at = now()
    WHERE workspace_id = 1 AND id = %(id)s RETURNING id, channel, last_position
), row AS (
    INSERT INTO inbox (channel, external_id, conversation_id, position, text, metadata, kind)
    SELECT channel, %(external)s, id, last_position, '/handed_back', %(record)s::jsonb, 'handback' FROM grown
    RETURNING id, conversation_id, position
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content, inbox_id)
    SELECT conversation_id, position, 'handback', 'agent', jsonb_build_object('custom', %(record)s::jsonb), id FROM row
)
SELECT id FROM row
"""
ASSIGN = """
UPDATE cases s SET agent_id = %(agent)s FROM case_conversations l
WHERE l.workspace_id = 1 AND l.conversation_id = %(id)s
  AND s.workspace_id = 1 AND s.id = l.case_id AND s.status = 'open'
"""
_RESOLVE = """
UPDATE cases s SET status = 'resolved', outcome = %(outcome)s, closed_at = now(), agent_id = %(agent)s
WHERE s.workspace_id = 1 AND s.status = 'open'
  AND s.id = (SELECT h.case_id FROM handoffs h WHERE h.workspace_id = 1 AND h.conversation_id = %(id)s
    ORDER BY h.episode DESC LIMIT 1)
  AND NOT EXISTS (SELECT FROM effects f WHERE f.workspace_id = 1 AND f.case_id = s.id
    AND f.state IN ('prepared', 'intended'))
"""


def handoff_statements(conversation_id: UUID, handoff: Handoff) -> Iterator[Asked]:
    """Give what keeps a handoff that a turn asked for; control passes to the queue where somebody is online."""
    values = _handoff_values(conversation_id, handoff)
    yield _SUPERSEDE, values
    yield _OPEN_AGAIN, values
    yield _KEEP, values | {"state": "queued" if handoff.is_anybody_online else "requested"}
    if handoff.is_anybody_online:
        for before, after in ((Control.BOT, Control.REQUESTED), (Control.REQUESTED, Control.QUEUED)):
            yield PASS, step(conversation_id, (before,), after)


async def write_handoff(connection: Connection, conversation_id: UUID, handoff: Handoff) -> None:
    """Do that within a transaction."""
    for statement, values in handoff_statements(conversation_id, handoff):
        await connection.execute(statement, values)


async def end_waiting(connection: Connection, conversation_id: UUID, text: str, state: str) -> bool:
    """Give the bot control within a transaction where a person is still waited for, and say so; tell whether it was."""
    waiting = (Control.REQUESTED, Control.QUEUED, Control.OFFERED)
    steps: list[tuple[tuple[Control, ...], Control]] = [(waiting, Control.BOT)]
    if state == "expired":
        steps = [(waiting, Control.EXPIRED), ((Control.EXPIRED,), Control.BOT)]
    for before, after in steps:
        if await (await connection.execute(PASS, step(conversation_id, before, after))).fetchone() is None:
            return False
    await connection.execute(FOLLOW, {"id": conversation_id, "state": state, "agent": None, "handback": None})
    await connection.execute(SAY, {"id": conversation_id, "content": rows.json_text({"text": text})})
    return True


async def pass_on(connection: Connection, conversation_id: UUID, version: int, agent_id: int, to_agent_id: int) -> int:
    """Give what an agent has to a colleague, within a transaction, and give the new version; raises Conflict."""
    if not (await connection.execute(HAS_ACCOUNT, {"agent": to_agent_id})).rowcount:
        raise NotFound("There is no such colleague, or their account was removed. Choose another.", code="no_colleague")
    values = step(conversation_id, (Control.AGENT,), Control.AGENT, agent=to_agent_id, version=version)
    cursor = await connection.execute("SELECT id, name FROM agents WHERE id = ANY(%s)", ([agent_id, to_agent_id],))
    names: dict[int, str] = {row[0]: row[1] for row in await cursor.fetchall()}
    told = {"agent_id": to_agent_id, "by": agent_id, "by_name": names[agent_id], "to_name": names[to_agent_id]}
    custom = rows.json_text(told)
    row = await (await connection.execute(PASS, values | {"holder": agent_id, "custom": custom})).fetchone()
    if row is None:
        raise await quicker(connection, conversation_id)
    await connection.execute(FOLLOW, {"id": conversation_id, "state": "agent", "agent": to_agent_id, "handback": None})
    await connection.execute(ASSIGN, {"id": conversation_id, "agent": to_agent_id})
    return int(row[0])


class PostgresHandoffs(HandoffReads):
    """Handoffs on PostgreSQL; see contracts.desk.Handoffs."""

    async def take_over(self, conversation_id: UUID, version: int, agent_id: int, handoff: Handoff | None) -> int:
        """Give an agent control from whoever has it, and give the new version."""
        sources = (Control.BOT, Control.REQUESTED, Control.QUEUED, Control.OFFERED)
        values = step(conversation_id, sources, Control.AGENT, agent=agent_id, version=version)
        async with self._database.connection() as connection, connection.transaction():
            if not (await connection.execute(HAS_ACCOUNT, {"agent": agent_id})).rowcount:
                raise Conflict("Your account was removed; somebody who has one must take it.", code="no_account")
            row = await (await connection.execute(PASS, values)).fetchone()
            if row is None:  # what is offered and comes back meanwhile waits all the same
                values |= {"from": [Control.QUEUED.value, Control.OFFERED.value], "version": None}
                row = await (await connection.execute(PASS, values)).fetchone()
            if row is None:
                raise await quicker(connection, conversation_id)
            follow = {"id": conversation_id, "state": "agent", "agent": agent_id, "handback": None}
            if not (await connection.execute(FOLLOW, follow)).rowcount and handoff is not None:
                kept = _handoff_values(conversation_id, handoff) | {"state": "agent", "agent": agent_id}
                await connection.execute(_KEEP, kept)
            await connection.execute(ASSIGN, {"id": conversation_id, "agent": agent_id})
        taken: int = row[0]
        return taken

    async def hand_back(self, conversation_id: UUID, version: int, agent_id: int, record: Mapping[str, Any]) -> int:
        """Give the bot control and the record, and give the inbox row that makes it open."""
        external = f"handback:{conversation_id}:{version}:{agent_id}"
        known = await self._database.rows(
            "SELECT q.id FROM inbox q JOIN conversations c ON c.workspace_id = 1 AND c.id = %s"
            " WHERE q.workspace_id = 1 AND q.channel = c.channel AND q.external_id = %s",
            (conversation_id, external),
        )
        if known:
            return int(known[0][0])
        async with self._database.connection() as connection, connection.transaction():
            await self._end(connection, (conversation_id, version, agent_id), record, Control.BOT)
            values = {"id": conversation_id, "external": external, "record": rows.json_text(record)}
            row = await (await connection.execute(_OPENING, values)).fetchone()
            assert row is not None
            inbox_id: int = row[0]
            return inbox_id

    async def close(self, conversation_id: UUID, version: int, agent_id: int, record: Mapping[str, Any]) -> None:
        """End an agent's stretch without the bot saying anything."""
        async with self._database.connection() as connection, connection.transaction():
            await self._end(connection, (conversation_id, version, agent_id), record, Control.WRAP_UP)
            await connection.execute(PASS, step(conversation_id, (Control.WRAP_UP,), Control.CLOSED))

    async def put_back(self, conversation_id: UUID, version: int, agent_id: int) -> None:
        """Put what an agent has back into the queue, for somebody else."""
        async with self._database.connection() as connection, connection.transaction():
            held = step(conversation_id, (Control.AGENT,), Control.QUEUED, version=version) | {"holder": agent_id}
            if not (await connection.execute(PASS, held)).rowcount:
                raise await quicker(connection, conversation_id)
            follow = {"id": conversation_id, "state": "queued", "agent": None, "handback": None}
            await connection.execute(FOLLOW, follow)
            await connection.execute(ASSIGN, {"id": conversation_id, "agent": None})

    async def request(self, conversation_id: UUID, handoff: Handoff) -> bool:
        """Keep a handoff that nobody asked for in a turn: the bot goes on until somebody can take it."""
        values = _handoff_values(conversation_id, handoff) | {"state": "requested"}
        async with self._database.connection() as connection, connection.transaction():
            if not (await connection.execute(f"{_HAS_BOT} FOR NO KEY UPDATE", values)).rowcount:
                return False
            await connection.execute(_SUPERSEDE, values)
            return (await connection.execute(_KEEP, values)).rowcount > 0

    async def reopen(self, conversation_id: UUID) -> None:
        """Give the bot control of a conversation that nobody has."""
        ended = (Control.CLOSED, Control.EXPIRED, Control.FAILED)
        await self._database.run(PASS, step(conversation_id, ended, Control.BOT))

    async def give_up_waiting(self, conversation_id: UUID, text: str, state: str) -> bool:
        """Give the bot control of a conversation that still waits for a person, and say so to the contact."""
        async with self._database.connection() as connection, connection.transaction():
            if state == "expired" and not await _is_overdue(connection, conversation_id):
                return False
            return await end_waiting(connection, conversation_id, text, state)

    async def release(self, agent_id: int) -> list[UUID]:
        """Put back into the queue what an agent has, who is gone."""
        found = await self._database.rows(
            "SELECT id FROM conversations WHERE workspace_id = 1 AND agent_id = %s", (agent_id,)
        )
        for (conversation_id,) in found:
            async with self._database.connection() as connection, connection.transaction():
                values = step(conversation_id, (Control.AGENT,), Control.QUEUED) | {"holder": agent_id}
                if (await connection.execute(PASS, values)).rowcount:
                    follow = {"id": conversation_id, "state": "queued", "agent": None, "handback": None}
                    await connection.execute(FOLLOW, follow)
        await self._database.run(  # who closed a case goes on being known
            "UPDATE cases SET agent_id = NULL WHERE workspace_id = 1 AND agent_id = %s AND status = 'open'", (agent_id,)
        )
        return [conversation_id for (conversation_id,) in found]

    async def _end(
        self, connection: Connection, held: tuple[UUID, int, int], record: Mapping[str, Any], to: Control
    ) -> None:
        conversation_id, version, agent_id = held
        values = step(conversation_id, (Control.AGENT,), to, version=version) | {"holder": agent_id}
        if not (await connection.execute(PASS, values)).rowcount:
            raise await quicker(connection, conversation_id)
        follow = {"id": conversation_id, "state": "ended", "agent": None, "handback": rows.json_text(record)}
        await connection.execute(FOLLOW, follow)
        outcome = record.get("outcome")
        if outcome in SETTLED_OUTCOMES:
            await connection.execute(_RESOLVE, {"id": conversation_id, "outcome": outcome, "agent": agent_id})


async def quicker(connection: Connection, conversation_id: UUID) -> Conflict:
    """Give the refusal for who comes second, with who was first."""
    cursor = await connection.execute(
        "SELECT c.control, a.name FROM conversations c"
        " LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = c.agent_id WHERE c.workspace_id = 1 AND c.id = %s",
        (conversation_id,),
    )
    found = await cursor.fetchone()
    if found is None:
        raise NotFound("There is no such conversation.")
    control, name = found
    who = f"{name} has it now" if name else f"it is with “{control}” now"
    return Conflict(f"Somebody was quicker: {who}. Look again before you decide.", code="taken_over")


async def _is_overdue(connection: Connection, conversation_id: UUID) -> bool:
    """Look again under the row's lock: they may have gone on with the bot meanwhile, and wait anew."""
    await connection.execute(HOLD, {"id": conversation_id})
    return (await connection.execute(f"{OVERDUE} AND c.id = %s", (conversation_id,))).rowcount > 0


def step(
    conversation_id: UUID,
    sources: tuple[Control, ...],
    to: Control,
    *,
    agent: int | None = None,
    version: int | None = None,
) -> dict[str, Any]:
    """Give the values of PASS: who gets control from whom, and what the timeline says of it."""
    return {
        "id": conversation_id,
        "from": [source.value for source in sources],
        "to": to.value,
        "agent": agent,
        "version": version,
        "holder": None,
        "custom": rows.json_text({"agent_id": agent} if agent is not None else {}),
    }


def _handoff_values(conversation_id: UUID, handoff: Handoff) -> dict[str, Any]:
    return {
        "id": conversation_id,
        "handoff": handoff.id,
        "key": handoff.idempotency_key,
        "trigger": handoff.trigger.value,
        "case": handoff.case_id or None,
        "agent": None,
        "record": rows.json_text(handoff.record),
        "expires_at": handoff.expires_at,
    }
