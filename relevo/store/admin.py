"""Accounts as administrators change them, and how the channels do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from relevo.contracts.accounts import AgentAccount, AgentPowers
from relevo.contracts.admin import ChannelHealth, StaffMember
from relevo.contracts.channel_log import GOOD
from relevo.contracts.password_links import PasswordLinks
from relevo.domain.roles import ADMIN
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.accounts import AGENT_COLUMNS, read_agent
from relevo.store.password_links import PostgresPasswordLinks
from relevo.store.pool import Connection, Database

_MEMBER = """
SELECT a.id, a.email, a.name, a.role, a.limits, a.languages, a.is_away, a.seen_at, a.business_ref,
    a.queues, a.skills, a.capacity FROM agents a
WHERE a.workspace_id = 1 AND a.removed_at IS NULL AND NOT a.is_service
"""
# Who was removed comes back under the same number: what they did is theirs.
_ADD = f"""
INSERT INTO agents AS a (email, name, role, password_hash, limits, languages, business_ref, queues, skills, capacity)
VALUES (%(email)s, %(name)s, %(role)s, %(hash)s, %(limits)s::jsonb, %(languages)s, %(ref)s, %(queues)s, %(skills)s,
    %(capacity)s)
ON CONFLICT (workspace_id, email) DO UPDATE SET name = excluded.name, role = excluded.role,
    password_hash = excluded.password_hash, limits = excluded.limits, languages = excluded.languages,
    business_ref = excluded.business_ref, queues = excluded.queues, skills = excluded.skills,
    capacity = excluded.capacity, removed_at = NULL
WHERE a.removed_at IS NOT NULL AND NOT a.is_service
RETURNING {AGENT_COLUMNS}
"""
_CHANGE = """
UPDATE agents SET name = %(name)s, role = %(role)s, limits = %(limits)s::jsonb, languages = %(languages)s,
    business_ref = %(ref)s, queues = %(queues)s, skills = %(skills)s, capacity = %(capacity)s
WHERE workspace_id = 1 AND id = %(id)s
"""
_SIGN_OUT = """
WITH links AS (DELETE FROM password_links WHERE workspace_id = 1 AND agent_id = %(id)s)
DELETE FROM agent_sessions WHERE workspace_id = 1 AND agent_id = %(id)s
"""
_HOLD_ADMINS = f"""
SELECT id FROM agents WHERE workspace_id = 1 AND role = '{ADMIN}' AND removed_at IS NULL AND NOT is_service
ORDER BY id FOR UPDATE
"""
# What came and went is counted among the newest of each; the names of channels are jumped to in an index.
_CHANNELS = """
WITH RECURSIVE names AS (
    SELECT min(channel) AS channel FROM identities WHERE workspace_id = 1
    UNION ALL SELECT (SELECT min(i.channel) FROM identities i WHERE i.workspace_id = 1 AND i.channel > n.channel)
    FROM names n WHERE n.channel IS NOT NULL
), came AS (
    SELECT channel, count(*) FILTER (WHERE received_at > now() - interval '1 hour') AS n, max(received_at) AS last
    FROM (SELECT channel, received_at, kind FROM inbox WHERE workspace_id = 1 ORDER BY id DESC LIMIT 20000) q
    WHERE kind = 'message' GROUP BY 1
), went AS (
    SELECT channel, count(*) FILTER (WHERE created_at > now() - interval '1 hour') AS n, max(ended_at) AS last
    FROM (SELECT channel, created_at, ended_at, state FROM deliveries WHERE workspace_id = 1
        ORDER BY id DESC LIMIT 20000) d
    WHERE state IN ('sent', 'delivered', 'read') GROUP BY 1
), turned AS (
    SELECT channel, sum(times)::integer AS n FROM (SELECT channel, at, direction, result, times FROM channel_log
        WHERE workspace_id = 1 ORDER BY id DESC LIMIT 5000) x
    WHERE direction = 'in' AND result <> ALL(%(good)s) AND at > now() - interval '1 hour' GROUP BY 1
), failed AS (
    SELECT channel, count(*) AS n FROM deliveries
    WHERE workspace_id = 1 AND state IN ('refused', 'unconfirmed') AND ended_at > now() - interval '1 hour' GROUP BY 1
), waiting AS (
    SELECT channel, count(*) AS n, min(created_at) AS oldest,
        max(due_at) FILTER (WHERE reason IS NOT NULL AND due_at > now()) AS until,
        min(reason) FILTER (WHERE reason IS NOT NULL AND due_at > now()) AS why FROM deliveries
    WHERE workspace_id = 1 AND state IN ('queued', 'sending') GROUP BY 1
), last AS (
    SELECT DISTINCT ON (channel) channel, reason, ended_at FROM deliveries
    WHERE workspace_id = 1 AND state IN ('refused', 'unconfirmed') AND ended_at > now() - interval '7 days'
    ORDER BY channel, ended_at DESC
)
SELECT k.channel, coalesce(came.n, 0), coalesce(went.n, 0), coalesce(failed.n, 0), coalesce(waiting.n, 0),
    waiting.oldest, last.reason, last.ended_at, came.last, went.last, coalesce(turned.n, 0),
    k.channel = ANY(%(configured)s), waiting.until, waiting.why
FROM (SELECT channel FROM names WHERE channel IS NOT NULL UNION SELECT unnest(%(configured)s::text[])) k
LEFT JOIN came USING (channel) LEFT JOIN went USING (channel) LEFT JOIN failed USING (channel)
LEFT JOIN waiting USING (channel) LEFT JOIN last USING (channel) LEFT JOIN turned USING (channel) ORDER BY 1
"""


class PostgresAdmin:
    """Administration on PostgreSQL; see contracts.admin.Admin."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.links: PasswordLinks = PostgresPasswordLinks(database)

    async def staff(self) -> list[StaffMember]:
        """Give everybody who may sign in, by name."""
        return [_member(row) for row in await self._database.rows(f"{_MEMBER} ORDER BY a.name, a.id")]

    async def add(self, email: str, name: str, role: str, password_hash: str, powers: AgentPowers) -> AgentAccount:
        """Make an account."""
        values = {**_powers(powers), "email": email.strip().lower(), "name": name, "role": role, "hash": password_hash}
        found = await self._database.rows(_ADD, values)
        if not found:
            raise Conflict(f"{values['email']} has an account already; nothing was changed.", code="agent_exists")
        return read_agent(found[0])

    async def change(self, agent_id: int, name: str, role: str, powers: AgentPowers) -> tuple[StaffMember, StaffMember]:
        """Change an account, and give how it was and is."""
        async with self._database.connection() as connection, connection.transaction():
            before = await _held(connection, agent_id, stays_admin=role == ADMIN)
            await connection.execute(_CHANGE, {**_powers(powers), "id": agent_id, "name": name, "role": role})
            return before, await _one(connection, agent_id)

    async def remove(self, agent_id: int) -> StaffMember:
        """Take an account away."""
        async with self._database.connection() as connection, connection.transaction():
            member = await _held(connection, agent_id, stays_admin=False)
            await connection.execute(
                "UPDATE agents SET removed_at = now() WHERE workspace_id = 1 AND id = %s", (agent_id,)
            )
            await connection.execute(_SIGN_OUT, {"id": agent_id})
            return member

    async def channels(self, configured: Sequence[str]) -> list[ChannelHealth]:
        """Tell how each channel does."""
        names = ChannelHealth.__struct_fields__
        values = {"configured": list(configured), "good": sorted(GOOD)}
        found = await self._database.rows(_CHANNELS, values)
        return [ChannelHealth(**dict(zip(names, row, strict=True))) for row in found]


async def _held(connection: Connection, agent_id: int, *, stays_admin: bool) -> StaffMember:
    """Give somebody whom nobody else changes meanwhile, unless nobody would be left who may administer."""
    admins = [row[0] for row in await (await connection.execute(_HOLD_ADMINS)).fetchall()]
    member = await _one(connection, agent_id)
    if admins == [agent_id] and not stays_admin:
        raise Conflict("This is the last administrator; make somebody else one first.", code="last_admin")
    return member


async def _one(connection: Connection, agent_id: int) -> StaffMember:
    try:
        row = await (await connection.execute(f"{_MEMBER} AND a.id = %s", (agent_id,))).fetchone()
    except psycopg.errors.NumericValueOutOfRange:
        row = None
    if row is None:
        raise NotFound("There is no such account.")
    return _member(row)


def _member(row: tuple[Any, ...]) -> StaffMember:
    names = StaffMember.__struct_fields__
    told = dict(zip(names, row, strict=True))
    return StaffMember(**told | {name: tuple(told[name]) for name in ("languages", "queues", "skills")})


def _powers(powers: AgentPowers) -> dict[str, Any]:
    return {
        "limits": rows.json_text(powers.limits),
        "languages": list(powers.languages),
        "ref": powers.business_ref,
        "queues": list(powers.duty.queues),
        "skills": list(powers.duty.skills),
        "capacity": powers.duty.capacity,
    }
