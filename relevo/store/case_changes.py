"""What people did to cases among themselves: written with the deed, read beside the timeline."""

from __future__ import annotations

from collections.abc import Sequence

from relevo.contracts.worklist import CaseChange
from relevo.store import rows
from relevo.store.pool import Connection, Database

_WRITE = """
INSERT INTO case_changes (case_id, agent_id, what, before, after)
VALUES (%(case)s, %(agent)s, %(what)s, %(before)s::jsonb, %(after)s::jsonb)
"""
_READ = """
SELECT c.case_id, c.what, c.before, c.after, c.agent_id, a.name, c.id, c.at FROM case_changes c
LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = c.agent_id
WHERE c.workspace_id = 1 AND c.case_id = ANY(%s) ORDER BY c.id DESC LIMIT %s
"""


async def write_change(connection: Connection, change: CaseChange) -> CaseChange:
    """Keep what was done, within the transaction that does it, and give it back."""
    values = {"case": change.case_id, "agent": change.agent_id, "what": change.what}
    values |= {"before": rows.json_text(change.before), "after": rows.json_text(change.after)}
    await connection.execute(_WRITE, values)
    return change


async def read_changes(database: Database, case_ids: Sequence[str], limit: int) -> list[CaseChange]:
    """Give the newest changes of some cases, oldest first."""
    names = ("case_id", "what", "before", "after", "agent_id", "agent_name", "id", "at")
    found = await database.rows(_READ, (list(case_ids), limit)) if case_ids else []
    return [CaseChange(**dict(zip(names, row, strict=True))) for row in reversed(found)]
