"""The audit log; the database itself refuses to change or remove what is in it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from relevo.contracts.audit import AuditEntry, AuditFilter
from relevo.domain.messages import clean_text
from relevo.store import rows
from relevo.store.pool import Database

_COLUMNS = "agent_id, agent_name, role, token_id, address, operation, target, status, code, request, before, after"
_WRITE = f"""
INSERT INTO audit_log ({_COLUMNS}) VALUES (%(agent_id)s, %(agent_name)s, %(role)s, %(token_id)s, %(address)s,
    %(operation)s, %(target)s, %(status)s, %(code)s, %(request)s::jsonb, %(before)s::jsonb, %(after)s::jsonb)
"""
_READ = f"""
SELECT {_COLUMNS}, id, at FROM audit_log WHERE workspace_id = 1
  AND (%(agent_id)s::integer IS NULL OR agent_id = %(agent_id)s)
  AND (%(operation)s::text IS NULL OR operation = %(operation)s)
  AND (%(target)s::text IS NULL OR target = %(target)s)
  AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
  AND (%(before)s::bigint IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s
"""


class PostgresAuditLog:
    """The audit log on PostgreSQL; see contracts.audit.AuditLog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, entry: AuditEntry) -> None:
        """Add an entry."""
        values: dict[str, Any] = {name: getattr(entry, name) for name in _COLUMNS.split(", ")}
        for name in ("request", "before", "after"):
            values[name] = None if values[name] is None else rows.json_text(values[name])
        values["target"] = None if entry.target is None else clean_text(entry.target)
        await self._database.run(_WRITE, values)

    async def read(self, wanted: AuditFilter, before_id: int | None, limit: int) -> list[AuditEntry]:
        """Give entries, newest first."""
        names = (*_COLUMNS.split(", "), "id", "at")
        found = await self._database.rows(_READ, {**asdict(wanted), "before": before_id, "limit": limit})
        return [AuditEntry(**dict(zip(names, row, strict=True))) for row in found]
