"""The audit log; the database itself refuses to change what is in it, and to end it before its time."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from relevo.contracts.audit import COMMAND_LINE, RETENTION, AuditEntry, AuditFilter, Author
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
  AND (NOT %(by_command)s OR agent_id IS NULL AND agent_name = %(command_line)s)
  AND (%(operation)s::text IS NULL OR operation = %(operation)s)
  AND (%(target)s::text IS NULL OR target = %(target)s)
  AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
  AND (%(before)s::bigint IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s
"""
_SOME = 5_000
_END = """
DELETE FROM audit_log WHERE workspace_id = 1 AND id IN (SELECT id FROM audit_log
    WHERE workspace_id = 1 AND at < now() - make_interval(days => %(days)s)
      AND operation NOT IN ('contact_erase', 'contact_export') ORDER BY at LIMIT %(some)s FOR UPDATE SKIP LOCKED)
"""


class PostgresAuditLog:
    """The audit log on PostgreSQL; see contracts.audit.AuditLog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, *entries: AuditEntry) -> None:
        """Add entries."""
        async with self._database.connection() as connection, connection.transaction(), connection.cursor() as cursor:
            await cursor.executemany(_WRITE, [_values(entry) for entry in entries])

    async def read(self, wanted: AuditFilter, before_id: int | None, limit: int) -> list[AuditEntry]:
        """Give entries, newest first."""
        names = (*_COLUMNS.split(", "), "id", "at")
        values = {**asdict(wanted), "before": before_id, "limit": limit, "command_line": COMMAND_LINE}
        found = await self._database.rows(_READ, values)
        return [AuditEntry(**dict(zip(names, row, strict=True))) for row in found]

    async def authors(self) -> list[Author]:
        """Give everybody who may have done something."""
        found = await self._database.rows(
            "SELECT id, name, is_service, removed_at IS NOT NULL FROM agents WHERE workspace_id = 1"
            " ORDER BY lower(name), id LIMIT 2000"
        )
        return [Author(id=row[0], name=row[1], is_program=row[2], is_gone=row[3]) for row in found]

    async def end_old(self, days: int) -> int:
        """End entries that are older."""
        ended = 0
        while some := await self._end_some(days):
            ended += some
        return ended

    async def _end_some(self, days: int) -> int:
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute("SELECT set_config('relevo.audit_days', %s, true)", (str(days),))
            ended = (await connection.execute(_END, {"days": days, "some": _SOME})).rowcount
            if ended:
                entry = AuditEntry(
                    operation=RETENTION,
                    status=200,
                    address="",
                    agent_name="Relevo",
                    after={"ended": ended, "days": days},
                )
                await connection.execute(_WRITE, _values(entry))
            return ended


def _values(entry: AuditEntry) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(entry, name) for name in _COLUMNS.split(", ")}
    for name in ("request", "before", "after"):
        values[name] = None if values[name] is None else rows.json_text(values[name])
    return values | {"target": None if entry.target is None else clean_text(entry.target)}
