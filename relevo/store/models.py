"""Trained models in the database: in pieces, known by the hash of the whole, dropped when nobody needs them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

from relevo.contracts.models import PublishedModel
from relevo.errors import Damaged
from relevo.store.live import SETTINGS
from relevo.store.pool import Database

CHUNK_BYTES = 1 << 20
KEPT = 3
"""Models of each code that are kept: the newest, and two to go back to."""

_NEWEST = """
INSERT INTO models (digest, name, code) VALUES (%(digest)s, %(name)s, %(code)s)
ON CONFLICT (workspace_id, digest) DO UPDATE SET published_at = clock_timestamp()
RETURNING xmax = 0
"""
_CHUNK = "INSERT INTO model_chunks (digest, number, content) VALUES (%s, %s, %s)"
_UNNEEDED = """
DELETE FROM models m USING (
    SELECT digest, row_number() OVER (PARTITION BY code ORDER BY published_at DESC) AS age
    FROM models WHERE workspace_id = 1
) aged
WHERE m.workspace_id = 1 AND m.digest = aged.digest AND aged.age > %s
    AND m.name NOT IN (SELECT model FROM bots WHERE workspace_id = 1 AND model IS NOT NULL)
"""


class PostgresModels:
    """Published models on PostgreSQL; see contracts.models.PublishedModels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, file: Path, *, name: str, code: str) -> PublishedModel:
        """Keep a model, make it the newest, and tell every process."""
        digest = await asyncio.to_thread(digest_of, file)
        values = {"digest": digest, "name": name, "code": code}
        async with self._database.connection() as connection, connection.transaction():
            found = await (await connection.execute(_NEWEST, values)).fetchone()
            if found is not None and found[0]:
                for number, chunk in enumerate(_chunks_of(file)):
                    await connection.execute(_CHUNK, (digest, number, chunk))
            await connection.execute(_UNNEEDED, (KEPT,))
        await self._database.run("SELECT pg_notify(%s, '')", (SETTINGS,))
        return PublishedModel(name=name, digest=digest, code=code)

    async def all(self) -> list[PublishedModel]:
        """Give those that are kept, newest first."""
        found = await self._database.rows(
            "SELECT name, digest, code FROM models WHERE workspace_id = 1 ORDER BY published_at DESC"
        )
        return [PublishedModel(name=name, digest=digest, code=code) for name, digest, code in found]

    async def fetch(self, model: PublishedModel, into: Path) -> None:
        """Write a model to a file."""
        arrived = hashlib.sha256()
        with into.open("wb") as file:
            number = 0
            while chunk := await self._chunk(model, number):
                arrived.update(chunk)
                file.write(chunk)
                number += 1
        if arrived.digest() != model.digest:
            raise Damaged(f"The model {model.name} did not arrive as it was published; publish it again: relevo train.")

    async def _chunk(self, model: PublishedModel, number: int) -> bytes:
        found = await self._database.rows(
            "SELECT content FROM model_chunks WHERE workspace_id = 1 AND digest = %s AND number = %s",
            (model.digest, number),
        )
        return bytes(found[0][0]) if found else b""


def digest_of(file: Path) -> bytes:
    """Give the SHA-256 of a file's content."""
    digest = hashlib.sha256()
    for chunk in _chunks_of(file):
        digest.update(chunk)
    return digest.digest()


def _chunks_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            yield chunk
