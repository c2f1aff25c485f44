"""What administrators say at the desk in place of relevo.yml: versions, each on top of the one before."""

from __future__ import annotations

from typing import Any

from relevo.contracts.desk_settings import SettingChange, SettingVersion
from relevo.errors import Conflict
from relevo.store import rows
from relevo.store.pool import Database

_COLUMNS = "section, version, value, agent_id, agent_name, changed_at"
_NEWEST = f"""
SELECT DISTINCT ON (section) {_COLUMNS} FROM desk_settings WHERE workspace_id = 1 ORDER BY section, version DESC
"""
_OF = f"SELECT {_COLUMNS} FROM desk_settings WHERE workspace_id = 1 AND section = %(section)s"
_ADD = f"""
INSERT INTO desk_settings (section, version, value, agent_id, agent_name)
SELECT %(section)s, %(version)s + 1, %(value)s::json, %(agent)s, %(name)s
WHERE %(version)s = coalesce((SELECT max(version) FROM desk_settings WHERE workspace_id = 1
    AND section = %(section)s), 0)
ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
"""
# All at once: queues may change names among themselves.
_RENAMED = "coalesce((%(renamed)s::jsonb) ->> {old}, {old})"
_RENAME_OWN = f"""
UPDATE agents a SET queues = (SELECT array_agg({_RENAMED.format(old="q")} ORDER BY n)
    FROM unnest(a.queues) WITH ORDINALITY t (q, n))
WHERE workspace_id = 1 AND queues && %(old)s::text[]
"""
_RENAME_WAITING = f"""
UPDATE handoffs SET queue = {_RENAMED.format(old="queue")}
WHERE workspace_id = 1 AND queue = ANY(%(old)s) AND state IN ('requested', 'queued', 'offered', 'agent', 'wrap_up')
"""


class PostgresDeskSettings:
    """Versions on PostgreSQL; see contracts.desk_settings.DeskSettings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self) -> list[SettingVersion]:
        """Give the newest version of each section."""
        return [_version(row) for row in await self._database.rows(_NEWEST)]

    async def versions(self, section: str, limit: int = 20) -> list[SettingVersion]:
        """Give what was said about a section, newest first."""
        statement = f"{_OF} ORDER BY version DESC LIMIT %(limit)s"
        return [_version(row) for row in await self._database.rows(statement, {"section": section, "limit": limit})]

    async def version(self, section: str, version: int) -> SettingVersion | None:
        """Give one version."""
        statement = f"{_OF} AND version = %(version)s"
        found = await self._database.rows(statement, {"section": section, "version": version})
        return _version(found[0]) if found else None

    async def change(self, change: SettingChange) -> SettingVersion:
        """Say something on top of what was seen."""
        values = {
            "section": change.section,
            "version": change.version,
            "value": None if change.value is None else rows.json_text(change.value),
            "agent": change.agent_id,
            "name": change.agent_name,
        }
        async with self._database.connection() as connection, connection.transaction():
            row = await (await connection.execute(_ADD, values)).fetchone()
            if row is None:
                raise Conflict("Somebody has changed this meanwhile; look at it again.", code="settings_changed")
            if change.renamed:
                names = {"renamed": rows.json_text(dict(change.renamed)), "old": list(change.renamed)}
                for statement in (_RENAME_OWN, _RENAME_WAITING):
                    await connection.execute(statement, names)
        return _version(row)


def _version(row: tuple[Any, ...]) -> SettingVersion:
    section, version, value, agent_id, agent_name, changed_at = row
    return SettingVersion(
        section=section,
        version=version,
        value=value,
        agent_id=agent_id,
        agent_name=agent_name,
        changed_at=changed_at,
    )
