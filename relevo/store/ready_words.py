"""Canned replies and macros: everybody's, and each agent's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from msgspec.structs import asdict

from relevo.contracts.composer import CannedReply, CannedText, Macro
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.pool import Database

_REPLY = "id, language, code, title, text, agent_id, updated_at"
_MACRO = "id, name, steps, agent_id, updated_at"
_ADD_REPLY = f"""
INSERT INTO canned_replies (language, code, title, text, agent_id, updated_by)
VALUES (%(language)s, %(code)s, %(title)s, %(text)s, %(agent_id)s, %(by)s) RETURNING {_REPLY}
"""
_CHANGE_REPLY = f"""
UPDATE canned_replies SET language = %(language)s, code = %(code)s, title = %(title)s, text = %(text)s,
    agent_id = %(agent_id)s, updated_by = %(by)s, updated_at = now()
WHERE workspace_id = 1 AND id = %(id)s RETURNING {_REPLY}
"""
_ADD_MACRO = f"""
INSERT INTO macros (name, steps, agent_id, updated_by)
VALUES (%(name)s, %(steps)s::jsonb, %(agent)s, %(by)s) RETURNING {_MACRO}
"""
_CHANGE_MACRO = f"""
UPDATE macros SET name = %(name)s, steps = %(steps)s::jsonb, updated_by = %(by)s, updated_at = now()
WHERE workspace_id = 1 AND id = %(id)s RETURNING {_MACRO}
"""


class PostgresReadyWords:
    """Ready words on PostgreSQL; see contracts.composer.ReadyWords."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replies(self, agent_id: int) -> list[CannedReply]:
        """Give everybody's and an agent's own."""
        found = await self._database.rows(
            f"SELECT {_REPLY} FROM canned_replies WHERE workspace_id = 1 AND (agent_id IS NULL OR agent_id = %s)"
            " ORDER BY language, code, agent_id NULLS FIRST",
            (agent_id,),
        )
        return [_reply(row) for row in found]

    async def add_reply(self, by: int, text: CannedText) -> CannedReply:
        """Keep a new one."""
        return _reply((await self._kept(_ADD_REPLY, asdict(text) | {"by": by}, _code_taken()))[0])

    async def change_reply(self, by: int, reply_id: int, text: CannedText) -> CannedReply:
        """Put other words in its place."""
        found = await self._kept(_CHANGE_REPLY, asdict(text) | {"by": by, "id": reply_id}, _code_taken())
        if not found:
            raise _gone()
        return _reply(found[0])

    async def remove_reply(self, reply_id: int) -> None:
        """Forget one."""
        await self._remove("canned_replies", reply_id)

    async def macros(self, agent_id: int) -> list[Macro]:
        """Give everybody's and an agent's own."""
        found = await self._database.rows(
            f"SELECT {_MACRO} FROM macros WHERE workspace_id = 1 AND (agent_id IS NULL OR agent_id = %s)"
            " ORDER BY name, id",
            (agent_id,),
        )
        return [_macro(row) for row in found]

    async def add_macro(self, by: int, name: str, steps: Sequence[Mapping[str, Any]], agent_id: int | None) -> Macro:
        """Keep a new one."""
        values = {"name": name, "steps": rows.json_text(steps), "agent": agent_id, "by": by}
        return _macro((await self._kept(_ADD_MACRO, values, _name_taken()))[0])

    async def change_macro(self, by: int, macro_id: int, name: str, steps: Sequence[Mapping[str, Any]]) -> Macro:
        """Put other steps in its place."""
        values = {"name": name, "steps": rows.json_text(steps), "by": by, "id": macro_id}
        found = await self._kept(_CHANGE_MACRO, values, _name_taken())
        if not found:
            raise _gone()
        return _macro(found[0])

    async def remove_macro(self, macro_id: int) -> None:
        """Forget one."""
        await self._remove("macros", macro_id)

    async def _remove(self, table: str, number: int) -> None:
        if not await self._database.run(f"DELETE FROM {table} WHERE workspace_id = 1 AND id = %s", (number,)):
            raise _gone()

    async def _kept(self, statement: str, values: Mapping[str, Any], taken: Conflict) -> list[tuple[Any, ...]]:
        try:
            return await self._database.rows(statement, values)
        except psycopg.errors.UniqueViolation:
            raise taken from None


def _reply(row: tuple[Any, ...]) -> CannedReply:
    names = ("id", "language", "code", "title", "text", "agent_id", "updated_at")
    return CannedReply(**dict(zip(names, row, strict=True)))


def _macro(row: tuple[Any, ...]) -> Macro:
    return Macro(id=row[0], name=row[1], steps=tuple(row[2]), agent_id=row[3], updated_at=row[4])


def _code_taken() -> Conflict:
    return Conflict("Another reply has this code in this language. Choose another code.", code="code_taken")


def _name_taken() -> Conflict:
    return Conflict("Another macro has this name. Choose another name.", code="name_taken")


def _gone() -> NotFound:
    return NotFound("It was removed already, or never was.")
