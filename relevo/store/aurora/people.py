"""What the demo company has on file about its people, changed once for each key: mail address, name, language.

change: the key is claimed ─► the row is as it was shown? changed ─► result kept     (one transaction)
            └─ the key is there already: its result, nothing done
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store.pool import Connection

Deed = Callable[[Connection, EffectOrder], Awaitable[Mapping[str, Any]]]

_CLAIM = """
INSERT INTO aurora_changes (key, person_ref, kind, result)
SELECT %(key)s, ref, %(kind)s, %(result)s::jsonb FROM aurora_people WHERE workspace_id = 1 AND ref = %(ref)s
ON CONFLICT DO NOTHING
"""
_KNOWN = "SELECT result FROM aurora_changes WHERE workspace_id = 1 AND key = %(key)s AND person_ref = %(ref)s"

# Two people at one address could not be told apart by their mails.
_EMAIL = """
UPDATE aurora_people p SET email = %(email)s
WHERE p.workspace_id = 1 AND p.ref = %(ref)s AND lower(p.email) = lower(%(before)s)
  AND NOT EXISTS (SELECT FROM aurora_people o
    WHERE o.workspace_id = 1 AND o.ref <> p.ref AND lower(o.email) = lower(%(email)s))
"""
_NAME = """
UPDATE aurora_people SET given_names = %(given_names)s, surnames = %(surnames)s
WHERE workspace_id = 1 AND ref = %(ref)s AND given_names = %(given_names_before)s AND surnames = %(surnames_before)s
"""
_LANGUAGE = """
UPDATE aurora_people SET language = %(language)s
WHERE workspace_id = 1 AND ref = %(ref)s AND language = %(before)s
"""


async def change_email(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Change a mail address; raises Conflict where it is another one by now, or the new one is somebody else's."""
    return await _change(connection, effect, _EMAIL, ("email", "before"))


async def change_name(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Change given names and surnames; raises Conflict where they are others by now."""
    names = ("given_names", "surnames", "given_names_before", "surnames_before")
    return await _change(connection, effect, _NAME, names)


async def change_language(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Change in which language somebody is written to; raises Conflict where it is another one by now."""
    return await _change(connection, effect, _LANGUAGE, ("language", "before"))


async def _change(
    connection: Connection, effect: EffectOrder, statement: str, names: tuple[str, ...]
) -> Mapping[str, Any]:
    told = {name: str(effect.arguments[name]) for name in names}
    values = {
        **told,
        "key": effect.key,
        "kind": effect.kind,
        "ref": effect.business_ref,
        "result": msgspec.json.encode(told).decode(),
    }
    if (await connection.execute(_CLAIM, values)).rowcount:
        if not (await connection.execute(statement, values)).rowcount:
            raise Conflict("This cannot be changed so: the file says something else by now.", code="person.changed")
        return told
    known = await (await connection.execute(_KNOWN, values)).fetchone()
    if known is None:
        raise Conflict("There is no such person.", code="person.unknown")
    result: Mapping[str, Any] = known[0]
    return result
