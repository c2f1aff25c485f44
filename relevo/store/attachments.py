"""Attachments on PostgreSQL: metadata beside chunks that only this program's key opens, and who saw what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from relevo.contracts.attachments import KeptFor, OpenedAttachment, Upload
from relevo.domain.attachments import Attachment, AttachmentKind, AttachmentState, Retention
from relevo.domain.messages import Arrival
from relevo.errors import AccessDenied, ConfigurationError, Conflict, Damaged, Gone, NotFound
from relevo.store.pool import Connection, Database
from relevo.store.sealing import THUMBNAIL, Sealer

_COLUMNS = "a.id, a.name, a.mime, a.size_bytes, a.sha256, a.width, a.height"

_KEEP = """
INSERT INTO attachments
    (id, channel, address, name, mime, size_bytes, sha256, source_sha256, width, height, key_hint)
VALUES (%(id)s, %(channel)s, %(address)s, %(name)s, %(mime)s, %(size_bytes)s, %(sha256)s, %(source_sha256)s, %(width)s,
    %(height)s, %(key_hint)s)
ON CONFLICT (workspace_id, id) DO NOTHING
"""

_HAND_OVER = """
UPDATE attachments SET conversation_id = %(conversation)s, position = %(position)s
WHERE workspace_id = 1 AND id = ANY(%(ids)s) AND channel = %(channel)s AND address = %(address)s
  AND conversation_id IS NULL
"""

_STATE = """
CASE WHEN a.erased_at IS NOT NULL THEN 'erased' WHEN a.kind <> 'identity_document' THEN 'shown'
    WHEN c.status NOT IN ('resolved', 'closed') THEN 'guarded' ELSE 'no_open_case' END
"""
_WITH_CASE = "attachments a LEFT JOIN cases c ON c.workspace_id = 1 AND c.id = a.case_id WHERE a.workspace_id = 1"

# The page of a conversation shows its thumbnails again every few seconds: once an hour says as much.
_SEEN = """
INSERT INTO attachment_views (attachment_id, agent_id, is_thumbnail)
SELECT %(id)s, %(agent)s, %(thumbnail)s WHERE NOT (%(thumbnail)s AND EXISTS (
    SELECT FROM attachment_views v WHERE v.workspace_id = 1 AND v.attachment_id = %(id)s AND v.agent_id = %(agent)s
      AND v.is_thumbnail AND v.viewed_at > now() - interval '1 hour'))
"""

# When a case ended is known from when that was first seen here; one that was opened again has not ended.
_FOLLOW_CASES = """
UPDATE attachments a
SET case_ended_at = CASE WHEN c.status IN ('resolved', 'closed') THEN coalesce(a.case_ended_at, now()) END
FROM cases c WHERE c.workspace_id = 1 AND c.id = a.case_id AND a.workspace_id = 1 AND a.erased_at IS NULL
  AND a.kind = 'identity_document' AND (c.status IN ('resolved', 'closed')) = (a.case_ended_at IS NULL)
"""

_FORGET_UNSENT = """
DELETE FROM attachments WHERE workspace_id = 1 AND conversation_id IS NULL
  AND created_at < now() - make_interval(days => %s)
"""

_ERASE = """
WITH due AS (
    SELECT a.id FROM attachments a
    WHERE a.workspace_id = 1 AND a.erased_at IS NULL AND a.conversation_id IS NOT NULL AND (
        a.created_at < now() - make_interval(days => CASE a.kind
            WHEN 'identity_document' THEN %(identity_document)s WHEN 'evidence' THEN %(evidence)s ELSE %(other)s END)
        OR a.kind = 'identity_document' AND a.case_ended_at < now() - make_interval(days => %(after_case)s))
    ORDER BY a.created_at LIMIT 500 FOR UPDATE SKIP LOCKED
), bytes AS (
    DELETE FROM attachment_chunks k USING due WHERE k.workspace_id = 1 AND k.attachment_id = due.id
)
UPDATE attachments a SET erased_at = now() FROM due WHERE a.workspace_id = 1 AND a.id = due.id
"""

_KEEP_FOR = """
UPDATE attachments SET kind = %s, case_id = %s, case_ended_at = NULL
WHERE workspace_id = 1 AND id = %s AND conversation_id = %s
"""

_UNUSED = f"""
SELECT {_COLUMNS} FROM attachments a
WHERE a.workspace_id = 1 AND a.conversation_id = %(conversation)s AND a.agent_id IS NULL AND a.kind = 'other'
  AND a.case_id IS NULL AND a.erased_at IS NULL AND a.created_at > %(since)s AND a.created_at <= %(until)s
ORDER BY a.position, a.created_at, a.id
"""

_log = structlog.get_logger()


class PostgresAttachments:
    """Attachments on PostgreSQL; see contracts.attachments.Attachments."""

    def __init__(self, database: Database, key: bytes | None) -> None:
        self._database = database
        self._key = Sealer(key) if key is not None else None

    async def keep(self, upload: Upload) -> Attachment:
        """Keep an upload, once for each id."""
        sealer, kept = self._sealer(), upload.attachment
        async with self._database.connection() as connection, connection.transaction():
            if (await connection.execute(_KEEP, _values(upload, sealer.hint))).rowcount:
                chunks = [*sealer.seal(kept.id, upload.body)]
                if upload.thumbnail is not None:
                    chunks.append((THUMBNAIL, sealer.seal_one(kept.id, THUMBNAIL, upload.thumbnail)))
                await connection.cursor().executemany(
                    "INSERT INTO attachment_chunks (attachment_id, number, sealed) VALUES (%s, %s, %s)",
                    [(kept.id, number, sealed) for number, sealed in chunks],
                )
                return kept
        return await self.known(kept.id, upload.source_sha256) or kept

    async def known(self, attachment_id: UUID, source_sha256: bytes) -> Attachment | None:
        """Give what is kept under an id."""
        found = await self._database.rows(
            f"SELECT {_COLUMNS}, a.source_sha256 FROM attachments a WHERE a.workspace_id = 1 AND a.id = %s",
            (attachment_id,),
        )
        if found and bytes(found[0][-1]) != source_sha256:
            raise Conflict(
                "This message id was used before with another file; give every message an id of its own.",
                code="message_id_reused",
            )
        return _attachment(found[0]) if found else None

    async def uploaded(self, channel: str, address: str, ids: Sequence[UUID]) -> tuple[Attachment, ...]:
        """Give what an address has uploaded, in this order."""
        found = await self._database.rows(
            f"SELECT {_COLUMNS} FROM attachments a"
            " WHERE a.workspace_id = 1 AND a.id = ANY(%s) AND a.channel = %s AND a.address = %s",
            (list(ids), channel, address),
        )
        by_id = {row[0]: _attachment(row) for row in found}
        if any(attachment_id not in by_id for attachment_id in ids):
            raise NotFound("There is no such file of yours; upload it first.", code="unknown_attachment")
        return tuple(by_id[attachment_id] for attachment_id in ids)

    async def read(
        self, channel: str, address: str, attachment_id: UUID, *, is_thumbnail: bool = False
    ) -> OpenedAttachment:
        """Open an address's own attachment."""
        where = "a.channel = %(channel)s AND a.address = %(address)s"
        row = await self._find(attachment_id, where, {"channel": channel, "address": address})
        return await self._open(row, is_thumbnail)

    async def discard(self, channel: str, address: str, attachment_id: UUID) -> bool:
        """Forget an upload that no message has taken."""
        found = await self._database.rows(
            "WITH gone AS (DELETE FROM attachments WHERE workspace_id = 1 AND id = %(id)s AND channel = %(channel)s"
            " AND address = %(address)s AND conversation_id IS NULL RETURNING id)"
            " SELECT (SELECT count(*) FROM gone), count(*) FROM attachments"
            " WHERE workspace_id = 1 AND id = %(id)s AND channel = %(channel)s AND address = %(address)s",
            {"id": attachment_id, "channel": channel, "address": address},
        )
        was_forgotten, was_theirs = found[0]
        if not was_theirs:
            raise NotFound("There is no such file.", code="unknown_attachment")
        return bool(was_forgotten)

    async def view(self, attachment_id: UUID, agent_id: int, *, is_thumbnail: bool = False) -> OpenedAttachment:
        """Open a sent attachment for an agent, and write down that they saw it."""
        row = await self._find(attachment_id, "a.conversation_id IS NOT NULL", {})
        if row[-2] == AttachmentState.NO_OPEN_CASE.value:
            raise AccessDenied(
                "Identity documents are shown only while their case is open, and this one's is not. Open a case anew if"
                " it is needed again.",
                code="case_not_open",
            )
        opened = await self._open(row, is_thumbnail)
        await self._database.run(_SEEN, {"id": attachment_id, "agent": agent_id, "thumbnail": is_thumbnail})
        return opened

    async def states(self, conversation_id: UUID) -> Mapping[UUID, AttachmentState]:
        """Tell of each attachment of a conversation whether the desk may open it."""
        found = await self._database.rows(
            f"SELECT a.id, {_STATE} FROM {_WITH_CASE} AND a.conversation_id = %s", (conversation_id,)
        )
        return {attachment_id: AttachmentState(state) for attachment_id, state in found}

    async def among(self, ids: Sequence[UUID]) -> Mapping[UUID, tuple[Attachment, AttachmentState]]:
        """Give those of these that were sent, and whether they may be opened."""
        found = await self._database.rows(
            f"SELECT {_COLUMNS}, {_STATE} FROM {_WITH_CASE} AND a.id = ANY(%s) AND a.conversation_id IS NOT NULL",
            (list(ids),),
        )
        return {row[0]: (_attachment(row), AttachmentState(row[-1])) for row in found}

    async def unused(self, conversation_id: UUID, since: datetime, until: datetime) -> tuple[Attachment, ...]:
        """Give what was sent in that time and is for nothing yet."""
        within = {"conversation": conversation_id, "since": since, "until": until}
        found = await self._database.rows(_UNUSED, within)
        return tuple(map(_attachment, found))

    async def erase_due(self, retention: Retention) -> int:
        """Erase what was kept for long enough, a few hundred at a time."""
        await self._database.run(_FOLLOW_CASES)
        forgotten = await self._database.run(_FORGET_UNSENT, (retention.unsent_days,))
        days = {kind.value: retention.days[kind] for kind in AttachmentKind}
        return forgotten + await self._database.run(_ERASE, {**days, "after_case": retention.identity_days_after_case})

    async def _find(self, attachment_id: UUID, where: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
        found = await self._database.rows(
            f"SELECT {_COLUMNS}, {_STATE}, a.key_hint FROM {_WITH_CASE} AND a.id = %(id)s AND {where}",
            {**values, "id": attachment_id},
        )
        if not found:
            raise NotFound("There is no such file.", code="unknown_attachment")
        return found[0]

    async def _open(self, row: tuple[Any, ...], is_thumbnail: bool) -> OpenedAttachment:
        attachment, state, sealer = _attachment(row), row[-2], self._sealer()
        if state == AttachmentState.ERASED.value:
            raise Gone("This file was erased: it had been kept for as long as files of its kind are.", code="erased")
        if bytes(row[-1]) != sealer.hint:
            _log.error("attachment.other_key", attachment=str(attachment.id))
            raise Damaged(
                "This file was encrypted with another key than the one in use. Whoever runs Relevo can set"
                " RELEVO_ATTACHMENT_KEY to that key.",
                code="other_key",
            )
        try:
            return OpenedAttachment(
                attachment=attachment, body=sealer.open(attachment.id, await self._chunks(attachment.id, is_thumbnail))
            )
        except Damaged:
            _log.error("attachment.damaged", attachment=str(attachment.id), is_thumbnail=is_thumbnail)
            raise

    async def _chunks(self, attachment_id: UUID, is_thumbnail: bool) -> list[tuple[int, bytes]]:
        found = await self._database.rows(
            "SELECT number, sealed FROM attachment_chunks"
            " WHERE workspace_id = 1 AND attachment_id = %s AND (number = -1) = %s ORDER BY number",
            (attachment_id, is_thumbnail),
        )
        if is_thumbnail and not found:
            raise NotFound("This file has no thumbnail.")
        return [(number, bytes(sealed)) for number, sealed in found]

    def _sealer(self) -> Sealer:
        if self._key is None:
            raise ConfigurationError("This process was started without the key of the attachments.")
        return self._key


async def hand_over(connection: Connection, arrival: Arrival, conversation_id: UUID, position: int) -> None:
    """Give a new message's attachments to its conversation; raises Conflict when one went with another message."""
    values = {
        "conversation": conversation_id,
        "position": position,
        "ids": [attachment.id for attachment in arrival.attachments],
        "channel": arrival.channel,
        "address": arrival.address,
    }
    if (await connection.execute(_HAND_OVER, values)).rowcount != len(arrival.attachments):
        raise Conflict(
            "One of these files went with another message already, or was kept too long without one. Attach it again.",
            code="attachment_used",
        )


async def keep_for(connection: Connection, kept: KeptFor, conversation_id: UUID) -> None:
    """Write down what an attachment of this conversation is for; any other is left alone."""
    await connection.execute(_KEEP_FOR, (kept.kind.value, kept.case_id, kept.attachment_id, conversation_id))


def _attachment(row: tuple[Any, ...]) -> Attachment:
    names = ("id", "name", "mime", "size_bytes", "sha256", "width", "height")
    return Attachment(**dict(zip(names, row[: len(names)], strict=True)))


def _values(upload: Upload, key_hint: bytes) -> dict[str, Any]:
    kept = upload.attachment
    return {
        "id": kept.id,
        "channel": upload.channel,
        "address": upload.address,
        "name": kept.name,
        "mime": kept.mime,
        "size_bytes": kept.size_bytes,
        "sha256": kept.sha256,
        "source_sha256": upload.source_sha256,
        "width": kept.width,
        "height": kept.height,
        "key_hint": key_hint,
    }
