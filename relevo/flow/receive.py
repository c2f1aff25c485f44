"""Takes in what somebody wrote: cleaned, bounded, kept. Only after that may a door say yes.

Whatever channel it came by, a message passes here: so what the store and the brain get has no characters that a
database or a display cannot hold, and no size that a door did not allow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sized
from time import monotonic
from typing import Any

import msgspec
import structlog

from relevo.contracts.live import Live
from relevo.contracts.store import Inbox, Received
from relevo.domain.attachments import MAX_OF_MESSAGE, Attachment
from relevo.domain.messages import MAX_TEXT_BYTES, Arrival, clean_text
from relevo.errors import RequestError, TooLarge, Unreadable
from relevo.metrics.numbers import few
from relevo.metrics.numbers import received as messages_received

MAX_NAME_CHARACTERS = 255
"""Longest address and message id; both are keys of an index."""

MAX_METADATA_BYTES = 16 * 1024
MAX_METADATA_DEPTH = 16

_SEPARATOR = "\x1f"
_log = structlog.get_logger()


def arrival(
    *,
    channel: str,
    address: str,
    message_id: str,
    text: str | None,
    metadata: Mapping[str, Any] | None = None,
    attachments: tuple[Attachment, ...] = (),
) -> Arrival:
    """Make an arrival of what a door was sent; raises Unreadable or TooLarge with a sentence for the sender."""
    external_id = external_id_of(address, message_id)
    demand_few(attachments)
    cleaned, raw = _clean(text or "")
    if not cleaned.strip():
        if not attachments:
            raise Unreadable("The message has no text; write something.", code="empty_text")
        cleaned, raw = "", None
    return Arrival(
        channel=channel,
        address=address,
        external_id=external_id,
        text=cleaned,
        metadata=_clean_metadata(metadata) if metadata else {},
        raw=raw,
        attachments=attachments,
    )


def external_id_of(address: str, message_id: str) -> str:
    """Put address and message id together, so that ids of two writers never meet; raises Unreadable."""
    _demand_name(address, "sender", missing="missing_sender")
    _demand_name(message_id, "message_id", missing="missing_message_id")
    return f"{address}{_SEPARATOR}{message_id}"


def demand_few(attachments: Sized) -> None:
    """Refuse more files than one message carries; raises Unreadable."""
    if len(attachments) > MAX_OF_MESSAGE:
        raise Unreadable(
            f"At most {MAX_OF_MESSAGE} files go with one message; send the others with the next one.",
            code="too_many_attachments",
        )


def message_id_of(external_id: str | None) -> str | None:
    """Give the writer's own message id of an external id."""
    return external_id.rpartition(_SEPARATOR)[2] if external_id else None


async def receive(inbox: Inbox, live: Live, message: Arrival) -> Received:
    """Keep a message, once however often it arrives, and wake a bot; raises Conflict for an id with other words."""
    # Shielded: a caller who hangs up right after sending has still sent it.
    began = monotonic()
    try:
        received = (await asyncio.shield(inbox.receive([message])))[0]
    except RequestError as error:
        _log.warning("receive", channel=message.channel, outcome=error.reason, seconds=round(monotonic() - began, 4))
        raise
    _note(message, received, monotonic() - began)
    if received.is_told:
        live.stir()
    elif not received.is_settled:
        live.wake_bots(received.home)
    return received


def _note(message: Arrival, received: Received, seconds: float) -> None:
    if received.is_new:
        messages_received.labels(few("channel", message.channel)).inc()
    _log.info(
        "receive",
        conversation=str(received.conversation_id),
        inbox_id=received.inbox_id,
        channel=message.channel,
        files=len(message.attachments),
        outcome="kept" if received.is_new else "known",
        seconds=round(seconds, 4),
    )


def _demand_name(value: str, name: str, *, missing: str) -> None:
    if not value.strip():
        raise Unreadable(f"“{name}” is missing; send a non-empty string.", code=missing)
    if len(value) > MAX_NAME_CHARACTERS or not value.isprintable():
        raise Unreadable(f"“{name}” must be at most {MAX_NAME_CHARACTERS} printable characters.", code=f"bad_{name}")


def _clean(text: str) -> tuple[str, bytes | None]:
    """Give the text that is kept and, where that differs, what came."""
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_TEXT_BYTES:
        raise TooLarge(
            f"The text has {len(raw)} bytes; at most {MAX_TEXT_BYTES} fit into one message.", code="text_too_long"
        )
    cleaned = text if text.isascii() and "\x00" not in text else clean_text(text)
    return cleaned, None if cleaned == text else raw


def _clean_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = _clean_value(metadata, 0)
    size = len(msgspec.json.encode(cleaned))
    if size > MAX_METADATA_BYTES:
        raise TooLarge(f"“metadata” has {size} bytes; at most {MAX_METADATA_BYTES} are kept.", code="metadata_too_long")
    return cleaned


def _clean_value(value: Any, depth: int) -> Any:
    if depth > MAX_METADATA_DEPTH:
        raise Unreadable("“metadata” is nested too deeply.", code="bad_metadata")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(key): _clean_value(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean_value(item, depth + 1) for item in value]
    if isinstance(value, int) and abs(value) >= 2**63:
        raise Unreadable("“metadata” holds a number that is too large.", code="bad_metadata")
    return value
