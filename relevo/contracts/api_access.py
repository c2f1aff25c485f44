"""Programs at the desk's API: their tokens, and the answers that are given again to the same key."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from relevo.contracts.accounts import AgentAccount

READ, WRITE = "read", "write"
SCOPES = (READ, WRITE)


class ApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as people see it; itself it is known to nobody but its holder."""

    id: int
    name: str
    role: str
    agent_id: int
    """The service account that it acts as."""
    hint: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a token is made of."""

    name: str
    role: str
    scopes: tuple[str, ...]
    expires_at: datetime
    token_hash: bytes
    hint: str


class Tokens(Protocol):
    """Tokens and the service accounts that they act as; only hashes are kept."""

    async def issue(self, token: NewToken, by_agent: int) -> ApiToken:
        """Keep a token of a service account, made where there is none of its name.

        Raises Conflict when the account has another role: its other tokens would get it, too.
        """
        ...

    async def find(self, token_hash: bytes) -> tuple[ApiToken, AgentAccount] | None:
        """Give a token that holds, with its account, and note that it was used."""
        ...

    async def tokens(self) -> list[ApiToken]:
        """Give every token, newest first."""
        ...

    async def revoke(self, token_id: int) -> ApiToken:
        """End a token; ended ones stay as they are. Raises NotFound."""
        ...


class AskedOnce(msgspec.Struct, frozen=True, kw_only=True):
    """A request that must be carried out once."""

    caller: str
    path: str
    key: str
    body_hash: bytes


class GivenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered."""

    status: int
    content_type: str
    text: str | None
    """None: it was erased with the person whom it was about."""


class Answers(Protocol):
    """What was answered to an Idempotency-Key, for a day."""

    async def begin(self, asked: AskedOnce, hold_seconds: float) -> GivenAnswer | None:
        """Give the answer that was given, or None: then the caller carries it out, and nobody else meanwhile.

        Raises Conflict when the key came with another body, or while somebody carries it out.
        """
        ...

    async def keep(self, asked: AskedOnce, answer: GivenAnswer) -> None:
        """Keep what was answered."""
        ...

    async def forget(self, asked: AskedOnce) -> None:
        """Let the same be tried again: nothing was done."""
        ...

    async def forget_old(self, seconds: float) -> int:
        """Forget what was answered so long ago, and give the number."""
        ...
