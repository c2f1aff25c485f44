"""Encrypts what is kept of attachments, in chunks that cannot be changed, exchanged, reordered or cut off unnoticed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relevo.errors import Damaged

CHUNK_BYTES = 256 * 1024
THUMBNAIL = -1
"""Number of the chunk that holds a thumbnail."""

_NONCE_BYTES = 12


class Sealer:
    """Seals and opens chunks with one key of 32 bytes: AES-256-GCM, a random nonce before each."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.hint = hashlib.sha256(b"relevo attachment key\0" + key).digest()[:8]
        """Tells keys apart, and nothing about them."""

    def seal(self, attachment_id: UUID, body: bytes) -> Iterator[tuple[int, bytes]]:
        """Give the chunks of a file with their numbers."""
        starts = range(0, len(body), CHUNK_BYTES)
        for number, start in enumerate(starts):
            is_last = number == len(starts) - 1
            yield number, self.seal_one(attachment_id, number, body[start : start + CHUNK_BYTES], is_last=is_last)

    def seal_one(self, attachment_id: UUID, number: int, body: bytes, *, is_last: bool = True) -> bytes:
        """Give one sealed chunk."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, body, _place(attachment_id, number, is_last))

    def open(self, attachment_id: UUID, chunks: Sequence[tuple[int, bytes]]) -> bytes:
        """Give what chunks hold, which must be all of a file's, in order; raises Damaged."""
        last = len(chunks) - 1
        try:
            if not chunks or [number for number, _ in chunks] not in ([THUMBNAIL], list(range(len(chunks)))):
                raise InvalidTag
            return b"".join(
                self._cipher.decrypt(
                    sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _place(attachment_id, number, index == last)
                )
                for index, (number, sealed) in enumerate(chunks)
            )
        except (InvalidTag, ValueError) as error:  # ValueError: a chunk that is too short to be one
            raise Damaged(
                "What is stored of this file is damaged, so it cannot be opened. Ask the sender for it again.",
                code="damaged_attachment",
            ) from error


def _place(attachment_id: UUID, number: int, is_last: bool) -> bytes:
    """Give what binds a chunk to its place: the same bytes anywhere else do not open."""
    return attachment_id.bytes + number.to_bytes(4, "big", signed=True) + bytes([is_last])
