"""What the demo puts on the desk: the cases that were open before the bot came; and whether there is a demo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relevo.store.aurora.demo import DemoCase, demo_cases, demo_macros, demo_replies
from relevo.store.pool import Connection, Database

# A contact of the demo writes on no channel yet, so nothing but the reference tells whether it is there.
_CONTACT = """
INSERT INTO contacts (business_ref, display_name) SELECT %(business_ref)s, %(contact_name)s
WHERE NOT EXISTS (SELECT FROM contacts WHERE workspace_id = 1 AND business_ref = %(business_ref)s)
"""

_CASE = """
INSERT INTO cases (id, type, trigger, status, reference, contact_id, business_ref, opened_at, promised_at, due_at)
SELECT %(id)s, %(type)s, 'user_request', %(status)s, %(reference)s, k.id, %(business_ref)s, %(opened_at)s,
    %(promised_at)s, coalesce(%(promised_at)s, %(opened_at)s + interval '1 day')
FROM contacts k WHERE k.workspace_id = 1 AND k.business_ref = %(business_ref)s AND k.merged_into IS NULL
ORDER BY k.created_at LIMIT 1
ON CONFLICT (workspace_id, id) DO UPDATE SET opened_at = excluded.opened_at,
    promised_at = excluded.promised_at, due_at = excluded.due_at
"""


# Once: what was changed or removed since stays so.
_REPLY = """
INSERT INTO canned_replies (language, code, title, text)
VALUES (%(language)s, %(code)s, %(title)s, %(text)s) ON CONFLICT DO NOTHING
"""
_MACRO = "INSERT INTO macros (name, steps) VALUES (%(name)s, %(steps)s::jsonb) ON CONFLICT DO NOTHING"


class AuroraDesk:
    """The demo's share of the desk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_loaded(self) -> bool:
        """Tell whether the demo was loaded into this database."""
        return bool(await self._database.rows("SELECT true FROM aurora_state WHERE workspace_id = 1"))

    async def load(self, anchor: datetime) -> None:
        """Put the demo's open cases on the desk, or move them to another moment."""
        async with self._database.connection() as connection, connection.transaction():
            for case in demo_cases(anchor):
                values = _values(case)
                await connection.execute(_CONTACT, values)
                await connection.execute(_CASE, values)
            await _put_ready_words(connection)


async def _put_ready_words(connection: Connection) -> None:
    for table, statement, rows in (("canned_replies", _REPLY, demo_replies()), ("macros", _MACRO, demo_macros())):
        if not (await connection.execute(f"SELECT FROM {table} WHERE workspace_id = 1 LIMIT 1")).rowcount:
            await connection.cursor().executemany(statement, rows)


def _values(case: DemoCase) -> Mapping[str, Any]:
    return {
        "id": case.id,
        "type": case.type,
        "status": case.status,
        "reference": case.reference,
        "business_ref": case.business_ref,
        "contact_name": case.contact_name,
        "opened_at": case.opened_at,
        "promised_at": case.promised_at,
    }
