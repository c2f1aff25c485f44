"""Keys of X's encrypted chat on PostgreSQL: sealed with the installation's key, each bound to its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import msgspec

from relevo.contracts.x_chat import OwnPair, PublicKey
from relevo.errors import ConfigurationError
from relevo.store.pool import Database
from relevo.store.sealing import Sealer

_PLACES = UUID("5f0a1b1e-2c0f-4b39-9c1f-6a8f1b8c7d20")
_PAIR = (
    "SELECT public_key, signing_public_key, sealed, registration, version, made_at FROM x_chat_pairs"
    " WHERE workspace_id = 1 AND account_id = %s"
)
_BEGIN = """
INSERT INTO x_chat_pairs (account_id, public_key, signing_public_key, registration, sealed)
VALUES (%(account)s, %(public)s, %(signing)s, %(registration)s::jsonb, %(sealed)s) ON CONFLICT DO NOTHING
"""
_REGISTERED = """
INSERT INTO x_chat_pairs (account_id, public_key, signing_public_key, registration, sealed, version)
VALUES (%(account)s, %(public)s, %(signing)s, %(registration)s::jsonb, %(sealed)s, %(version)s)
ON CONFLICT (workspace_id, account_id, public_key) DO UPDATE SET version = excluded.version
"""
_KEEP_PUBLIC = """
INSERT INTO x_chat_public_keys (user_id, keys) VALUES (%s, %s::jsonb)
ON CONFLICT (workspace_id, user_id) DO UPDATE SET keys = excluded.keys, fetched_at = now()
"""
_KEEP_KEY = """
INSERT INTO x_chat_keys (conversation, version, address, sealed) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class PostgresChatKeys:
    """Keys on PostgreSQL; see contracts.x_chat.ChatKeys."""

    def __init__(self, database: Database, key: bytes | None) -> None:
        self._database = database
        self._key = Sealer(key) if key is not None else None

    async def pairs(self, account_id: str) -> Sequence[OwnPair]:
        """Give an account's registered pairs, newest first."""
        # Versions are times in milliseconds: as texts, longer ones would come before later ones.
        ordered = f"{_PAIR} AND version IS NOT NULL ORDER BY length(version) DESC, version DESC"
        return [self._pair(account_id, row) for row in await self._database.rows(ordered, (account_id,))]

    async def is_registered(self, account_id: str) -> bool:
        """Tell whether an account has a registered pair, without opening it."""
        return bool(await self._database.rows(f"{_PAIR} AND version IS NOT NULL LIMIT 1", (account_id,)))

    async def waiting(self, account_id: str) -> OwnPair | None:
        """Give the pair that X has not been told of yet."""
        found = await self._database.rows(f"{_PAIR} AND version IS NULL", (account_id,))
        return self._pair(account_id, found[0]) if found else None

    async def begin(self, account_id: str, pair: OwnPair) -> OwnPair:
        """Keep a pair before X is told of it, unless one waits."""
        await self._database.run(_BEGIN, self._values(account_id, pair))
        waiting = await self.waiting(account_id)
        return waiting or pair

    async def registered(self, account_id: str, pair: OwnPair) -> None:
        """Keep a pair by its version."""
        await self._database.run(_REGISTERED, self._values(account_id, pair))

    async def public_keys(self, user_id: str) -> Sequence[PublicKey] | None:
        """Give somebody's keys as they were fetched last."""
        found = await self._database.rows(
            "SELECT keys FROM x_chat_public_keys WHERE workspace_id = 1 AND user_id = %s", (user_id,)
        )
        return [PublicKey(**key) for key in found[0][0]] if found else None

    async def keep_public_keys(self, user_id: str, keys: Sequence[PublicKey]) -> None:
        """Keep somebody's keys in place of what was kept before."""
        await self._database.run(_KEEP_PUBLIC, (user_id, msgspec.json.encode(keys).decode()))

    async def conversation_keys(self, conversation: str) -> Mapping[str, bytes]:
        """Give a conversation's keys by version."""
        found = await self._database.rows(
            "SELECT version, sealed FROM x_chat_keys WHERE workspace_id = 1 AND conversation = %s", (conversation,)
        )
        return {version: self._opened(f"{conversation} {version}", sealed) for version, sealed in found}

    async def keep_conversation_keys(self, conversation: str, address: str, keys: Mapping[str, bytes]) -> None:
        """Keep keys of a conversation with a contact."""
        async with self._database.connection() as connection, connection.transaction():
            for version, key in keys.items():
                sealed = self._sealed(f"{conversation} {version}", key)
                await connection.execute(_KEEP_KEY, (conversation, version, address, sealed))

    def _pair(self, account_id: str, row: tuple[Any, ...]) -> OwnPair:
        public_key, signing_public_key, sealed, registration, version, made_at = row
        return OwnPair(
            public_key=public_key,
            signing_public_key=signing_public_key,
            secret=self._opened(f"{account_id} {public_key}", sealed),
            registration=registration,
            version=version,
            made_at=made_at,
        )

    def _values(self, account_id: str, pair: OwnPair) -> dict[str, Any]:
        return {
            "account": account_id,
            "public": pair.public_key,
            "signing": pair.signing_public_key,
            "registration": msgspec.json.encode(pair.registration).decode(),
            "sealed": self._sealed(f"{account_id} {pair.public_key}", pair.secret),
            "version": pair.version,
        }

    def _sealed(self, place: str, secret: bytes) -> bytes:
        return self._sealer.seal_one(uuid5(_PLACES, place), 0, secret)

    def _opened(self, place: str, sealed: bytes) -> bytes:
        return self._sealer.open(uuid5(_PLACES, place), [(0, sealed)])

    @property
    def _sealer(self) -> Sealer:
        if self._key is None:
            raise ConfigurationError("This process was started without the key that secrets are sealed with.")
        return self._key
