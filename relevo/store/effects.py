"""Intents and results of effects, each committed by itself; and numbers for cases."""

from __future__ import annotations

from typing import Any

from relevo.contracts.store import Intent
from relevo.domain.effects import EffectOrder, EffectResult, EffectState
from relevo.errors import AccessDenied, StaleVerdict
from relevo.store import rows
from relevo.store.express import Asked
from relevo.store.pool import Connection, Database, NotAtOnce

# A refused or failed effect begins anew: the reason may be gone, and nothing was done. An approved one is told as
# prepared: it is done for whoever approved it, who tells the contact and closes the case.
_INTEND = """
INSERT INTO effects AS known
    (key, kind, business_ref, arguments, state, rule, conversation_id, amount, unit, hash, expires_at)
VALUES (%(key)s, %(kind)s, %(ref)s, %(arguments)s::jsonb, %(state)s, %(rule)s, %(conversation)s, %(amount)s, %(unit)s,
    %(hash)s, %(expires_at)s)
ON CONFLICT (workspace_id, key) DO UPDATE SET
    tries = CASE WHEN known.state IN ('refused', 'failed') THEN 1 ELSE known.tries + 1 END,
    (state, rule, arguments, conversation_id, amount, unit, hash, expires_at, intended_at, ended_at, case_id,
     changed_by, decided_by, decided_at, reason) = (
        SELECT n.* FROM (SELECT excluded.state, excluded.rule, excluded.arguments, excluded.conversation_id,
            excluded.amount, excluded.unit, excluded.hash, excluded.expires_at, now(), NULL::timestamptz, NULL::text,
            NULL::integer, NULL::integer, NULL::timestamptz, NULL::text) AS n
            WHERE known.state IN ('refused', 'failed')
        UNION ALL SELECT known.state, known.rule, known.arguments, known.conversation_id, known.amount, known.unit,
            known.hash, known.expires_at, known.intended_at, known.ended_at, known.case_id, known.changed_by,
            known.decided_by, known.decided_at, known.reason
            WHERE known.state NOT IN ('refused', 'failed')),
    business_ref = excluded.business_ref
WHERE known.business_ref = excluded.business_ref OR known.state IN ('refused', 'failed')
RETURNING tries > 1 AS was_known,
    CASE WHEN state = 'intended' AND decided_by IS NOT NULL THEN 'prepared' ELSE state END, rule, result
"""
_INTEND_FIRST = f"WITH intended AS ({_INTEND}) SELECT 1 / count(*) FROM intended WHERE NOT was_known"

# One at a time for each person: two refunds at the same moment must see each other.
_HOLD_SUM = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_HOLD_SUM_OF = """
SELECT pg_advisory_xact_lock(hashtextextended(kind || ':' || business_ref, 0)) FROM effects
WHERE workspace_id = 1 AND key = %s
"""
_SPENT = """
SELECT coalesce(sum(amount), 0)::bigint FROM effects
WHERE workspace_id = 1 AND kind = %(kind)s AND business_ref = %(ref)s AND key <> %(key)s
  AND state IN ('intended', 'done', 'unconfirmed')
  AND coalesce(decided_at, intended_at) > now() - make_interval(days => %(days)s)
"""
_DEMAND_SPENT = f"SELECT 1 / (spent = %(spent)s)::integer FROM ({_SPENT}) AS summed (spent)"


class PostgresEffects:
    """Effects on PostgreSQL; see contracts.store.Effects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def intend(self, order: EffectOrder, state: EffectState, rule: str, intent: Intent) -> EffectResult | None:
        """Record the intent, or give what is recorded of this key if it is begun, done, prepared or unconfirmed.

        A refused or failed effect may be intended again, by anybody: the reason may be gone, and nothing was done.
        """
        values = _values(order, state, rule, intent)
        try:
            await self._intend_first(order, values, intent)
        except NotAtOnce:
            return await self._intend_or_find(order, values, intent)
        return None

    async def _intend_first(self, order: EffectOrder, values: dict[str, Any], intent: Intent) -> None:
        """Record what is not recorded yet; raises NotAtOnce where it is, or where anything else is in the way."""
        asked: list[Asked] = [(_INTEND_FIRST, values)]
        if intent.window_days is not None:
            spent = {**_spent_values(order, intent.window_days), "spent": intent.spent}
            asked = [(_HOLD_SUM, (_sum_of(order),)), *asked, (_DEMAND_SPENT, spent)]
        await self._database.at_once(*asked)

    async def _intend_or_find(self, order: EffectOrder, values: dict[str, Any], intent: Intent) -> EffectResult | None:
        async with self._database.connection() as connection, connection.transaction():
            if intent.window_days is not None:
                await connection.execute(_HOLD_SUM, (_sum_of(order),))
            return await _intend(connection, order, values, intent)

    async def begun(self, key: str) -> EffectOrder:
        """Give the order of an effect as it was recorded."""
        found = await self._database.rows(
            "SELECT key, kind, business_ref, arguments, amount, unit FROM effects WHERE workspace_id = 1 AND key = %s",
            (key,),
        )
        names = ("key", "kind", "business_ref", "arguments", "amount", "unit")
        return EffectOrder(**dict(zip(names, found[0], strict=True)))

    async def spent(self, kind: str, business_ref: str, days: int) -> int:
        """Sum what was done, or may have been, for a person within so many days."""
        found = await self._database.quick(_SPENT, {"kind": kind, "ref": business_ref, "key": "", "days": days})
        total: int = found.rows[0][0]
        return total

    async def conclude(self, result: EffectResult) -> None:
        """Record what became of an intended effect; a done effect stays as it is."""
        await self._database.quick(
            "UPDATE effects SET state = %s, rule = coalesce(%s, rule), result = %s::jsonb, ended_at = now()"
            " WHERE workspace_id = 1 AND key = %s AND state <> 'done'",
            (result.state.value, result.rule, rows.json_text(result.result), result.key),
        )

    async def next_case_id(self) -> str:
        """Give out a case number that nobody else gets."""
        return f"CASE-{(await self._database.rows('SELECT nextval(%s)', ('case_numbers',)))[0][0]}"


async def hold_sum(connection: Connection, key: str) -> None:
    """Let nobody else count on what the person of an effect has spent, until the transaction ends."""
    await connection.execute(_HOLD_SUM_OF, (key,))


async def demand_spent(connection: Connection, order: EffectOrder, days: int, spent: int) -> None:
    """Raise StaleVerdict unless a person's other effects of the kind sum to what the verdict counted on."""
    found = await (await connection.execute(_SPENT, _spent_values(order, days))).fetchone()
    if found is None or found[0] != spent:
        raise StaleVerdict


async def _intend(
    connection: Connection, order: EffectOrder, values: dict[str, Any], intent: Intent
) -> EffectResult | None:
    row = await (await connection.execute(_INTEND, values)).fetchone()
    if row is None:
        raise AccessDenied("This is another contact's; only they can have it done.", code="another_contact")
    was_known, recorded, recorded_rule, result = row
    if was_known:
        return EffectResult(key=order.key, state=EffectState(recorded), rule=recorded_rule, result=result)
    if intent.window_days is not None:
        await demand_spent(connection, order, intent.window_days, intent.spent)
    return None


def _sum_of(order: EffectOrder) -> str:
    return f"{order.kind}:{order.business_ref}"


def _spent_values(order: EffectOrder, days: int) -> dict[str, Any]:
    return {"kind": order.kind, "ref": order.business_ref, "key": order.key, "days": days}


def _values(order: EffectOrder, state: EffectState, rule: str, intent: Intent) -> dict[str, Any]:
    return {
        "key": order.key,
        "kind": order.kind,
        "ref": order.business_ref,
        "arguments": rows.json_text(order.arguments),
        "state": state.value,
        "rule": rule,
        "conversation": intent.conversation_id,
        "amount": order.amount,
        "unit": order.unit,
        "hash": order.hash,
        "expires_at": intent.expires_at if state is EffectState.PREPARED else None,
    }
