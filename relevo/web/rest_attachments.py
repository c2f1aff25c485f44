"""The REST door's photos and files: in the message itself, as base64 in ``metadata.attachments``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from relevo.contracts.attachments import Attachments
from relevo.domain.attachments import MAX_FILE_BYTES, Attachment
from relevo.errors import Unreadable
from relevo.flow.attach import SentFile, attach
from relevo.flow.receive import demand_few
from relevo.web.wire import converted

MAX_BODY_BYTES = MAX_FILE_BYTES * 4 // 3 + 1_000_000
"""Largest body of the REST door: one file of the largest size as base64, or several smaller ones."""

_NAMESPACE = uuid5(NAMESPACE_URL, "relevo:attachments")


class FileSaid(msgspec.Struct):
    """One file as the caller posts it."""

    data_base64: str
    name: str = ""
    mime: str = ""


def take_files(metadata: dict[str, Any] | None) -> list[FileSaid]:
    """Take the files out of a message's metadata."""
    files = converted(metadata.pop("attachments", None) or [], list[FileSaid]) if metadata else []
    demand_few(files)
    return files


async def keep_files(
    attachments: Attachments, channel: str, address: str, external_id: str, files: Sequence[FileSaid]
) -> tuple[Attachment, ...]:
    """Keep the files of a message under ids that follow from the message's, so that a retry keeps nothing twice."""
    kept = []
    for index, file in enumerate(files):
        sent = SentFile(
            channel=channel,
            address=address,
            name=file.name,
            claimed_mime=file.mime.lower(),
            data=_decoded(file.data_base64, index + 1),
        )
        kept.append(await attach(attachments, sent, uuid5(_NAMESPACE, f"{channel}\x1f{external_id}\x1f{index}")))
    return tuple(kept)


def _decoded(data: str, number: int) -> bytes:
    try:
        return base64.b64decode(data.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Unreadable(
            f"“data_base64” of attachment {number} is not base64; encode the file's bytes with the usual alphabet and"
            " no line breaks.",
            code="bad_base64",
        ) from None
