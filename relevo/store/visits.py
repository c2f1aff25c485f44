"""Visitors of the web chat on PostgreSQL: tokens, what is known of who has one, and moving on to a signed identity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from msgspec.structs import replace

from relevo.contracts.visits import Identified, RefusedOrigin, Signed, Visit
from relevo.domain.contacts import Level
from relevo.errors import Unavailable
from relevo.store import rows
from relevo.store.introducing import MET
from relevo.store.joining import is_busy, join, unite
from relevo.store.pool import Connection, Database

_Said = tuple[UUID, UUID | None, str | None, str]
"""An identity, its conversation, who was verified in it, and its address."""

CHANNEL = "widget"
_MOST_REFUSED = 100
_COLUMNS = "address, expires_at, site, business_ref, name, email, verified_until, prechat, consented_at, is_introduced"
_OPEN = f"""
INSERT INTO visits (token_hash, {_COLUMNS})
VALUES (%(hash)s, %(address)s, %(expires_at)s, %(site)s, %(ref)s, %(name)s, %(email)s, %(until)s, %(prechat)s::jsonb,
    %(consented_at)s, %(introduced)s)
"""
_FIND = f"SELECT {_COLUMNS} FROM visits WHERE workspace_id = 1 AND token_hash = %s AND expires_at > now()"
_INTRODUCE = f"""
WITH {MET}
INSERT INTO conversations (identity_id, channel) SELECT id, %(channel)s FROM identity
ON CONFLICT (workspace_id, identity_id) DO NOTHING
"""
_TELL = """
WITH grown AS (
    UPDATE conversations c SET last_position = c.last_position + 1, updated_at = now() FROM identities i
    WHERE i.workspace_id = 1 AND i.channel = %(channel)s AND i.address = %(address)s
      AND c.workspace_id = 1 AND c.identity_id = i.id RETURNING c.id, c.last_position
)
INSERT INTO entries (conversation_id, position, kind, author, content)
SELECT id, last_position, %(kind)s, 'system', %(content)s::jsonb FROM grown
"""
# Who is known as somebody else is so until that ends; prolonging what holds is no news for the timeline.
_VERIFY = """
WITH before AS (
    SELECT i.id, i.contact_id, i.level = %(level)s AND i.business_ref = %(ref)s AND i.verified_until > now() AS holds
    FROM identities i WHERE i.workspace_id = 1 AND i.channel = %(channel)s AND i.address = %(address)s FOR UPDATE
), verified AS (
    UPDATE identities i SET level = %(level)s, business_ref = %(ref)s, verified_until = %(until)s, failed_tries = 0,
        verified_facts = CASE WHEN i.business_ref = %(ref)s THEN i.verified_facts ELSE '{}' END || %(facts)s::jsonb
    FROM before b WHERE i.workspace_id = 1 AND i.id = b.id RETURNING i.contact_id, b.holds
), named AS (
    UPDATE contacts k SET business_ref = %(ref)s, display_name = coalesce(%(name)s, k.display_name)
    FROM verified v WHERE k.workspace_id = 1 AND k.id = v.contact_id
), theirs AS (
    UPDATE cases s SET business_ref = %(ref)s, contact_id = v.contact_id
    FROM verified v, before b, conversations c, case_conversations l
    WHERE c.workspace_id = 1 AND c.identity_id = b.id AND l.workspace_id = 1 AND l.conversation_id = c.id
      AND s.workspace_id = 1 AND s.id = l.case_id AND s.status = 'open' AND s.business_ref IS NULL
)
SELECT coalesce(holds, false) FROM verified
"""
# The messages that are on their way keep their names: sent again, they are the same messages.
_MOVE = (
    """
    UPDATE inbox q SET external_id = %(to)s || substr(q.external_id, length(%(from)s) + 1) FROM conversations c
    WHERE c.workspace_id = 1 AND c.identity_id = %(identity)s AND q.workspace_id = 1 AND q.conversation_id = c.id
      AND starts_with(q.external_id, %(from)s)
    """,
    """
    UPDATE entries e SET external_id = %(to)s || substr(e.external_id, length(%(from)s) + 1) FROM conversations c
    WHERE c.workspace_id = 1 AND c.identity_id = %(identity)s AND e.workspace_id = 1 AND e.conversation_id = c.id
      AND starts_with(e.external_id, %(from)s)
    """,
    "UPDATE identities SET address = %(to)s WHERE workspace_id = 1 AND id = %(identity)s",
)
_MOVE_FILES = f"""
UPDATE attachments SET address = %(to)s WHERE workspace_id = 1 AND channel = '{CHANNEL}' AND address = %(from)s
"""
_FOUND = """
SELECT i.id, c.id, i.business_ref, i.address FROM identities i
LEFT JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = i.id
WHERE i.workspace_id = 1 AND i.channel = %s AND i.address = %s FOR UPDATE OF i
"""
_CLOSE = "UPDATE visits SET expires_at = now() WHERE workspace_id = 1 AND token_hash = %s AND expires_at > now()"
_SILENT = """
SELECT i.contact_id FROM visits v
JOIN identities i ON i.workspace_id = 1 AND i.channel = %(channel)s AND i.address = v.address
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = i.id
WHERE v.workspace_id = 1 AND v.site = %(site)s AND v.business_ref IS NULL
  AND i.business_ref IS NULL AND k.business_ref IS NULL AND i.level = 0
  AND c.updated_at < now() - make_interval(days => %(days)s) AND c.control IN ('bot', 'closed')
  AND NOT EXISTS (SELECT FROM case_conversations l JOIN cases s ON s.workspace_id = 1 AND s.id = l.case_id
    WHERE l.workspace_id = 1 AND l.conversation_id = c.id AND s.status = 'open')
  AND NOT EXISTS (SELECT FROM identities o WHERE o.workspace_id = 1 AND o.contact_id = k.id AND o.id <> i.id)
GROUP BY i.contact_id ORDER BY min(c.updated_at) LIMIT %(limit)s
"""
_FORGET_UNUSED = """
DELETE FROM visits v WHERE v.workspace_id = 1 AND v.expires_at < now() AND NOT EXISTS (SELECT FROM identities i
    WHERE i.workspace_id = 1 AND i.channel = %s AND i.address = v.address)
"""
_REFUSED = """
WITH kept AS (
    INSERT INTO refused_origins AS r (origin, site) VALUES (%(origin)s, %(site)s)
    ON CONFLICT (workspace_id, origin, site) DO UPDATE SET refused_at = now()
)
DELETE FROM refused_origins WHERE workspace_id = 1 AND (origin, site) IN (
    SELECT origin, site FROM refused_origins WHERE workspace_id = 1 ORDER BY refused_at DESC OFFSET %(most)s)
"""


class PostgresVisits:
    """Visitors on PostgreSQL; see contracts.visits.Visits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, token_hash: bytes, visit: Visit) -> None:
        """Keep a visitor's token, and forget those that have long expired."""
        await self._database.run(_OPEN, _values(token_hash, visit))

    async def find(self, token_hash: bytes) -> Visit | None:
        """Give what a token stands for."""
        found = await self._database.rows(_FIND, (token_hash,))
        return _visit(found[0]) if found else None

    async def prolong(self, token_hash: bytes, expires_at: datetime) -> None:
        """Let a token hold for longer."""
        await self._database.run(
            "UPDATE visits SET expires_at = %s WHERE workspace_id = 1 AND token_hash = %s AND expires_at > now()",
            (expires_at, token_hash),
        )

    async def close(self, token_hash: bytes) -> None:
        """End a token; on which site it was is known for as long as what was said with it."""
        await self._database.run(_CLOSE, (token_hash,))

    async def introduce(self, token_hash: bytes) -> None:
        """Put what is known of a visitor on their timeline, once."""
        async with self._database.connection() as connection, connection.transaction():
            found = await (await connection.execute(f"{_FIND} FOR UPDATE", (token_hash,))).fetchone()
            if found is None or (visit := _visit(found)).is_introduced:
                return
            await connection.execute(_INTRODUCE, {"channel": CHANNEL, "address": visit.address})
            await _tell(connection, visit)
            await connection.execute(
                "UPDATE visits SET is_introduced = true WHERE workspace_id = 1 AND token_hash = %s", (token_hash,)
            )

    async def identify(self, before: bytes | None, token_hash: bytes, visit: Visit) -> Identified:
        """Put a token for a signed visitor in the place of the one before."""
        for _ in range(3):
            try:
                async with self._database.connection() as connection, connection.transaction():
                    return await _identify(connection, before, token_hash, visit)
            except psycopg.errors.UniqueViolation:
                continue  # another device of theirs was there in the same moment: the next look finds it
        raise Unavailable("They could not be identified right now; try again.")

    async def silent(self, site: str, days: int, limit: int = 50) -> Sequence[UUID]:
        """Give contacts of a site whom nobody ever verified, silent for so many days."""
        values = {"channel": CHANNEL, "site": site, "days": days, "limit": limit}
        return [row[0] for row in await self._database.rows(_SILENT, values)]

    async def forget_unused(self) -> None:
        """Forget tokens that are over and with which nothing was said."""
        await self._database.run(_FORGET_UNUSED, (CHANNEL,))

    async def refused(self, origin: str, site: str) -> None:
        """Note that pages of an origin were refused."""
        await self._database.run(_REFUSED, {"origin": origin, "site": site, "most": _MOST_REFUSED})

    async def refusals(self) -> Sequence[RefusedOrigin]:
        """Give the origins that were refused."""
        found = await self._database.rows(
            "SELECT origin, site, refused_at FROM refused_origins WHERE workspace_id = 1 ORDER BY refused_at DESC"
        )
        return [RefusedOrigin(origin=row[0], site=row[1], refused_at=row[2]) for row in found]


async def _identify(connection: Connection, before: bytes | None, token_hash: bytes, visit: Visit) -> Identified:
    own = await _found(connection, visit.address)
    here, left = (own, None) if before is None else await _leave(connection, before, visit, own)
    if here is not None:
        visit = replace(visit, address=here[3])
        await _tell(connection, visit)
    if own is not None and here is own and own[1] is not None:
        await join(connection, own[1], left)
    await connection.execute(_OPEN, _values(token_hash, visit) | {"introduced": here is not None})
    return Identified(visit=visit, conversation_id=here[1] if here else None)


async def _leave(
    connection: Connection, before: bytes, visit: Visit, own: _Said | None
) -> tuple[_Said | None, UUID | None]:
    """End the token before; give where they go on, and the chat that they leave, where nobody else was verified in it.

    Who has a chat of their own goes on in the one that they come from for as long as something is under way there.
    """
    assert visit.signed is not None
    found = await (await connection.execute(f"{_FIND} FOR UPDATE", (before,))).fetchone()
    await connection.execute(_CLOSE, (before,))
    if found is None or found[3] not in (None, visit.signed.ref) or found[0] == visit.address:
        return own, None
    said, left = await _found(connection, found[0]), None
    if said is not None and said[2] not in (None, visit.signed.ref):
        return own, None
    if said is not None and own is None:
        return await _move(connection, said, visit), None
    if said is not None and own is not None and await unite(connection, own[0], said[0], visit.signed.ref):
        if said[1] is not None and await is_busy(connection, said[1]):
            return said, None
        left = said[1]
    await connection.execute(f"{_MOVE_FILES} AND conversation_id IS NULL", {"to": visit.address, "from": found[0]})
    return own, left


async def _move(connection: Connection, said: _Said, visit: Visit) -> _Said:
    """Make what was said at an address the person's own chat."""
    values = {"from": said[3], "to": visit.address, "identity": said[0]}
    for statement in (*_MOVE, _MOVE_FILES, "DELETE FROM visits WHERE workspace_id = 1 AND address = %(from)s"):
        await connection.execute(statement, values)
    return (*said[:3], visit.address)


async def _found(connection: Connection, address: str) -> _Said | None:
    return await (await connection.execute(_FOUND, (CHANNEL, address))).fetchone()


async def _tell(connection: Connection, visit: Visit) -> None:
    """Write on the timeline what agents should know of a visitor, and know them as who their site says they are."""
    about = {"site": visit.site, **visit.prechat}
    if visit.prechat or visit.consented_at is not None:
        if visit.consented_at is not None:
            about["consented_at"] = visit.consented_at.isoformat()
        await _write(connection, visit, "visit", about)
    if (signed := visit.signed) is None:
        return
    values = {
        "channel": CHANNEL,
        "address": visit.address,
        "level": int(Level.SIGNED),
        "ref": signed.ref,
        "name": signed.name,
        "until": signed.verified_until,
        "facts": rows.json_text({"email": signed.email} if signed.email else {}),
    }
    holds = await (await connection.execute(_VERIFY, values)).fetchone()
    if holds is not None and not holds[0]:
        told = {"level": Level.SIGNED.name.lower(), "ref": signed.ref, "site": visit.site}
        await _write(connection, visit, "verification", told)


async def _write(connection: Connection, visit: Visit, kind: str, about: dict[str, Any]) -> None:
    content = rows.json_text({"custom": about})
    await connection.execute(_TELL, {"channel": CHANNEL, "address": visit.address, "kind": kind, "content": content})


def _values(token_hash: bytes, visit: Visit) -> dict[str, Any]:
    signed = visit.signed
    return {
        "hash": token_hash,
        "address": visit.address,
        "expires_at": visit.expires_at,
        "site": visit.site,
        "ref": signed.ref if signed else None,
        "name": signed.name if signed else None,
        "email": signed.email if signed else None,
        "until": signed.verified_until if signed else None,
        "prechat": rows.json_text(visit.prechat),
        "consented_at": visit.consented_at,
        "introduced": visit.is_introduced,
    }


def _visit(row: tuple[Any, ...]) -> Visit:
    signed = Signed(ref=row[3], name=row[4], email=row[5], verified_until=row[6]) if row[3] is not None else None
    return Visit(
        address=row[0],
        expires_at=row[1],
        site=row[2],
        signed=signed,
        prechat=row[7],
        consented_at=row[8],
        is_introduced=row[9],
    )
