"""How far each delivery to X has come, and what X's own echoes of it say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from relevo.contracts.channel import Delivery
from relevo.contracts.x import Part, X
from relevo.domain.echoes import fingerprint
from relevo.errors import LeaseLost, PlatformAway
from relevo.store.pool import Connection, Database

_CLOCKS_DIFFER = timedelta(minutes=5)
_ON_ITS_WAY = timedelta(minutes=2)
"""Longest time that a part is without an id although its sender lives."""

_PARTS = """
SELECT part, parts, fingerprint, upload_id, usable_until, begun_at, external_id,
    transport FROM x_parts
WHERE workspace_id = 1 AND delivery_id = %s ORDER BY part
"""
_KEEP_UPLOAD = """
INSERT INTO x_parts (delivery_id, part, parts, fingerprint, upload_id, usable_until) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, delivery_id, part) DO UPDATE SET
    upload_id = excluded.upload_id, usable_until = excluded.usable_until
"""
# Whoever was too slow has lost the delivery by now, and asks nobody any more.
_BEGIN = """
WITH mine AS (
    UPDATE deliveries SET lease_until = now() + make_interval(secs => %(lease)s)
    WHERE workspace_id = 1 AND id = %(delivery)s AND state = 'sending' AND attempts = %(attempts)s
      AND lease_until > now()
    RETURNING id
)
INSERT INTO x_parts (delivery_id, part, parts, transport, fingerprint, begun_at)
SELECT id, %(part)s, %(parts)s, %(transport)s, %(fingerprint)s, %(begun_at)s FROM mine
ON CONFLICT (workspace_id, delivery_id, part) DO UPDATE SET
    begun_at = excluded.begun_at, parts = excluded.parts, transport = excluded.transport,
    fingerprint = excluded.fingerprint
"""
_END = """
UPDATE x_parts SET external_id = coalesce(external_id, %(external)s), sent_at = CASE WHEN %(external)s::text IS NULL
    THEN sent_at ELSE coalesce(sent_at, now()) END, begun_at = CASE WHEN %(external)s::text IS NULL
    AND external_id IS NULL THEN NULL ELSE begun_at END
WHERE workspace_id = 1 AND delivery_id = %(delivery)s AND part = %(part)s
"""
_OURS = "SELECT external_id FROM x_parts WHERE workspace_id = 1 AND external_id = ANY(%s)"
_IN_DOUBT = """
SELECT p.delivery_id, p.part, p.fingerprint, p.begun_at FROM x_parts p
JOIN deliveries d ON d.workspace_id = 1 AND d.id = p.delivery_id
JOIN conversations c ON c.workspace_id = 1 AND c.id = d.conversation_id
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
WHERE p.workspace_id = 1 AND p.begun_at IS NOT NULL AND p.external_id IS NULL
  AND d.channel = %(channel)s AND i.channel = d.channel AND i.address = %(address)s ORDER BY p.begun_at FOR UPDATE OF p
"""
_CONFIRM = """
UPDATE x_parts SET external_id = %(external)s, sent_at = %(at)s
WHERE workspace_id = 1 AND delivery_id = %(delivery)s AND part = %(part)s
"""
# What is being sent right now is ended by whoever sends it.
_CONCLUDE = """
UPDATE deliveries d SET state = 'sent', external_id = %(external)s, ended_at = now(), reason = NULL, doubted_at = NULL
WHERE d.workspace_id = 1 AND d.id = %(delivery)s
  AND (d.state = 'unconfirmed' OR d.state = 'queued' AND d.doubted_at IS NOT NULL)
  AND (SELECT count(*) = max(p.parts) FROM x_parts p
       WHERE p.workspace_id = 1 AND p.delivery_id = d.id AND p.external_id IS NOT NULL)
"""


class PostgresXParts:
    """Parts on PostgreSQL; see contracts.x.Parts."""

    def __init__(self, database: Database, *, lease_seconds: float = 60.0) -> None:
        self._database = database
        self._lease_seconds = lease_seconds

    async def of(self, delivery_id: int) -> Mapping[int, Part]:
        """Give what is known of a delivery's parts."""
        found = await self._database.rows(_PARTS, (delivery_id,))
        return {row[0]: Part(**dict(zip(Part.__struct_fields__, row, strict=True))) for row in found}

    async def keep_upload(self, delivery_id: int, part: Part) -> None:
        """Remember what was uploaded for a part."""
        values = (delivery_id, part.number, part.of, part.fingerprint, part.upload_id, part.usable_until)
        await self._database.run(_KEEP_UPLOAD, values)

    async def begin(self, delivery: Delivery, part: Part) -> None:
        """Write down that X is asked to send a part, and hold the delivery meanwhile."""
        values: dict[str, Any] = {"delivery": delivery.id, "attempts": delivery.attempts, "lease": self._lease_seconds}
        values |= {"part": part.number, "parts": part.of, "transport": part.transport, "begun_at": part.begun_at}
        if not await self._database.run(_BEGIN, {**values, "fingerprint": part.fingerprint}):
            raise LeaseLost

    async def end(self, delivery_id: int, number: int, external_id: str | None) -> None:
        """Write down what became of a part; what an echo has confirmed stays sent."""
        await self._database.run(_END, {"external": external_id, "delivery": delivery_id, "part": number})

    async def are_ours(self, external_ids: Sequence[str]) -> frozenset[str]:
        """Give those of these messages that deliveries are known to have left as."""
        return frozenset(row[0] for row in await self._database.rows(_OURS, (list(external_ids),)))


class PostgresXEchoes:
    """Echoes on PostgreSQL; see contracts.x.Echoes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def confirm(self, address: str, message_id: str, text: str, sent_at: datetime) -> bool:
        """Take note of an own message, and tell whether Relevo sent it."""
        async with self._database.connection() as connection, connection.transaction():
            if await (await connection.execute(_OURS, ([message_id],))).fetchone():
                return True
            values = {"channel": X, "address": address, "external": message_id, "at": sent_at}
            waiting = await (await connection.execute(_IN_DOUBT, values)).fetchall()
            for delivery_id, part, known, begun_at in waiting:
                if bytes(known) == fingerprint(text) and begun_at <= sent_at + _CLOCKS_DIFFER:
                    await _confirmed(connection, {**values, "delivery": delivery_id, "part": part})
                    return True
            # Whoever was sending it may have written down its id while its row was waited for.
            if await (await connection.execute(_OURS, ([message_id],))).fetchone():
                return True
            if any(abs(begun_at - sent_at) < _ON_ITS_WAY for _, _, _, begun_at in waiting):
                raise PlatformAway("Something is on its way to them right now; whether it is this, is known soon.")
            return False


async def _confirmed(connection: Connection, values: Mapping[str, object]) -> None:
    await connection.execute(_CONFIRM, values)
    await connection.execute(_CONCLUDE, values)
