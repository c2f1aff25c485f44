"""The form in which XChat's events travel: what X itself writes around what two people have encrypted and signed.

Thrift's binary protocol, base64. Which field holds what was found out with chatxdk 0.5.2, by reading events with it:

    1 sequence id · 2 message id · 3 sender · 4 conversation · 6 created, ms · 7 detail, a union · 9 signature
    detail: 1 message · 3 new key · 5 failure · 6 typing · 7 deleted · 12 read

Sender, conversation, message id and detail are signed; sequence id and time are X's own, and nobody vouches for them.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping

from chat_xdk import SendPayload

STOP = b"\0"
FAILURES = (
    "EmptyDetail",
    "InternalError",
    "ContentsTooLarge",
    "TooManyMessages",
    "InvalidSenderSignature",
    "NonLatestKeyVersion",
    "RecipientNotTrusted",
    "RecipientKeyChanged",
    "OnlyEncryptedMessagesAllowed",
    "RequesterNotAdmin",
    "FlaggedAsSpam",
    "RateLimitUpsell",
    "SignatureFailedToVerifyAgainstPublicKey",
    "GenericError",
    "SenderNotGroupMember",
    "InvalidSignatureVersion",
    "InvalidPinRequest",
    "TooManyPins",
)
"""What X calls the reasons why a message was not taken, in the order of their numbers; the first is 1."""


def event(  # noqa: PLR0913 - an event has that many parts
    *,
    sequence_id: str,
    message_id: str,
    sender_id: str,
    conversation_id: str,
    created_at_msec: int,
    detail: bytes,
    signature: bytes | None = None,
) -> str:
    """Give an event as X hands it out: ``encoded_event``, or ``conversation_key_change_event``."""
    parts = [
        text_field(1, sequence_id),
        text_field(2, message_id),
        text_field(3, sender_id),
        text_field(4, conversation_id),
        text_field(6, str(created_at_msec)),
        struct_field(7, detail),
        b"" if signature is None else struct_field(9, signature),
    ]
    return base64.b64encode(b"".join(parts) + STOP).decode()


def message_detail(encoded_message_create_event: str) -> bytes:
    """Give the detail of a message: of ``encoded_message_create_event`` as it was posted."""
    return struct_field(1, base64.b64decode(encoded_message_create_event)) + STOP


def message_signature(encoded_message_event_signature: str) -> bytes:
    """Give the signature of a message: of ``encoded_message_event_signature`` as it was posted."""
    return base64.b64decode(encoded_message_event_signature)


def action_detail(action: Mapping[str, str]) -> bytes:
    """Give the detail of what an action signature signs, such as a new key: it is there whole."""
    return base64.b64decode(action["encoded_message_event_detail"])


def action_signature(action: Mapping[str, str]) -> bytes:
    """Give the signature of an action: ``signature``, ``public_key_version`` and ``signature_version``."""
    names = ("signature", "public_key_version", "signature_version")
    return b"".join(text_field(number, action[name]) for number, name in enumerate(names, start=1)) + STOP


def failure_detail(failure: str) -> bytes:
    """Give the detail of a failure; X signs none."""
    number = FAILURES.index(failure) + 1
    return struct_field(5, b"\x08" + struct.pack(">hi", 1, number) + STOP) + STOP


def typing_detail(conversation_id: str) -> bytes:
    """Give the detail of somebody typing, which nobody signs."""
    return struct_field(6, text_field(1, conversation_id) + STOP) + STOP


def message_event(
    payload: SendPayload,
    *,
    sequence_id: str,
    sender_id: str,
    conversation_id: str,
    created_at_msec: int,
) -> str:
    """Give the event of a message as chatxdk encrypted it."""
    return event(
        sequence_id=sequence_id,
        message_id=payload.message_id,
        sender_id=sender_id,
        conversation_id=conversation_id,
        created_at_msec=created_at_msec,
        detail=message_detail(payload.encrypted_content),
        signature=message_signature(payload.encoded_event_signature),
    )


def text_field(number: int, value: str | bytes) -> bytes:
    """Give a field that holds text or bytes."""
    raw = value.encode() if isinstance(value, str) else value
    return b"\x0b" + struct.pack(">hi", number, len(raw)) + raw


def struct_field(number: int, body: bytes) -> bytes:
    """Give a field that holds a struct, whose own last byte is STOP."""
    return b"\x0c" + struct.pack(">h", number) + body
