"""What XChat's keys can do, and nothing else: no network, no database, no state between calls.

chatxdk keeps keys in its objects where one asks it to; here every call brings its own, so that any host can serve any
conversation. It gives keys of changes that nobody signed, too: only ``learned`` looks at who signed.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from chat_xdk import Chat, SendPayload

from relevo.contracts.x_chat import OwnPair, PublicKey
from relevo.errors import RelevoError, Unreadable

Result = TypeVar("Result")
Signers = Mapping[str, Sequence[PublicKey]]
"""Keys by user id."""
Keys = Mapping[str, bytes]
"""Of a conversation, by version."""

_PIECE_BYTES = 256 * 1024
"""Of a file; one takes about a millisecond."""
_TEXT, _MESSAGE_ID, _HEAD_BYTES = 0x0B, 2, 7
"""Of Thrift's binary protocol: the mark of a text field, the field of the id, a field's head."""
_NOT_SIGNED = "ignature verification failed"
"""By these words alone does chatxdk tell this from other mistakes."""


class NotSigned(RelevoError):
    """It is not signed by whom it names, or by a key that is not known."""


class NoConversationKey(RelevoError):
    """It is encrypted with a key that did not reach us."""


def conversation_of(own_id: str, address: str) -> str:
    """Name the conversation of two, the smaller id first, as chatxdk signs it."""
    first, second = sorted((own_id, address), key=lambda each: (len(each), each))
    return f"{first}:{second}"


def partner_in(conversation: str | None, own_id: str) -> str | None:
    """Give with whom we talk in a conversation, however X separates its ids; None for groups and those of others."""
    both = (conversation or "").replace("-", ":").split(":")
    others = [each for each in both if each != own_id]
    if len(both) != 2 or len(others) != 1 or not (others[0].isascii() and others[0].isdigit()):
        return None
    return others[0]


def message_id_in(event: str) -> str | None:
    """Give the id that an event names itself by, as it stands there: proven only once it is decrypted."""
    try:
        raw, position = base64.b64decode(event), 0
        while raw[position] == _TEXT:
            number, length = struct.unpack_from(">hI", raw, position + 1)
            position += _HEAD_BYTES + length
            if number == _MESSAGE_ID and length > 0 and position <= len(raw):
                return raw[position - length : position].decode()
    except (ValueError, IndexError, struct.error):
        pass
    return None


def new_pair() -> OwnPair:
    """Make a pair of keys."""
    chat = Chat()
    registration = chat.generate_keypairs().public_key
    names = (
        "public_key",
        "signing_public_key",
        "identity_public_key_signature",
        "signing_public_key_signature",
        "public_key_fingerprint",
        "registration_method",
    )
    return OwnPair(
        public_key=registration.public_key,
        signing_public_key=registration.signing_public_key,
        secret=bytes(chat.export_keys() or b""),
        registration={name: getattr(registration, name) for name in names},
    )


def opens(pair: OwnPair) -> bool:
    """Tell whether a pair's secret keys are those of its public ones."""
    try:
        chat = Chat()
        chat.import_keys(pair.secret)
        kept = chat.get_public_keys()
    except ValueError:
        return False
    return same_key(kept.identity, pair.public_key) and same_key(kept.signing, pair.signing_public_key)


def same_key(one: str, other: str) -> bool:
    """Tell whether two public keys are one: X may write more in front of the bytes than chatxdk does."""
    try:
        first, second = (base64.b64decode(each, validate=True) for each in (one, other))
    except ValueError:
        return False
    shorter, longer = sorted((first, second), key=len)
    return len(shorter) >= 32 and longer.endswith(shorter)


def is_bound(key: PublicKey) -> bool:
    """Tell whether one hand made both keys, so that nobody has put in one of their own."""
    try:
        return bool(Chat().verify_key_binding(key.public_key, key.signing_public_key, key.signature))
    except ValueError:
        return False


def learned(
    change: str, pairs: Sequence[OwnPair], own_id: str, signers: Signers
) -> tuple[str | None, dict[str, bytes]]:
    """Give a key that was changed, and in which conversation; raises NotSigned.

    Neither where none of our pairs is meant by it. For a pair that is not meant, chatxdk may say that it is not signed.
    """
    is_unsigned = False
    for pair in pairs:
        found = _guarded(partial(_chat(pair, own_id).decrypt_events, [change], _signing(signers)))
        is_unsigned = is_unsigned or any(_NOT_SIGNED in said for said in found["errors"].values())
        signed = {
            each["event"]["key_version"]: each["event"]["conversation_id"]
            for each in found["messages"]
            if each["event"]["type"] == "KeyChange" and each["event"]["verified"]
        }
        keys = {version: bytes(key) for version, key in found["conversation_keys"]["keys"].items() if version in signed}
        if keys:
            return next(iter(signed.values())), keys
    if is_unsigned:
        raise NotSigned
    return None, {}


def opened(event: str, keys: Keys, signers: Signers) -> dict[str, Any]:
    """Decrypt an event, as chatxdk tells it; raises NotSigned, NoConversationKey and Unreadable."""
    try:
        return dict(_guarded(lambda: Chat().decrypt_event(event, dict(keys), _signing(signers))))
    except ValueError as error:
        said = str(error)
        if _NOT_SIGNED in said:
            raise NotSigned from error
        if "no matching key" in said:
            raise NoConversationKey from error
        raise Unreadable("This is no event of X's encrypted chat, or it is damaged.", code="bad_chat_event") from error


def encrypted(  # noqa: PLR0913 - a message is made of that many parts
    pair: OwnPair,
    own_id: str,
    conversation: str,
    key: tuple[str, bytes],
    text: str,
    *,
    attachments: Sequence[Mapping[str, Any]] = (),
    quick_reply: Mapping[str, Any] | None = None,
) -> SendPayload:
    """Encrypt and sign a message; each call makes another one."""
    version, secret = key
    return _guarded(
        lambda: _chat(pair, own_id).encrypt_message(
            conversation,
            text,
            conversation_key=secret,
            conversation_key_version=version,
            attachments=[dict(each) for each in attachments] or None,
            quick_reply=quick_reply,
        )
    )


def key_change(pair: OwnPair, own_id: str, conversation: str, for_whom: Signers) -> dict[str, Any]:
    """Make a new conversation key, encrypted for these people's newest keys, as chatxdk tells it."""
    people = [
        {"user_id": user_id, "public_key": keys[0].public_key, "key_version": keys[0].version}
        for user_id, keys in for_whom.items()
    ]
    return dict(
        _guarded(lambda: _chat(pair, own_id).prepare_conversation_key_change(people, conversation_id=conversation))
    )


async def encrypted_file(data: bytes, key: bytes) -> bytes:
    """Encrypt a file, letting others run between its pieces."""
    return await _streamed(_guarded(lambda: Chat().stream_encryptor(key)), data)


async def decrypted_file(data: bytes, key: bytes) -> bytes:
    """Decrypt a file, as above; raises Unreadable for one that was changed or cut off."""
    try:
        return await _streamed(_guarded(lambda: Chat().stream_decryptor(key)), data)
    except ValueError as error:
        raise Unreadable("The file cannot be decrypted: it was changed on its way.", code="bad_chat_file") from error


async def _streamed(stream: Any, data: bytes) -> bytes:
    # chatxdk holds Python's lock while it works, so that a thread would free nobody.
    parts = bytearray()
    for start in range(0, len(data), _PIECE_BYTES):
        parts += _guarded(partial(stream.push, data[start : start + _PIECE_BYTES]))
        await asyncio.sleep(0)
    parts += _guarded(stream.finish)
    return bytes(parts)


def _guarded(work: Callable[[], Result]) -> Result:
    """Turn a panic of chatxdk's into the ValueError that it means: it is no Exception, and would end a worker."""
    try:
        return work()
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError("chatxdk gave up on it.") from None


def _chat(pair: OwnPair, own_id: str) -> Chat:
    chat = Chat()
    chat.import_keys(pair.secret, pair.version)
    chat.set_identity(own_id, pair.version or "")
    return chat


def _signing(signers: Signers) -> list[dict[str, str]]:
    return [
        {
            "user_id": user_id,
            "public_key_version": key.version,
            "public_key": key.signing_public_key,
            "identity_public_key": key.public_key,
            "identity_public_key_signature": key.signature,
        }
        for user_id, keys in signers.items()
        for key in keys
    ]
