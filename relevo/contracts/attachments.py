"""Photos and files that people send, as they are kept and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from relevo.domain.attachments import Attachment, AttachmentKind, AttachmentState, Retention


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A photo or file, made safe, on its way into the store."""

    attachment: Attachment
    channel: str
    address: str
    source_sha256: bytes
    """Digest of the bytes as they came: by it a retry is told from another file."""
    body: bytes
    thumbnail: bytes | None
    """As JPEG; of pictures only."""


class OpenedAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """What an attachment holds; a thumbnail is JPEG whatever the attachment is."""

    attachment: Attachment
    body: bytes


class KeptFor(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn has learned about an attachment of its conversation."""

    attachment_id: UUID
    kind: AttachmentKind
    case_id: str | None


class Attachments(Protocol):
    """Encrypted at rest; an attachment is its uploader's until it is sent, then its conversation's."""

    async def keep(self, upload: Upload) -> Attachment:
        """Keep an upload, once for each id; raises Conflict when the id is known with other bytes."""
        ...

    async def known(self, attachment_id: UUID, source_sha256: bytes) -> Attachment | None:
        """Give what is kept under an id; raises Conflict when that came of other bytes."""
        ...

    async def uploaded(self, channel: str, address: str, ids: Sequence[UUID]) -> tuple[Attachment, ...]:
        """Give what an address has uploaded, in this order; raises NotFound when one of them is not theirs."""
        ...

    async def read(
        self, channel: str, address: str, attachment_id: UUID, *, is_thumbnail: bool = False
    ) -> OpenedAttachment:
        """Open an address's own attachment; raises NotFound, Gone and Damaged."""
        ...

    async def discard(self, channel: str, address: str, attachment_id: UUID) -> bool:
        """Forget an address's own upload that no message has taken; False where one has."""
        ...

    async def view(self, attachment_id: UUID, agent_id: int, *, is_thumbnail: bool = False) -> OpenedAttachment:
        """Open a sent attachment for an agent, and write down that they saw it.

        Raises NotFound, Gone, Damaged, and AccessDenied for an identity document that no open case needs.
        """
        ...

    async def states(self, conversation_id: UUID) -> Mapping[UUID, AttachmentState]:
        """Tell of each attachment of a conversation whether the desk may open it."""
        ...

    async def among(self, ids: Sequence[UUID]) -> Mapping[UUID, tuple[Attachment, AttachmentState]]:
        """Give those of these attachments that were sent, each with whether the desk may open it."""
        ...

    async def unused(self, conversation_id: UUID, since: datetime, until: datetime) -> tuple[Attachment, ...]:
        """Give what a conversation was sent in that time and nobody has said yet what it is for, oldest first."""
        ...

    async def erase_due(self, retention: Retention) -> int:
        """Erase what was kept for long enough, a few hundred at a time, and give their number."""
        ...
