"""What the demo puts on the desk: cases, calls and mails from before the bot came; and whether there is a demo."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import asdict

from relevo.store.aurora.demo import demo_cases, demo_encounters, demo_macros, demo_replies
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

_ENCOUNTER = """
INSERT INTO encounters (contact_id, source, external_id, kind, direction, summary, is_answered, happened_at)
SELECT k.id, 'aurora', %(external_id)s, %(kind)s, 'in', %(summary)s, %(is_answered)s, %(at)s
FROM contacts k WHERE k.workspace_id = 1 AND k.business_ref = %(business_ref)s AND k.merged_into IS NULL
ORDER BY k.created_at LIMIT 1
ON CONFLICT (workspace_id, source, external_id) DO UPDATE SET happened_at = excluded.happened_at
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
        """Put what was before the bot came on the desk, or move it to another moment."""
        async with self._database.connection() as connection, connection.transaction():
            for case in demo_cases(anchor):
                await connection.execute(_CONTACT, asdict(case))
                await connection.execute(_CASE, asdict(case))
            for encounter in demo_encounters(anchor):
                await connection.execute(_ENCOUNTER, asdict(encounter))
            await _put_ready_words(connection)


async def _put_ready_words(connection: Connection) -> None:
    for table, statement, rows in (("canned_replies", _REPLY, demo_replies()), ("macros", _MACRO, demo_macros())):
        if not (await connection.execute(f"SELECT FROM {table} WHERE workspace_id = 1 LIMIT 1")).rowcount:
            await connection.cursor().executemany(statement, rows)
