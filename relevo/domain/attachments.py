"""Photos and files that people send: what is known of one, what it is for, and how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from uuid import UUID

import msgspec

MAX_FILE_BYTES = 10 * 1024 * 1024
"""Largest file, as it is sent; above that a door answers 413."""

MAX_OF_MESSAGE = 5
"""Most files of one message."""


class AttachmentKind(str, Enum):
    """What an attachment is for; it decides how long it is kept and who may see it."""

    IDENTITY_DOCUMENT = "identity_document"
    """Shows who somebody is: a passport, an identity card. Seen at the desk only while its case is open."""
    EVIDENCE = "evidence"
    """Shows what happened: a damaged suitcase, a receipt."""
    OTHER = "other"
    """Nobody has said yet what it is for."""


class AttachmentState(str, Enum):
    """Whether the desk may open an attachment."""

    SHOWN = "shown"
    GUARDED = "guarded"
    """An identity document: opened on purpose, and never shown in passing."""
    NO_OPEN_CASE = "no_open_case"
    """An identity document that no open case needs."""
    ERASED = "erased"


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """One photo or file, as it is kept."""

    id: UUID
    name: str
    """Safe to show and to save under; its ending fits the type."""
    mime: str
    """What the bytes are, whatever was claimed."""
    size_bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None

    @property
    def is_image(self) -> bool:
        """Whether it can be shown as a picture."""
        return self.mime.startswith("image/")

    @property
    def is_pdf(self) -> bool:
        """Whether it is a document that browsers have a viewer for."""
        return self.mime == "application/pdf"


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """After how many days what was sent is erased."""

    days: Mapping[AttachmentKind, int] = msgspec.field(
        default_factory=lambda: {
            AttachmentKind.IDENTITY_DOCUMENT: 90,
            AttachmentKind.EVIDENCE: 365,
            AttachmentKind.OTHER: 180,
        }
    )
    """Counted from when it was sent."""
    identity_days_after_case: int = 30
    """Counted from the end of an identity document's case; what comes first holds."""
    unsent_days: int = 1
    """For what was uploaded and never sent with a message."""


def desk_channel(agent_id: int) -> str:
    """Give under which channel an agent's file is kept until it is sent; its address is the conversation it is for."""
    return f"desk:{agent_id}"
