"""Links with which people set their password, on PostgreSQL."""

from __future__ import annotations

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.password_links import LINK_SECONDS, LinkMail
from relevo.errors import NotFound
from relevo.store.accounts import AGENT_COLUMNS, read_agent
from relevo.store.pool import Database

_LIVES = "a.workspace_id = 1 AND a.removed_at IS NULL AND NOT a.is_service"
_LEASE_SECONDS = 120.0
_ASK = f"""
WITH old AS (DELETE FROM password_links WHERE workspace_id = 1 AND expires_at < now())
INSERT INTO password_links (agent_id, language, is_mailed, expires_at)
SELECT a.id, %(language)s, true, now() + make_interval(secs => {LINK_SECONDS}) FROM agents a
WHERE {_LIVES} AND (a.email = %(email)s OR a.id = %(id)s)
"""
_MAKE = f"""
WITH owner AS (SELECT {AGENT_COLUMNS} FROM agents a WHERE {_LIVES} AND a.id = %(id)s), old AS (
    DELETE FROM password_links WHERE workspace_id = 1 AND expires_at < now()
), kept AS (
    INSERT INTO password_links (agent_id, token_hash, language, is_mailed, expires_at)
    SELECT id, %(hash)s, '', false, now() + make_interval(secs => {LINK_SECONDS}) FROM owner
)
SELECT * FROM owner
"""
_HOLDS = "l.workspace_id = 1 AND l.token_hash = %(hash)s AND l.expires_at > now()"
_OWNER = f"""
SELECT {AGENT_COLUMNS} FROM password_links l JOIN agents a ON a.id = l.agent_id AND {_LIVES} WHERE {_HOLDS}
"""
# Of two who use it at once, the second finds no link any more: the row's lock makes them wait for each other.
_USE = f"""
WITH used AS (DELETE FROM password_links l WHERE {_HOLDS} RETURNING l.agent_id, l.id), owner AS (
    UPDATE agents a SET password_hash = %(password)s FROM used u WHERE {_LIVES} AND a.id = u.agent_id
    RETURNING {AGENT_COLUMNS}
), others AS (
    DELETE FROM password_links l USING used u WHERE l.workspace_id = 1 AND l.agent_id = u.agent_id AND l.id <> u.id
), signed_out AS (
    DELETE FROM agent_sessions s USING owner WHERE s.workspace_id = 1 AND s.agent_id = owner.id
)
SELECT * FROM owner
"""
_CLAIM = f"""
UPDATE password_links l SET token_hash = %(hash)s, attempts = l.attempts + 1,
    due_at = now() + make_interval(secs => {_LEASE_SECONDS})
FROM agents a
WHERE l.workspace_id = 1 AND a.id = l.agent_id AND {_LIVES} AND l.id = (
    SELECT d.id FROM password_links d WHERE d.workspace_id = 1 AND d.is_mailed AND d.due_at <= now()
      AND d.expires_at > now() ORDER BY d.due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING l.id, a.email, a.name, l.language, l.attempts
"""


class PostgresPasswordLinks:
    """Links on PostgreSQL; see contracts.password_links.PasswordLinks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, email: str, language: str) -> None:
        """Have a link mailed to whoever has this address, if anybody has."""
        await self._database.run(_ASK, {"email": email.strip().lower(), "language": language, "id": None})

    async def mail(self, agent_id: int, language: str) -> AgentAccount:
        """Have a link mailed to an account."""
        if not await self._database.run(_ASK, {"email": None, "language": language, "id": agent_id}):
            raise _nobody()
        found = await self._database.rows(f"SELECT {AGENT_COLUMNS} FROM agents a WHERE a.id = %s", (agent_id,))
        return read_agent(found[0])

    async def make(self, agent_id: int, token_hash: bytes) -> AgentAccount:
        """Keep a link that somebody hands over."""
        found = await self._database.rows(_MAKE, {"id": agent_id, "hash": token_hash})
        if not found:
            raise _nobody()
        return read_agent(found[0])

    async def owner(self, token_hash: bytes) -> AgentAccount | None:
        """Give whose password a link sets."""
        found = await self._database.rows(_OWNER, {"hash": token_hash})
        return read_agent(found[0]) if found else None

    async def use(self, token_hash: bytes, password_hash: str) -> AgentAccount | None:
        """Set the password, once."""
        found = await self._database.rows(_USE, {"hash": token_hash, "password": password_hash})
        return read_agent(found[0]) if found else None

    async def claim(self, token_hash: bytes) -> LinkMail | None:
        """Take one that is to be mailed."""
        found = await self._database.rows(_CLAIM, {"hash": token_hash})
        names = LinkMail.__struct_fields__
        return LinkMail(**dict(zip(names, found[0], strict=True))) if found else None

    async def settle(self, link_id: int, *, again_in_seconds: float | None = None) -> None:
        """Say that a mail has left, or when it is to be tried again."""
        await self._database.run(
            "UPDATE password_links SET is_mailed = %(again)s::float IS NOT NULL,"
            " due_at = now() + make_interval(secs => coalesce(%(again)s, 0)) WHERE workspace_id = 1 AND id = %(id)s",
            {"id": link_id, "again": again_in_seconds},
        )

    async def drop(self, link_id: int) -> None:
        """Forget a link whose mail nobody takes."""
        await self._database.run("DELETE FROM password_links WHERE workspace_id = 1 AND id = %s", (link_id,))


def _nobody() -> NotFound:
    return NotFound("There is no such account.")
