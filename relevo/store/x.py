"""What the hosts of one account on X share, but for what is sent: tokens, sealed, and who writes by which way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
import structlog

from relevo.contracts.x import Peer, UserTokens
from relevo.errors import ConfigurationError, Damaged, Unavailable
from relevo.settings import Secret
from relevo.store.pool import Database
from relevo.store.sealing import Sealer

_TRIES, _PAUSE_SECONDS = 10, 0.5
_READ = "SELECT sealed FROM x_tokens WHERE workspace_id = 1 AND account_id = %s"
_KEEP = """
INSERT INTO x_tokens (account_id, sealed) VALUES (%s, %s)
ON CONFLICT (workspace_id, account_id) DO UPDATE SET sealed = excluded.sealed, changed_at = now()
"""
_HEARD = """
INSERT INTO x_peers AS p (address, transport, chat_conversation_id, conversation_token, heard_at)
VALUES (%(address)s, %(transport)s, %(conversation)s, %(token)s, %(at)s)
ON CONFLICT (workspace_id, address) DO UPDATE SET
    transport = excluded.transport, heard_at = excluded.heard_at, opted_out_at = NULL,
    chat_conversation_id = coalesce(excluded.chat_conversation_id, p.chat_conversation_id),
    conversation_token = coalesce(excluded.conversation_token, p.conversation_token)
WHERE p.heard_at <= excluded.heard_at
"""
_OPTED_OUT = "UPDATE x_peers SET opted_out_at = heard_at WHERE workspace_id = 1 AND address = %s"
_PEER = """
SELECT address, transport, chat_conversation_id, conversation_token, heard_at, opted_out_at
FROM x_peers WHERE workspace_id = 1 AND address = %s
"""
_log = structlog.get_logger()


class _Written(msgspec.Struct):
    access: str
    refresh: str | None
    expires_at: datetime
    scopes: tuple[str, ...]


class PostgresXTokens:
    """Tokens on PostgreSQL; see contracts.x.Tokens."""

    def __init__(self, database: Database, key: bytes | None) -> None:
        """Without the key there are no tokens to be had."""
        self._database = database
        self._key = key

    async def read(self, account_id: str) -> UserTokens | None:
        """Give an account's tokens."""
        found = await self._database.rows(_READ, (account_id,))
        return self._opened(account_id, bytes(found[0][0])) if found else None

    async def keep(self, account_id: str, tokens: UserTokens) -> None:
        """Keep what a login gave."""
        await self._database.run(_KEEP, (account_id, self._sealed(account_id, tokens)))

    async def renew(
        self, account_id: str, stale: Secret, ask: Callable[[Secret], Awaitable[UserTokens]]
    ) -> UserTokens | None:
        """Give tokens newer than this access token; whoever asks has the row locked meanwhile."""
        # Shielded: whoever hangs up now would lose a refresh token that X gives only once.
        return await asyncio.shield(self._renew(account_id, stale, ask))

    async def _renew(
        self, account_id: str, stale: Secret, ask: Callable[[Secret], Awaitable[UserTokens]]
    ) -> UserTokens | None:
        new: UserTokens | None = None
        try:
            async with self._database.connection() as connection, connection.transaction():
                found = await (await connection.execute(f"{_READ} FOR UPDATE", (account_id,))).fetchone()
                kept = self._opened(account_id, bytes(found[0])) if found else None
                if kept is None or kept.access != stale or kept.refresh is None:
                    return None if kept is None or kept.access == stale else kept
                new = await ask(kept.refresh)
                await connection.execute(_KEEP, (account_id, self._sealed(account_id, new)))
        except Unavailable:
            if new is None:
                raise
            await self._insist(account_id, new)
        return new

    async def _insist(self, account_id: str, tokens: UserTokens) -> None:
        """Keep tokens though the database went away: nobody can have them a second time."""
        for _ in range(_TRIES):
            with suppress(Unavailable):
                await self.keep(account_id, tokens)
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        await self.keep(account_id, tokens)

    def _sealed(self, account_id: str, tokens: UserTokens) -> bytes:
        written = _Written(
            access=tokens.access.reveal(),
            refresh=tokens.refresh.reveal() if tokens.refresh else None,
            expires_at=tokens.expires_at,
            scopes=tokens.scopes,
        )
        return self._sealer().seal_one(_place(account_id), 0, msgspec.json.encode(written))

    def _opened(self, account_id: str, sealed: bytes) -> UserTokens | None:
        try:
            written = msgspec.json.decode(self._sealer().open(_place(account_id), [(0, sealed)]), type=_Written)
        except (Damaged, msgspec.DecodeError):
            _log.warning("x.tokens_sealed_with_another_key")
            return None
        return UserTokens(
            access=Secret(written.access),
            refresh=Secret(written.refresh) if written.refresh else None,
            expires_at=written.expires_at,
            scopes=written.scopes,
        )

    def _sealer(self) -> Sealer:
        if self._key is None:
            raise ConfigurationError("The tokens of X are sealed with RELEVO_ATTACHMENT_KEY, and it is not there.")
        return Sealer(self._key)


class PostgresXPeers:
    """Peers on PostgreSQL; see contracts.x.Peers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heard(
        self,
        address: str,
        transport: str,
        *,
        at: datetime,
        chat_conversation_id: str | None = None,
        conversation_token: str | None = None,
    ) -> None:
        """Remember how a contact wrote."""
        values = {"address": address, "transport": transport, "at": at}
        values |= {"conversation": chat_conversation_id, "token": conversation_token}
        await self._database.run(_HEARD, values)

    async def opted_out(self, address: str) -> None:
        """Remember that they want nothing from a program."""
        await self._database.run(_OPTED_OUT, (address,))

    async def of(self, address: str) -> Peer:
        """Give how a contact is answered."""
        found = await self._database.rows(_PEER, (address,))
        if not found:
            return Peer(address=address)
        return Peer(**dict(zip(Peer.__struct_fields__, found[0], strict=True)))


def _place(account_id: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"relevo:x-tokens:{account_id}")
