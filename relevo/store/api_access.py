"""Tokens, service accounts, and answers that are given again."""

from __future__ import annotations

from typing import Any

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.api_access import ApiToken, AskedOnce, GivenAnswer, NewToken
from relevo.errors import Conflict, NotFound
from relevo.store.accounts import AGENT_COLUMNS, read_agent
from relevo.store.pool import Database

_USE_NOTED_SECONDS = 60
_TOKEN = """
t.id, a.name, a.role, t.agent_id, t.hint, t.scopes, t.created_at, t.expires_at, t.last_used_at, t.revoked_at
"""
_OF_AGENT = "JOIN agents a ON a.workspace_id = 1 AND a.id = t.agent_id"
_ISSUE = f"""
WITH account AS (
    INSERT INTO agents AS a (email, name, role, password_hash, is_service)
    VALUES ('service:' || lower(%(name)s), %(name)s, %(role)s, 'nobody signs in with this', true)
    ON CONFLICT (workspace_id, email) DO UPDATE SET removed_at = NULL WHERE a.is_service AND a.role = excluded.role
    RETURNING a.id, a.name, a.role
), t AS (
    INSERT INTO api_tokens (agent_id, token_hash, hint, scopes, created_by, expires_at)
    SELECT id, %(hash)s, %(hint)s, %(scopes)s, %(by)s, %(expires_at)s FROM account RETURNING *
)
SELECT {_TOKEN} FROM t JOIN account a ON a.id = t.agent_id
"""
_FIND = f"""
WITH used AS (
    UPDATE api_tokens SET last_used_at = now()
    WHERE workspace_id = 1 AND token_hash = %(hash)s AND revoked_at IS NULL AND expires_at > now()
      AND (last_used_at IS NULL OR last_used_at < now() - make_interval(secs => {_USE_NOTED_SECONDS}))
)
SELECT {_TOKEN}, {AGENT_COLUMNS} FROM api_tokens t {_OF_AGENT}
WHERE t.workspace_id = 1 AND t.token_hash = %(hash)s AND t.revoked_at IS NULL AND t.expires_at > now()
  AND a.removed_at IS NULL
"""
_BEGIN = """
INSERT INTO api_answers AS k (caller, path, key, body_hash, held_until)
VALUES (%(caller)s, %(path)s, %(key)s, %(hash)s, now() + make_interval(secs => %(hold)s))
ON CONFLICT (workspace_id, caller, path, key) DO UPDATE SET held_until = excluded.held_until
WHERE k.status IS NULL AND k.held_until < now() AND k.body_hash = excluded.body_hash
RETURNING true
"""
_ONE = "workspace_id = 1 AND caller = %(caller)s AND path = %(path)s AND key = %(key)s"


class PostgresTokens:
    """Tokens on PostgreSQL; see contracts.api_access.Tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, token: NewToken, by_agent: int) -> ApiToken:
        """Keep a token of a service account."""
        values = {
            "name": token.name,
            "role": token.role,
            "hash": token.token_hash,
            "hint": token.hint,
            "scopes": list(token.scopes),
            "by": by_agent,
            "expires_at": token.expires_at,
        }
        found = await self._database.rows(_ISSUE, values)
        if not found:
            raise Conflict(
                f"There is a service account “{token.name}” with another role; choose another name.",
                code="another_role",
            )
        return _token(found[0])

    async def find(self, token_hash: bytes) -> tuple[ApiToken, AgentAccount] | None:
        """Give a token that holds, with its account."""
        found = await self._database.rows(_FIND, {"hash": token_hash})
        return (_token(found[0]), read_agent(found[0][10:])) if found else None

    async def tokens(self) -> list[ApiToken]:
        """Give every token, newest first."""
        found = await self._database.rows(
            f"SELECT {_TOKEN} FROM api_tokens t {_OF_AGENT} WHERE t.workspace_id = 1 ORDER BY t.id DESC LIMIT 500"
        )
        return [_token(row) for row in found]

    async def revoke(self, token_id: int) -> ApiToken:
        """End a token."""
        found = await self._database.rows(
            "WITH t AS (UPDATE api_tokens SET revoked_at = coalesce(revoked_at, now())"
            f" WHERE workspace_id = 1 AND id = %s RETURNING *) SELECT {_TOKEN} FROM t {_OF_AGENT}",
            (token_id,),
        )
        if not found:
            raise NotFound("There is no such token.")
        return _token(found[0])


class PostgresAnswers:
    """Answers to keys on PostgreSQL; see contracts.api_access.Answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, asked: AskedOnce, hold_seconds: float) -> GivenAnswer | None:
        """Give the answer that was given, or hold the key."""
        values = {**_asked(asked), "hold": hold_seconds}
        if await self._database.rows(_BEGIN, values):
            return None
        known = await self._database.rows(
            f"SELECT body_hash, status, content_type, answer FROM api_answers WHERE {_ONE}", values
        )
        if known and bytes(known[0][0]) != asked.body_hash:
            raise Conflict(
                "This Idempotency-Key came before with another body; give every request a key of its own.",
                code="idempotency_key_reused",
            )
        if not known or known[0][1] is None:
            raise Conflict("The same request is being carried out; ask again in a moment.", code="in_progress")
        return GivenAnswer(status=known[0][1], content_type=known[0][2], text=known[0][3])

    async def keep(self, asked: AskedOnce, answer: GivenAnswer) -> None:
        """Keep what was answered."""
        await self._database.run(
            "UPDATE api_answers SET status = %(status)s, content_type = %(content_type)s, answer = %(answer)s,"
            f" held_until = NULL WHERE {_ONE}",
            {
                **_asked(asked),
                "status": answer.status,
                "content_type": answer.content_type,
                "answer": answer.text,
            },
        )

    async def forget(self, asked: AskedOnce) -> None:
        """Let the same be tried again."""
        await self._database.run(f"DELETE FROM api_answers WHERE {_ONE} AND status IS NULL", _asked(asked))

    async def forget_old(self, seconds: float) -> int:
        """Forget what was answered so long ago."""
        return await self._database.run(
            "DELETE FROM api_answers WHERE workspace_id = 1 AND created_at < now() - make_interval(secs => %s)",
            (seconds,),
        )


def _asked(asked: AskedOnce) -> dict[str, Any]:
    return {"caller": asked.caller, "path": asked.path, "key": asked.key, "hash": asked.body_hash}


def _token(row: tuple[Any, ...]) -> ApiToken:
    return ApiToken(
        id=row[0],
        name=row[1],
        role=row[2],
        agent_id=row[3],
        hint=row[4],
        scopes=tuple(row[5]),
        created_at=row[6],
        expires_at=row[7],
        last_used_at=row[8],
        revoked_at=row[9],
    )
