"""What a turn writes about cases: opened ones, and open ones that the contact came about again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from relevo.contracts.store import TurnOutcome
from relevo.domain.cases import CaseContact, CaseRequest, Priority, PriorityReason
from relevo.domain.messages import clean_text
from relevo.store import rows
from relevo.store.express import Asked
from relevo.store.pool import Connection

# To the second: what came while nobody is there is due at the same time, and seen to in the order in which it came.
_DUE = "date_trunc('second', now() + make_interval(secs => %(due)s + 0.5))"
_OPEN = f"""
INSERT INTO cases (id, type, trigger, reference, goal, detail, contact_id, business_ref, conversation_id, priority,
    priority_reasons, due_at, promised_at)
SELECT %(id)s, %(type)s, %(trigger)s, %(reference)s, %(goal)s, %(detail)s::json, i.contact_id, i.business_ref, c.id,
    %(priority)s, %(reasons)s::jsonb, {_DUE}, %(promised_at)s
FROM conversations c JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
WHERE c.workspace_id = 1 AND c.id = %(conversation)s
ON CONFLICT (workspace_id, id) DO NOTHING
"""
_LINK = """
INSERT INTO case_conversations (case_id, conversation_id) VALUES (%(id)s, %(conversation)s) ON CONFLICT DO NOTHING
"""
_BIND = "UPDATE effects SET case_id = %(id)s WHERE workspace_id = 1 AND key = ANY(%(effects)s) AND state = 'prepared'"

# Reasons are added to those that the row has by now: whoever wrote meanwhile had theirs.
RAISED = """
    (priority, priority_reasons) = (
        SELECT least(100, coalesce(sum((r ->> 'points')::integer), 0)), coalesce(jsonb_agg(r ORDER BY n), '[]')
        FROM (SELECT r, n FROM jsonb_array_elements(cases.priority_reasons) WITH ORDINALITY AS o(r, n)
            WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(%(reasons)s::jsonb) f WHERE f ->> 'code' = r ->> 'code')
            UNION ALL SELECT r, n + 1000 FROM jsonb_array_elements(%(reasons)s::jsonb) WITH ORDINALITY AS o(r, n)) a)
"""
# Something waits in a case to which effects are bound: one that was closed meanwhile is open again.
_AGAIN = f"""
UPDATE cases SET status = 'open', outcome = NULL, closed_at = NULL,
    type = CASE WHEN type = 'other' THEN coalesce(%(type)s, type) ELSE type END,
    reference = coalesce(reference, %(reference)s), contacted = contacted + %(counted)s,
    goal = coalesce(goal, %(goal)s),
    detail = (detail::jsonb || %(detail)s::jsonb)::json, {RAISED},
    due_at = least(due_at, {_DUE})
WHERE workspace_id = 1 AND id = %(id)s AND (status = 'open' OR EXISTS (
    SELECT FROM effects f WHERE f.workspace_id = 1 AND f.key = ANY(%(effects)s) AND f.state = 'prepared'))
"""
_RAISE = f"""
UPDATE cases SET {RAISED}, due_at = least(due_at, now())
WHERE workspace_id = 1 AND id = %(id)s AND status = 'open'
"""


def case_statements(conversation_id: UUID, outcome: TurnOutcome) -> Iterator[Asked]:
    """Give what opens a turn's cases, with the effects decided about in them, and notes contacts about others."""
    for case in outcome.cases:
        values = _values(case, conversation_id)
        for statement in (_OPEN, _LINK, *([_BIND] if case.effects else [])):
            yield statement, values
    for again in outcome.contacts:
        values = _again_values(again, conversation_id)
        for statement in (_AGAIN, _LINK, *([_BIND] if again.effects else [])):
            yield statement, values


async def write_cases(connection: Connection, conversation_id: UUID, outcome: TurnOutcome) -> None:
    """Do that within a transaction."""
    for statement, values in case_statements(conversation_id, outcome):
        await connection.execute(statement, values)


async def raise_case(connection: Connection, case_id: str, priority: Priority) -> None:
    """Add reasons to an open case's priority, and have it due now."""
    await connection.execute(_RAISE, {"id": case_id, "reasons": reasons_text(priority)})


def read_priority(reasons: Sequence[Mapping[str, Any]]) -> Priority:
    """Read a priority as stored."""
    return Priority(tuple(PriorityReason(code=r["code"], points=r["points"], detail=r.get("detail")) for r in reasons))


def reasons_text(priority: Priority) -> str:
    """Give a priority's reasons as stored."""
    return rows.json_text([{"code": r.code, "points": r.points, "detail": r.detail} for r in priority.reasons])


def _values(case: CaseRequest, conversation_id: UUID) -> dict[str, Any]:
    return {
        "id": case.id,
        "type": case.type,
        "trigger": case.trigger.value,
        "reference": _clean(case.reference),
        "goal": _clean(case.goal),
        "detail": rows.json_text(case.detail),
        "conversation": conversation_id,
        "effects": list(case.effects),
        "promised_at": case.promised_at,
        **_priority_values(case),
    }


def _again_values(again: CaseContact, conversation_id: UUID) -> dict[str, Any]:
    return {
        "id": again.case_id,
        "type": again.type,
        "reference": _clean(again.reference),
        "conversation": conversation_id,
        "counted": int(again.is_counted),
        "goal": _clean(again.goal),
        "detail": rows.json_text(again.detail),
        "effects": list(again.effects),
        **_priority_values(again),
    }


def _priority_values(case: CaseRequest | CaseContact) -> dict[str, Any]:
    return {"priority": case.priority.score, "reasons": reasons_text(case.priority), "due": case.due_seconds}


def _clean(text: str | None) -> str | None:
    return None if text is None else clean_text(text)
