"""What people and the bot say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from relevo.domain.attachments import Attachment

MAX_TEXT_BYTES = 64 * 1024
"""Longest text of one message, in UTF-8 bytes; above that a door answers 413."""
SENT_ELSEWHERE = "sent_elsewhere"
"""Kind of an entry that says where an agent's reply went, when it was written here and sent in another conversation."""


class Author(str, Enum):
    """Who said it."""

    CONTACT = "contact"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """A choice offered with a message; choosing it sends its payload."""

    title: str
    payload: str


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What one message carries."""

    text: str | None = None
    buttons: tuple[Button, ...] = ()
    image: str | None = None
    custom: Mapping[str, Any] | None = None
    attachments: tuple[Attachment, ...] = ()
    subject: str | None = None
    """What a mail is about; other channels have none."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One message from the outside, verified and parsed by its channel."""

    channel: str
    address: str
    """The writer's address on the channel."""
    external_id: str
    """Unique per channel; the same id is the same message, however often it arrives."""
    text: str
    """Empty only where there are attachments."""
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)
    raw: bytes | None = None
    """The text as it came, where cleaning changed it."""
    attachments: tuple[Attachment, ...] = ()
    """Uploaded before, from the same address."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a conversation's timeline.

    ``kind`` is ``message``, ``draft`` (the bot's words that were not sent), ``note``, ``effect``, ``case``,
    ``control``, ``verification``, ``joined`` or ``sent_elsewhere``; readers accept unknown kinds. Only ``message`` is
    shown to the contact.
    """

    position: int
    kind: str
    author: Author
    content: Content
    created_at: datetime
    external_id: str | None = None


JOINED = "joined"
"""Stands for the messages of another chat of the same contact, from ``after`` to ``up_to``; or says ``into`` which one
this one went."""


def clean_text(text: str) -> str:
    """Remove what no database or display can hold: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8") if _is_dirty(text) else text


def _is_dirty(text: str) -> bool:
    return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)
