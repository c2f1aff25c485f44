"""Photos and files of X's encrypted chat: X keeps ciphertext, under a name that stands in the encrypted message."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chat_xdk import encrypted_stream_size

from relevo.channels.x import chat_crypto as crypto
from relevo.channels.x.answers import XAway, XRefused
from relevo.channels.x.chat_crypto import conversation_of
from relevo.channels.x.chat_keys import Keyring
from relevo.contracts.platform import RemoteFile
from relevo.domain.attachments import MAX_FILE_BYTES, Attachment
from relevo.errors import TooLarge, Unreadable

PREFIX = "chat:"
"""Begins the reference of each file that came encrypted."""
PIECE_BYTES = 2_400_000
"""Of ciphertext, in one call; X's own example takes pieces of up to 3 MB, and base64 makes them a third longer."""
_AT_ONCE = 2
_LONGEST_NAME = 512
_MIMES = {"image": "image/jpeg", "gif": "image/gif", "video": "video/mp4", "audio": "audio/mp4"}
_ENDINGS = {"image": "photo.jpg", "gif": "picture.gif", "video": "video.mp4", "audio": "voice.m4a"}


def files_of(told: Mapping[str, Any], address: str) -> tuple[RemoteFile, ...]:
    """Give the files that a decrypted message names."""
    attached, version = told.get("attachments"), told.get("key_version")
    found = []
    for each in attached if isinstance(attached, list) else []:
        name = each.get("media_hash_key") if each.get("attachment_type") == "Media" else None
        if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable():
            kind = str(each.get("media_type") or "file")
            found.append(
                RemoteFile(
                    reference=f"{PREFIX}{address}:{version}:{name}",
                    name=str(each.get("filename") or _ENDINGS.get(kind, "file")),
                    claimed_mime=_MIMES.get(kind, "application/octet-stream"),
                )
            )
    return tuple(found)


class ChatMedia:
    """Fetches and uploads, a few files at once: each takes its size in memory twice."""

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def fetch(self, reference: str) -> bytes:
        """Get a file's bytes. Raises XError, Unreadable and TooLarge."""
        address, version, name = reference[len(PREFIX) :].split(":", 2)
        key = (await self._ring.conversation_keys(address)).get(version)
        if key is None:
            raise Unreadable("The key of this file never reached this account.", code="no_conversation_key")
        async with self._turns:
            data = await crypto.decrypted_file(await self._downloaded(address, name), key)
        if len(data) > MAX_FILE_BYTES:
            raise TooLarge("The file is larger than 10 MB; larger ones are not taken.", code="file_too_large")
        return data

    async def upload(self, address: str, attachment: Attachment, body: bytes, key: bytes) -> Mapping[str, Any]:
        """Encrypt and hand over a file, and give how a message names it. Raises XError."""
        conversation = conversation_of(self._ring.own_id, address)
        async with self._turns:
            sealed = await crypto.encrypted_file(body, key)
            name = await self._handed_over(conversation, sealed)
        return {
            "attachment_type": "media",
            "media_hash_key": name,
            "width": attachment.width or 0,
            "height": attachment.height or 0,
            "filesize_bytes": len(body),
            "filename": attachment.name,
        }

    async def _downloaded(self, address: str, name: str) -> bytes:
        conversation = conversation_of(self._ring.own_id, address).replace(":", "-")
        most = encrypted_stream_size(MAX_FILE_BYTES)
        try:
            return await self._ring.api.download(
                f"/2/chat/media/{conversation}/{quote(name, safe='')}", limit_bytes=most
            )
        except TooLarge as error:
            sentence = "The file is larger than 10 MB; larger ones are not taken."
            raise TooLarge(sentence, code="file_too_large") from error
        except XRefused as error:
            raise Unreadable("X does not have this file any more; send it again.", code="file_gone") from error

    async def _handed_over(self, conversation: str, sealed: bytes) -> str:
        place = {"conversation_id": conversation}
        begun = await self._posted("initialize", {**place, "total_bytes": len(sealed)})
        session, name = str(begun["session_id"]), str(begun["media_hash_key"])
        place["media_hash_key"] = name
        starts = range(0, len(sealed), PIECE_BYTES)
        for index, start in enumerate(starts):
            piece = base64.b64encode(sealed[start : start + PIECE_BYTES]).decode()
            await self._posted(f"{session}/append", {**place, "segment_index": index, "media": piece})
        await self._posted(f"{session}/finalize", {**place, "num_parts": str(len(starts))})
        return name

    async def _posted(self, step: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do one step; none of them shows anything to anybody."""
        answer = await self._ring.api.post(f"/2/chat/media/upload/{step}", body=body)
        data = answer.get("data")
        if not isinstance(data, Mapping) or (step == "initialize" and not {"session_id", "media_hash_key"} <= {*data}):
            raise XAway("X took a file, and did not say where it is.")
        return data
