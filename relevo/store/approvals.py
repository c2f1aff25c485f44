"""Prepared effects and what people decide about them: each decision a compare-and-set, with its words to the contact.

An approval binds the hash of what was shown. Whoever asked for the effect or last changed it may not approve it, nor
may anybody whose own it is; the row itself refuses that, so that no two decisions can meet. The contact's conversation
is locked before the effect, as turns do it: in two orders, a turn and a decision could wait for each other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from relevo.domain.cases import Case, Priority
from relevo.domain.effects import DECLINED, EXPIRED, VOUCHER, EffectOrder, EffectResult, EffectState, PreparedEffect
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.cases import raise_case
from relevo.store.effects import demand_spent, hold_sum
from relevo.store.pool import Connection, Database

EFFECT_COLUMNS = """
    f.key, f.kind, f.business_ref, f.arguments, f.amount, f.unit, f.state, f.rule, f.hash, f.case_id, f.conversation_id,
    f.intended_at, f.expires_at, f.changed_by, f.decided_by, f.decided_at, f.reason, f.result
"""
_GET = f"SELECT {EFFECT_COLUMNS} FROM effects f WHERE f.workspace_id = 1 AND f.key = %(key)s"

_HOLD = """
SELECT FROM conversations c JOIN effects f ON f.workspace_id = 1 AND f.key = %(key)s AND f.conversation_id = c.id
WHERE c.workspace_id = 1 FOR NO KEY UPDATE OF c
"""
_DECIDABLE = """
    f.workspace_id = 1 AND f.key = %(key)s AND f.state = 'prepared' AND f.hash = %(hash)s AND f.expires_at > now()
    AND EXISTS (SELECT FROM agents a WHERE a.workspace_id = 1 AND a.id = %(agent)s AND a.removed_at IS NULL)
"""
_APPROVE = f"""
UPDATE effects f SET state = 'intended', decided_by = %(agent)s, decided_at = now()
WHERE {_DECIDABLE} AND f.changed_by IS DISTINCT FROM %(agent)s
  AND NOT EXISTS (SELECT FROM agents a
    WHERE a.workspace_id = 1 AND a.id = %(agent)s AND a.business_ref = f.business_ref)
RETURNING {EFFECT_COLUMNS}
"""
_DECLINE = f"""
UPDATE effects f SET state = 'refused', rule = '{DECLINED}', decided_by = %(agent)s, decided_at = now(),
    ended_at = now(), reason = %(reason)s
WHERE {_DECIDABLE} RETURNING {EFFECT_COLUMNS}
"""
_CHANGE = f"""
UPDATE effects f SET arguments = %(arguments)s::jsonb, amount = %(amount)s, hash = %(new_hash)s, changed_by = %(agent)s
WHERE {_DECIDABLE} RETURNING {EFFECT_COLUMNS}
"""
# One that was prepared before there was a time to decide is over at once: nobody knows what its amount was.
_IS_OVER = "f.state = 'prepared' AND (f.expires_at IS NULL OR f.expires_at <= now())"
_EXPIRE = f"""
UPDATE effects f SET state = 'refused', rule = '{EXPIRED}', ended_at = now()
WHERE f.workspace_id = 1 AND f.key = %(key)s AND {_IS_OVER}
RETURNING {EFFECT_COLUMNS}
"""
# Done is what it is, even where a business had refused somebody else who asked at the same moment.
_FINISH = f"""
UPDATE effects f SET state = %(state)s, rule = coalesce(%(rule)s, f.rule), result = %(result)s::jsonb, ended_at = now()
WHERE f.workspace_id = 1 AND f.key = %(key)s AND (f.state = 'intended' OR %(state)s = 'done' AND f.state = 'refused'
  AND f.decided_by IS NOT NULL AND f.rule IS DISTINCT FROM '{DECLINED}')
RETURNING {EFFECT_COLUMNS}
"""
# Approved, and whoever did it is gone; or begun by a turn that is not run again, since a person took the message.
_UNFINISHED = f"""
SELECT {EFFECT_COLUMNS} FROM effects f
WHERE f.workspace_id = 1 AND f.state = 'intended'
  AND coalesce(f.decided_at, f.intended_at) < now() - make_interval(secs => %s)
  AND (f.decided_by IS NOT NULL OR NOT EXISTS (SELECT FROM inbox q
    WHERE q.workspace_id = 1 AND q.conversation_id = f.conversation_id AND q.state IN ('waiting', 'held')))
ORDER BY random() LIMIT %s
"""
_TELL = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 2, updated_at = now()
    WHERE workspace_id = 1 AND id = %(conversation)s RETURNING id, channel, last_position
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position - 1, 'effect', %(author)s, %(event)s::jsonb FROM grown
    UNION ALL SELECT id, last_position, 'message', 'system', %(said)s::jsonb FROM grown
)
INSERT INTO deliveries (conversation_id, position, channel) SELECT id, last_position, channel FROM grown
"""
_NOTE = """
WITH grown AS (
    UPDATE conversations SET last_position = last_position + 1, updated_at = now()
    WHERE workspace_id = 1 AND id = %(conversation)s RETURNING id, last_position
)
INSERT INTO entries (conversation_id, position, kind, author, content)
SELECT id, last_position, 'effect', %(author)s, %(event)s::jsonb FROM grown
"""
# The last effect that is decided closes its case, unless one of them came to nothing that nobody wanted.
_CLOSE_CASE = f"""
UPDATE cases s SET status = 'resolved', outcome = %(outcome)s, closed_at = now()
WHERE s.workspace_id = 1 AND s.id = %(case)s AND s.status = 'open' AND NOT EXISTS (
    SELECT FROM effects f WHERE f.workspace_id = 1 AND f.case_id = s.id AND f.kind <> '{VOUCHER}' AND f.state <> 'done'
      AND (f.state <> 'refused' OR f.rule IS DISTINCT FROM '{DECLINED}'))
"""


_PREPARE = """
INSERT INTO effects (key, kind, business_ref, arguments, state, rule, conversation_id, amount, unit, hash, expires_at,
    case_id, changed_by)
SELECT %(key)s, %(kind)s, %(ref)s, %(arguments)s::jsonb, 'prepared', %(rule)s, %(conversation)s, %(amount)s, %(unit)s,
    %(hash)s, %(expires_at)s, id, %(changed_by)s
FROM cases WHERE workspace_id = 1 AND id = %(case)s AND status = 'open'
ON CONFLICT DO NOTHING
"""


class PostgresApprovals:
    """Approvals on PostgreSQL; see contracts.desk.Approvals."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> PreparedEffect:
        """Give an effect; raises NotFound."""
        found = await self._database.rows(_GET, {"key": key})
        if not found:
            raise NotFound("There is no such effect.")
        return read_effect(found[0])

    async def prepare(
        self, order: EffectOrder, case: Case, agent_id: int, *, rule: str, expires_at: datetime, is_for_others: bool
    ) -> PreparedEffect:
        """Keep what an agent asks for in a case, or give what is kept under its key."""
        values = {
            "key": order.key,
            "kind": order.kind,
            "ref": order.business_ref,
            "arguments": rows.json_text(order.arguments),
            "amount": order.amount,
            "unit": order.unit,
            "hash": order.hash,
            "rule": rule,
            "expires_at": expires_at,
            "case": case.id,
            "conversation": case.conversation_id,
            "changed_by": agent_id if is_for_others else None,
        }
        async with self._database.connection() as connection, connection.transaction():
            if (await connection.execute(_PREPARE, values)).rowcount:
                effect = read_effect(await _row(connection, _GET, values))
                await _tell(connection, effect, "agent", {"agent_id": agent_id, "amount": order.amount}, None)
                return effect
            known = await (await connection.execute(_GET, values)).fetchone()
        if known is None:
            raise Conflict("The case was closed meanwhile; open it again first.", code="case_closed")
        effect = read_effect(known)
        if effect.hash != order.hash:
            raise Conflict("This client id was used for something else.", code="client_id_reused")
        return effect

    async def approve(
        self, key: str, hash_: str, agent_id: int, *, window_days: int | None = None, spent: int = 0
    ) -> PreparedEffect:
        """Mark as approved, or say why not."""
        async with self._database.connection() as connection, connection.transaction():
            values = {"key": key, "hash": hash_, "agent": agent_id}
            if window_days is not None:
                await hold_sum(connection, key)
            await connection.execute(_HOLD, values)
            effect = await _changed(connection, _APPROVE, values)
            if window_days is not None:
                await demand_spent(connection, effect.order, window_days, spent)
            await _tell(connection, effect, "agent", {"approved_by": agent_id}, None)
        return effect

    async def decline(self, key: str, hash_: str, agent_id: int, reason: str, text: str) -> PreparedEffect:
        """Refuse a prepared effect and say so to the contact."""
        async with self._deciding(key) as connection:
            values = {"key": key, "hash": hash_, "agent": agent_id, "reason": reason}
            effect = await _changed(connection, _DECLINE, values)
            await _tell(connection, effect, "agent", {"declined_by": agent_id, "reason": reason}, text)
            if effect.settles_case:
                await connection.execute(_CLOSE_CASE, {"case": effect.case_id, "outcome": "refused"})
        return effect

    async def change(self, key: str, hash_: str, agent_id: int, order: EffectOrder) -> PreparedEffect:
        """Put another order of the same key in its place."""
        values = {
            "key": key,
            "hash": hash_,
            "agent": agent_id,
            "arguments": rows.json_text(order.arguments),
            "amount": order.amount,
            "new_hash": order.hash,
        }
        async with self._deciding(key) as connection:
            effect = await _changed(connection, _CHANGE, values)
            await _tell(connection, effect, "agent", {"changed_by": agent_id, "amount": order.amount}, None)
        return effect

    async def finish(self, key: str, result: EffectResult, text: str, *, closes_case: bool) -> bool:
        """Record what became of an effect, tell the contact and close the case, once."""
        values = {
            "key": key,
            "state": result.state.value,
            "rule": result.rule,
            "result": rows.json_text(result.result),
        }
        async with self._deciding(key) as connection:
            row = await (await connection.execute(_FINISH, values)).fetchone()
            if row is None:
                return False
            effect = read_effect(row)
            await _tell(connection, effect, "system", dict(result.result), text)
            if closes_case and effect.settles_case:
                await connection.execute(_CLOSE_CASE, {"case": effect.case_id, "outcome": "approved"})
        return True

    async def unfinished(self, older_than_seconds: float, limit: int = 20) -> list[PreparedEffect]:
        """Give effects that were begun and that nobody ends, after so long.

        In no order: those that a silent business never answers for must not keep the others waiting.
        """
        found = await self._database.rows(_UNFINISHED, (older_than_seconds, limit))
        return [read_effect(row) for row in found]

    async def expired(self, limit: int = 20) -> list[PreparedEffect]:
        """Give prepared effects that nobody decided about in time."""
        found = await self._database.rows(
            f"SELECT {EFFECT_COLUMNS} FROM effects f WHERE f.workspace_id = 1 AND {_IS_OVER}"
            " ORDER BY f.expires_at NULLS FIRST LIMIT %s",
            (limit,),
        )
        return [read_effect(row) for row in found]

    async def expire(self, key: str, text: str) -> bool:
        """Refuse an expired effect, say so to the contact, and raise its case, which stays for somebody."""
        async with self._deciding(key) as connection:
            row = await (await connection.execute(_EXPIRE, {"key": key})).fetchone()
            if row is None:
                return False
            effect = read_effect(row)
            await _tell(connection, effect, "system", {}, text)
            if effect.case_id is not None:
                await raise_case(connection, effect.case_id, Priority().because("approval_expired"))
        return True

    @asynccontextmanager
    async def _deciding(self, key: str) -> AsyncIterator[Connection]:
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_HOLD, {"key": key})
            yield connection


async def _row(connection: Connection, statement: str, values: dict[str, Any]) -> tuple[Any, ...]:
    row = await (await connection.execute(statement, values)).fetchone()
    assert row is not None
    return row


async def _changed(connection: Connection, statement: str, values: dict[str, Any]) -> PreparedEffect:
    row = await (await connection.execute(statement, values)).fetchone()
    if row is not None:
        return read_effect(row)
    current = await (await connection.execute(f"{_GET} FOR SHARE", values)).fetchone()
    if current is None:
        raise NotFound("There is no such effect.")
    raise await _refusal(connection, read_effect(current), values)


async def _refusal(connection: Connection, effect: PreparedEffect, values: dict[str, Any]) -> Conflict:
    if effect.state is not EffectState.PREPARED:
        cursor = await connection.execute(
            "SELECT name FROM agents WHERE workspace_id = 1 AND id = %s", (effect.decided_by,)
        )
        row = await cursor.fetchone()
        who = f" by {row[0]}" if row else ""
        return Conflict(f"This was decided already{who}: it is {effect.state.value} now.", code="decided")
    if effect.hash != values["hash"]:
        return Conflict("It was changed since you looked. Look at the new amount before you decide.", code="changed")
    if effect.changed_by == values["agent"]:
        return Conflict("You changed this yourself; somebody else has to approve it.", code="four_eyes")
    cursor = await connection.execute(
        "SELECT coalesce(now() >= %s, true), EXISTS (SELECT FROM agents"
        " WHERE workspace_id = 1 AND id = %s AND removed_at IS NULL)",
        (effect.expires_at, values["agent"]),
    )
    is_late, has_account = await cursor.fetchone() or (True, False)
    if is_late:
        return Conflict("The time to decide about this is over; ask the contact again.", code="expired")
    if not has_account:
        return Conflict("Your account was removed; somebody who has one must decide.", code="no_account")
    return Conflict("You may not decide about your own; somebody else has to.", code="own_contact")


async def _tell(
    connection: Connection, effect: PreparedEffect, author: str, about: dict[str, Any], text: str | None
) -> None:
    if effect.conversation_id is None:
        return
    event = {"custom": {"key": effect.order.key, "state": effect.state.value, "rule": effect.rule, **about}}
    values = {"conversation": effect.conversation_id, "author": author, "event": rows.json_text(event)}
    if text is None:
        await connection.execute(_NOTE, values)
    else:
        await connection.execute(_TELL, values | {"said": rows.json_text({"text": text})})


def read_effect(row: tuple[Any, ...]) -> PreparedEffect:
    """Make an effect of EFFECT_COLUMNS."""
    order = EffectOrder(key=row[0], kind=row[1], business_ref=row[2], arguments=row[3], amount=row[4], unit=row[5])
    return PreparedEffect(
        order=order,
        state=EffectState(row[6]),
        rule=row[7],
        hash=row[8],
        case_id=row[9],
        conversation_id=row[10],
        intended_at=row[11],
        expires_at=row[12],
        changed_by=row[13],
        decided_by=row[14],
        decided_at=row[15],
        reason=row[16],
        result=row[17],
    )
