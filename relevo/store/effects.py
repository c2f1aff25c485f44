"""Intents and results of effects, each committed by itself; and numbers for cases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from relevo.domain.effects import EffectOrder, EffectResult, EffectState
from relevo.errors import AccessDenied
from relevo.store import rows
from relevo.store.pool import Database

_INTEND = """
INSERT INTO effects AS known (key, kind, business_ref, arguments, state, rule, conversation_id)
VALUES (%(key)s, %(kind)s, %(ref)s, %(arguments)s::jsonb, %(state)s, %(rule)s, %(conversation)s)
ON CONFLICT (workspace_id, key) DO UPDATE SET
    tries = CASE WHEN known.state IN ('refused', 'failed') THEN 1 ELSE known.tries + 1 END,
    state = CASE WHEN known.state IN ('refused', 'failed') THEN excluded.state ELSE known.state END,
    rule = CASE WHEN known.state IN ('refused', 'failed') THEN excluded.rule ELSE known.rule END,
    business_ref = excluded.business_ref,
    arguments = CASE WHEN known.state IN ('refused', 'failed') THEN excluded.arguments ELSE known.arguments END
WHERE known.business_ref = excluded.business_ref OR known.state IN ('refused', 'failed')
RETURNING tries > 1, state, rule, result
"""


class PostgresEffects:
    """Effects on PostgreSQL; see contracts.store.Effects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def intend(
        self, order: EffectOrder, state: EffectState, rule: str, conversation_id: UUID
    ) -> EffectResult | None:
        """Record the intent, or give what is recorded of this key if it is begun, done, prepared or unconfirmed.

        A refused or failed effect may be intended again, by anybody: the reason may be gone, and nothing was done.
        """
        found = await self._database.rows(_INTEND, _values(order, state, rule, conversation_id))
        if not found:
            raise AccessDenied("This is another contact's; only they can have it done.", code="another_contact")
        was_known, recorded, recorded_rule, result = found[0]
        if not was_known:
            return None
        return EffectResult(key=order.key, state=EffectState(recorded), rule=recorded_rule, result=result)

    async def conclude(self, result: EffectResult) -> None:
        """Record what became of an intended effect; a done effect stays as it is."""
        await self._database.run(
            "UPDATE effects SET state = %s, rule = coalesce(%s, rule), result = %s::jsonb, ended_at = now()"
            " WHERE workspace_id = 1 AND key = %s AND state <> 'done'",
            (result.state.value, result.rule, rows.json_text(result.result), result.key),
        )

    async def next_case_id(self) -> str:
        """Give out a case number that nobody else gets."""
        return f"CASE-{(await self._database.rows('SELECT nextval(%s)', ('case_numbers',)))[0][0]}"


def _values(order: EffectOrder, state: EffectState, rule: str, conversation_id: UUID) -> dict[str, Any]:
    return {
        "key": order.key,
        "kind": order.kind,
        "ref": order.business_ref,
        "arguments": rows.json_text(order.arguments),
        "state": state.value,
        "rule": rule,
        "conversation": conversation_id,
    }
