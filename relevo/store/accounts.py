"""Agents, sessions and rate limits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relevo.contracts.accounts import NO_POWERS, AgentAccount, AgentPowers, Duty
from relevo.store import rows
from relevo.store.pool import Database
from relevo.store.together import Together

AGENT_COLUMNS = """
a.id, a.email, a.name, a.role, a.password_hash, a.limits, a.business_ref, a.is_away, a.languages,
a.queues, a.skills, a.capacity
"""
_AGENT = f"SELECT {AGENT_COLUMNS} FROM agents a"
_ADD = f"""
WITH made AS (
    INSERT INTO agents AS a (email, name, role, password_hash, limits, languages, business_ref, queues, skills,
        capacity)
    VALUES (%(email)s, %(name)s, %(role)s, %(hash)s, %(limits)s::jsonb, %(languages)s, %(ref)s, %(queues)s, %(skills)s,
        %(capacity)s)
    ON CONFLICT (workspace_id, email) DO UPDATE SET name = excluded.name, role = excluded.role,
        password_hash = excluded.password_hash, limits = excluded.limits, languages = excluded.languages,
        business_ref = excluded.business_ref, queues = excluded.queues, skills = excluded.skills,
        capacity = excluded.capacity, removed_at = NULL
    RETURNING {AGENT_COLUMNS}
), signed_out AS (
    DELETE FROM agent_sessions s USING made WHERE s.workspace_id = 1 AND s.agent_id = made.id
), unlinked AS (
    DELETE FROM password_links l USING made WHERE l.workspace_id = 1 AND l.agent_id = made.id
)
SELECT * FROM made
"""
_SESSIONS = f"""
SELECT s.token_hash, {AGENT_COLUMNS} FROM agents a
JOIN agent_sessions s ON s.workspace_id = 1 AND s.agent_id = a.id
WHERE a.workspace_id = 1 AND a.removed_at IS NULL AND s.token_hash = ANY(%s) AND s.expires_at > now()
"""
_REMOVE = f"""
WITH gone AS (
    UPDATE agents a SET removed_at = now() WHERE a.workspace_id = 1 AND a.email = %s AND a.removed_at IS NULL
    RETURNING {AGENT_COLUMNS}
), signed_out AS (
    DELETE FROM agent_sessions s USING gone WHERE s.workspace_id = 1 AND s.agent_id = gone.id
), unlinked AS (
    DELETE FROM password_links l USING gone WHERE l.workspace_id = 1 AND l.agent_id = gone.id
)
SELECT * FROM gone
"""
_SEEN = """
WITH before AS (
    SELECT id, is_away OR coalesce(seen_at < now() - make_interval(secs => %(secs)s), true) AS was_absent FROM agents
    WHERE workspace_id = 1 AND id = %(id)s AND removed_at IS NULL FOR NO KEY UPDATE
)
UPDATE agents a SET seen_at = now(), is_away = coalesce(%(away)s, a.is_away) FROM before b
WHERE a.workspace_id = 1 AND a.id = b.id RETURNING b.was_absent
"""
# The clock may have been put back: that locks nobody out.
_TAKE = """
INSERT INTO rate_limits AS b (bucket, tokens) VALUES (%(bucket)s, %(capacity)s - 1)
ON CONFLICT (workspace_id, bucket) DO UPDATE SET
    tokens = least(%(capacity)s, b.tokens + abs(extract(epoch FROM now() - b.filled_at)) * %(rate)s) - 1,
    filled_at = now()
WHERE least(%(capacity)s, b.tokens + abs(extract(epoch FROM now() - b.filled_at)) * %(rate)s) >= 1
RETURNING tokens
"""


class PostgresAccounts:
    """Accounts on PostgreSQL; see contracts.store.Accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sessions = Together(self._read_sessions)

    async def add_agent(
        self, email: str, name: str, role: str, password_hash: str, powers: AgentPowers = NO_POWERS
    ) -> AgentAccount:
        """Make or replace an agent's account by e-mail; a replaced one is signed out everywhere."""
        values = {
            "email": email.strip().lower(),
            "name": name,
            "role": role,
            "hash": password_hash,
            "limits": rows.json_text(powers.limits),
            "languages": list(powers.languages),
            "ref": powers.business_ref,
            "queues": list(powers.duty.queues),
            "skills": list(powers.duty.skills),
            "capacity": powers.duty.capacity,
        }
        return read_agent((await self._database.rows(_ADD, values))[0])

    async def remove_agent(self, email: str) -> AgentAccount | None:
        """Take an agent's account away and sign them out; what they did keeps their name."""
        found = await self._database.rows(_REMOVE, (email.strip().lower(),))
        return read_agent(found[0]) if found else None

    async def seen(self, agent_id: int, *, is_away: bool | None = None, absent_seconds: float = 45.0) -> bool:
        """Note that an agent is at the desk just now and, where it is given, whether they take conversations."""
        found = await self._database.rows(_SEEN, {"id": agent_id, "away": is_away, "secs": absent_seconds})
        return bool(found and found[0][0])

    async def agent(self, email: str) -> AgentAccount | None:
        """Give an agent by e-mail."""
        found = await self._database.rows(
            f"{_AGENT} WHERE a.workspace_id = 1 AND a.removed_at IS NULL AND NOT a.is_service AND a.email = %s",
            (email.strip().lower(),),
        )
        return read_agent(found[0]) if found else None

    async def agents(self) -> list[AgentAccount]:
        """Give everybody who may sign in, by name."""
        found = await self._database.rows(
            f"{_AGENT} WHERE a.workspace_id = 1 AND a.removed_at IS NULL AND NOT a.is_service ORDER BY a.name, a.id"
        )
        return [read_agent(row) for row in found]

    async def open_session(self, agent_id: int, token_hash: bytes, expires_at: datetime) -> None:
        """Keep a signed-in session, and forget those that have expired."""
        await self._database.run("DELETE FROM agent_sessions WHERE workspace_id = 1 AND expires_at < now()")
        await self._database.run(
            "INSERT INTO agent_sessions (token_hash, agent_id, expires_at) VALUES (%s, %s, %s)",
            (token_hash, agent_id, expires_at),
        )

    async def session(self, token_hash: bytes) -> AgentAccount | None:
        """Give the agent of a session that has not expired."""
        return await self._sessions.get(token_hash)

    async def _read_sessions(self, token_hashes: list[bytes]) -> Mapping[bytes, AgentAccount]:
        found = await self._database.rows(_SESSIONS, (token_hashes,))
        return {bytes(row[0]): read_agent(row[1:]) for row in found}

    async def close_session(self, token_hash: bytes) -> None:
        """End a session."""
        await self._database.run("DELETE FROM agent_sessions WHERE workspace_id = 1 AND token_hash = %s", (token_hash,))

    async def take(self, bucket: str, capacity: int, per_seconds: float) -> float:
        """Take one of ``capacity`` tokens that refill in ``per_seconds``: 0.0 when allowed, else seconds to wait."""
        rate = capacity / per_seconds
        taken = await self._database.rows(_TAKE, {"bucket": bucket, "capacity": float(capacity), "rate": rate})
        return 0.0 if taken else 1 / rate


def read_agent(row: tuple[Any, ...]) -> AgentAccount:
    """Make an account of AGENT_COLUMNS."""
    return AgentAccount(
        id=row[0],
        email=row[1],
        name=row[2],
        role=row[3],
        password_hash=row[4],
        limits=row[5],
        business_ref=row[6],
        is_away=row[7],
        languages=tuple(row[8]),
        duty=Duty(queues=tuple(row[9]), skills=tuple(row[10]), capacity=row[11]),
    )
