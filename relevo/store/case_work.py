"""What agents do to cases: promises, ends, and who somebody is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from relevo.contracts.desk import ByHand, Promise
from relevo.contracts.worklist import CaseChange
from relevo.domain.cases import Priority
from relevo.domain.contacts import Level
from relevo.domain.merging import SAME_REFERENCE
from relevo.errors import Conflict, NotFound, RequestError
from relevo.store import rows
from relevo.store.case_changes import write_change
from relevo.store.cases import RAISED, read_priority, reasons_text
from relevo.store.desk import CASES, read_case
from relevo.store.merges import split_contacts
from relevo.store.pool import Database
from relevo.store.writing import not_in_control

# An identity is never switched on the way: whoever is known as somebody else is so until that ends.
_IS_ANOTHER = "(i.level > 0 AND i.verified_until > now() AND i.business_ref IS DISTINCT FROM %(ref)s)"
_IS_BETTER = "(i.level > %(level)s AND i.verified_until > now())"
_VERIFY = f"""
WITH held AS (
    SELECT c.id, c.identity_id FROM conversations c
    WHERE c.workspace_id = 1 AND c.id = %(id)s AND c.control = 'agent' AND c.agent_id = %(agent)s
      AND c.control_version = %(version)s FOR UPDATE
), verified AS (
    UPDATE identities i SET failed_tries = 0, business_ref = %(ref)s,
        level = CASE WHEN {_IS_BETTER} THEN i.level ELSE %(level)s END,
        verified_until = CASE WHEN {_IS_BETTER} THEN i.verified_until ELSE %(until)s END,
        verified_facts = CASE WHEN i.business_ref = %(ref)s THEN i.verified_facts ELSE '{{}}' END
    FROM held WHERE i.workspace_id = 1 AND i.id = held.identity_id AND NOT {_IS_ANOTHER}
    RETURNING i.contact_id
), named AS (
    UPDATE contacts k SET business_ref = %(ref)s, display_name = %(name)s
    FROM verified v WHERE k.workspace_id = 1 AND k.id = v.contact_id
), theirs AS (
    UPDATE cases s SET business_ref = %(ref)s, contact_id = v.contact_id FROM held, verified v
    WHERE s.workspace_id = 1 AND s.status = 'open' AND s.business_ref IS NULL AND s.id = (
        SELECT h.case_id FROM handoffs h WHERE h.workspace_id = 1 AND h.conversation_id = held.id
        ORDER BY h.episode DESC LIMIT 1)
), grown AS (
    UPDATE conversations c SET last_position = c.last_position + 1, updated_at = now()
    FROM held, verified WHERE c.workspace_id = 1 AND c.id = held.id RETURNING c.id, c.last_position
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position, 'verification', 'agent', %(content)s::jsonb FROM grown
)
SELECT EXISTS (SELECT FROM held), EXISTS (SELECT FROM grown)
"""

# Their name goes with what proved it, unless another address is proven, too, or the business itself named them.
_UNVERIFY = """
WITH held AS (
    SELECT c.id, c.identity_id FROM conversations c
    WHERE c.workspace_id = 1 AND c.id = %(id)s AND c.control = 'agent' AND c.agent_id = %(agent)s
      AND c.control_version = %(version)s FOR UPDATE
), before AS (
    SELECT i.id, i.contact_id, i.business_ref, i.level FROM held JOIN identities i
        ON i.workspace_id = 1 AND i.id = held.identity_id AND i.level > 0 FOR UPDATE OF i
), forgot AS (
    UPDATE identities i SET level = 0, business_ref = NULL, verified_until = NULL, verified_facts = '{}'
    FROM before b WHERE i.workspace_id = 1 AND i.id = b.id
), unnamed AS (
    UPDATE contacts k SET business_ref = NULL, display_name = NULL FROM before b
    WHERE k.workspace_id = 1 AND k.id = b.contact_id AND NOT EXISTS (SELECT FROM identities o
        WHERE o.workspace_id = 1 AND o.contact_id = k.id AND o.id <> b.id AND o.business_ref IS NOT NULL)
      AND NOT EXISTS (SELECT FROM encounters x
        WHERE x.workspace_id = 1 AND x.contact_id = k.id AND x.identity_id IS NULL)
), grown AS (
    UPDATE conversations c SET last_position = c.last_position + 1, updated_at = now()
    FROM before WHERE c.workspace_id = 1 AND c.id = %(id)s RETURNING c.id, c.last_position
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT g.id, g.last_position, 'verification', 'agent', jsonb_build_object('custom',
        %(told)s::jsonb || jsonb_build_object('ref', b.business_ref)) FROM grown g, before b
)
SELECT EXISTS (SELECT FROM held), EXISTS (SELECT FROM before)
"""

# Who was joined with them by that proof alone goes their own way again.
_UNITED = f"""
SELECT m.kept_id, m.id FROM conversations c JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN contact_merges m ON m.workspace_id = 1 AND m.kept_id = i.contact_id AND m.split_at IS NULL
    AND m.merged_by IS NULL AND m.evidence = '{SAME_REFERENCE}'
WHERE c.workspace_id = 1 AND c.id = %(id)s ORDER BY m.id DESC
"""

# Each keeps what it did beside the timeline, in the same statement.
_PROMISE = """
WITH before AS (SELECT id, promised_at FROM cases
    WHERE workspace_id = 1 AND id = %(id)s AND status = 'open' FOR NO KEY UPDATE
), promised AS (
    UPDATE cases s SET promised_at = %(at)s, promise_missed_at = NULL, due_at = least(%(at)s, (SELECT min(r.due_at)
        FROM case_sla r WHERE r.workspace_id = 1 AND r.case_id = s.id AND r.ended_at IS NULL))
    FROM before b WHERE s.workspace_id = 1 AND s.id = b.id RETURNING s.id, b.promised_at AS was
)
INSERT INTO case_changes (case_id, agent_id, what, before, after)
SELECT id, %(agent)s, 'promised', jsonb_build_object('promised_at', was),
    jsonb_build_object('promised_at', %(at)s::timestamptz) FROM promised
"""
_CLOSE = """
WITH closed AS (
    UPDATE cases s SET status = 'closed', outcome = %(outcome)s, closed_at = now(), agent_id = %(agent)s
    WHERE s.workspace_id = 1 AND s.id = %(id)s AND s.status = 'open' AND NOT EXISTS (SELECT FROM effects f
        WHERE f.workspace_id = 1 AND f.case_id = s.id AND f.state IN ('prepared', 'intended'))
    RETURNING s.id
)
INSERT INTO case_changes (case_id, agent_id, what, before, after)
SELECT id, %(agent)s, 'closed', '{"status": "open"}',
    jsonb_build_object('status', 'closed', 'outcome', %(outcome)s::text) FROM closed
"""
_MISSED = f"""
{CASES} AND s.status = 'open' AND s.promised_at <= now() AND s.promise_missed_at IS NULL
ORDER BY s.promised_at LIMIT %s
"""

# Where the contact is told: the conversation is locked before the case, as turns and agents do it.
_HOLD_LATEST = """
SELECT c.id FROM conversations c WHERE c.workspace_id = 1 AND c.id = (
    SELECT l.conversation_id FROM case_conversations l WHERE l.workspace_id = 1 AND l.case_id = %(id)s
    ORDER BY l.linked_at DESC LIMIT 1) FOR NO KEY UPDATE
"""
_MISS = f"""
WITH missed AS (
    UPDATE cases SET promise_missed_at = now(), {RAISED}, due_at = least(due_at, now())
    WHERE workspace_id = 1 AND id = %(id)s AND status = 'open' AND promise_missed_at IS NULL AND promised_at <= now()
    RETURNING id
), grown AS (
    UPDATE conversations c SET last_position = c.last_position + 1, updated_at = now()
    FROM missed WHERE c.workspace_id = 1 AND c.id = %(conversation)s AND %(content)s::jsonb IS NOT NULL
    RETURNING c.id, c.channel, c.last_position
), written AS (
    INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, last_position, 'message', 'system', %(content)s::jsonb FROM grown
), queued AS (
    INSERT INTO deliveries (conversation_id, position, channel) SELECT id, last_position, channel FROM grown
)
SELECT id FROM missed
"""

_HOLD_OPEN = """
SELECT priority_reasons FROM cases WHERE workspace_id = 1 AND id = %s AND status = 'open' FOR NO KEY UPDATE
"""
_PRIORITISE = "UPDATE cases SET priority = %s, priority_reasons = %s::jsonb WHERE workspace_id = 1 AND id = %s"


class PostgresCaseWork:
    """Work on cases on PostgreSQL; see contracts.desk.CaseWork."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def verify(self, conversation_id: UUID, version: int, agent_id: int, found: ByHand) -> None:
        """Know whoever writes, as an agent who has control has found out."""
        told = {"level": Level.TWO_FACTS.name.lower(), "by_hand": True, "ref": found.business_ref, "agent_id": agent_id}
        values = {
            "id": conversation_id,
            "version": version,
            "agent": agent_id,
            "level": int(Level.TWO_FACTS),
            "ref": found.business_ref,
            "name": found.name,
            "until": found.verified_until,
            "content": rows.json_text({"custom": told}),
        }
        has_control, is_verified = (await self._database.rows(_VERIFY, values))[0]
        if not has_control:
            raise await self._refusal(conversation_id)
        if not is_verified:
            raise Conflict(
                "They are verified as somebody else in this conversation, until that ends. Nothing was changed.",
                code="verified_as_another",
            )

    async def unverify(self, conversation_id: UUID, version: int, agent_id: int, reason: str) -> None:
        """Know no more who writes."""
        told = rows.json_text({"level": "undone", "agent_id": agent_id, "reason": reason})
        values = {"id": conversation_id, "version": version, "agent": agent_id, "told": told}
        async with self._database.connection() as connection, connection.transaction():
            for kept, merge in await (await connection.execute(_UNITED, values)).fetchall():
                await split_contacts(connection, kept, merge, agent_id, reason)
            row = await (await connection.execute(_UNVERIFY, values)).fetchone()
            assert row is not None
            if not row[0]:
                raise await self._refusal(conversation_id)
            if not row[1]:
                raise Conflict("Nobody is known to write here; nothing was changed.", code="not_verified")

    async def promise(self, case_id: str, promised_at: datetime, agent_id: int | None = None) -> None:
        """Keep until when the contact was promised an answer."""
        values = {"id": case_id, "at": promised_at, "agent": agent_id}
        if not await self._database.run(_PROMISE, values):
            raise Conflict("This case is closed or does not exist; nothing was promised.", code="case_closed")

    async def prioritise(self, case_id: str, level: str, agent_id: int | None = None) -> CaseChange | None:
        """Have a case be so urgent."""
        async with self._database.connection() as connection, connection.transaction():
            held = await (await connection.execute(_HOLD_OPEN, (case_id,))).fetchone()
            if held is None:
                raise Conflict("This case is closed or does not exist; nothing was changed.", code="case_closed")
            before = read_priority(held[0])
            if before.is_grave and level != "urgent":
                raise Conflict("Somebody may be in danger, or be left behind: this case stays urgent.", code="grave")
            after = before.by_hand(level)
            await connection.execute(_PRIORITISE, (after.score, reasons_text(after), case_id))
            if before.level == after.level:
                return None
            was, now = {"level": before.level}, {"level": after.level}
            change = CaseChange(case_id=case_id, agent_id=agent_id, what="priority", before=was, after=now)
            return await write_change(connection, change)

    async def close(self, case_id: str, agent_id: int, outcome: str) -> None:
        """Close a case."""
        if await self._database.run(_CLOSE, {"id": case_id, "agent": agent_id, "outcome": outcome}):
            return
        found = await self._database.rows("SELECT status FROM cases WHERE workspace_id = 1 AND id = %s", (case_id,))
        if not found:
            raise NotFound("There is no such case.")
        if found[0][0] == "open":
            raise Conflict(
                "Something in this case waits for a decision; approve or decline it first.", code="undecided"
            )
        raise Conflict("This case is closed already.", code="case_closed")

    async def missed_promises(self, limit: int = 20) -> Sequence[Promise]:
        """Give open cases whose promised time has passed."""
        cases = [read_case(row) for row in await self._database.rows(_MISSED, (limit,))]
        return [
            Promise(
                case=case,
                language=await self._language(case.conversation_id),
                conversation_id=case.conversation_id,
                business_ref=case.business_ref,
            )
            for case in cases
        ]

    async def miss(self, case_id: str, priority: Priority, text: str | None) -> bool:
        """Write to the contact first and raise the case."""
        content = None if text is None else rows.json_text({"text": text})
        values: dict[str, Any] = {"id": case_id, "reasons": reasons_text(priority), "content": content}
        async with self._database.connection() as connection, connection.transaction():
            latest = await (await connection.execute(_HOLD_LATEST, values)).fetchone()
            values["conversation"] = latest[0] if latest else None
            return (await connection.execute(_MISS, values)).rowcount > 0

    async def _language(self, conversation_id: UUID | None) -> str | None:
        found = await self._database.rows(
            "SELECT language FROM conversations WHERE workspace_id = 1 AND id = %s", (conversation_id,)
        )
        return found[0][0] if found else None

    async def _refusal(self, conversation_id: UUID) -> RequestError:
        known = await self._database.rows(
            "SELECT true FROM conversations WHERE workspace_id = 1 AND id = %s", (conversation_id,)
        )
        if not known:
            return NotFound("There is no such conversation.")
        return not_in_control()
