"""Takes in a photo or a file: known by its bytes and not by its name, made safe, kept until it goes with a message."""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import filetype
import msgspec
from msgspec.structs import replace

from relevo.contracts.attachments import Attachments, Upload
from relevo.domain.attachments import MAX_FILE_BYTES, Attachment
from relevo.errors import TooLarge, Unreadable, Unsupported
from relevo.flow.pictures import picture

TAKEN = "Send a photo as JPEG, PNG, WebP or GIF, or a PDF, of at most 10 MB."
"""What to do, at the end of every refusal."""

PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
PDF = "application/pdf"
TAKEN_TYPES = PICTURES | {PDF}
_PHONE_PHOTOS = frozenset({"image/heic", "image/heif", "image/avif"})
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", PDF: ".pdf"}
_KNOWN_ENDINGS = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".pdf")
_NAME_CHARACTERS = 100
_UNSAFE_IN_NAMES = frozenset('<>:"|?*&')
_SNIFFED_BYTES = 1024

# Two, so that one slow picture holds nobody up; no more, since each may take a few hundred megabytes.
_workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")


class SentFile(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody sent as a photo or file."""

    channel: str
    address: str
    name: str
    claimed_mime: str
    data: bytes
    taken: frozenset[str] = TAKEN_TYPES
    """What kinds are taken where it was sent."""


async def attach(attachments: Attachments, sent: SentFile, attachment_id: UUID | None = None) -> Attachment:
    """Keep a file, to be sent with a message later.

    With an id of the caller's, the same file is kept once however often it arrives, and another one under that id is a
    Conflict. Raises Unreadable, Unsupported or TooLarge with a sentence for the sender.
    """
    _demand_size(sent.data)
    loop = asyncio.get_running_loop()
    digest = await loop.run_in_executor(_workers, _digest, sent.data)
    if attachment_id is not None and (known := await attachments.known(attachment_id, digest)):
        return known
    upload = await loop.run_in_executor(_workers, _upload, sent, attachment_id or uuid4(), digest)
    return await attachments.keep(upload)


def clean_name(name: str, mime: str) -> str:
    """Give a file name to show and save under: no folder, nothing invisible or reordering, the type's own ending."""
    ending = _ENDINGS[mime]
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join("_" if character in _UNSAFE_IN_NAMES else character for character in last if _is_visible(character))
    stem = " ".join(shown.split())
    for known in _KNOWN_ENDINGS:
        if stem.lower().endswith(known):
            stem = stem[: -len(known)]
            break
    return (stem.strip(". ")[:_NAME_CHARACTERS].rstrip(". ") or "file") + ending


def _is_visible(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] not in "CZ"


def _demand_size(data: bytes) -> None:
    if not data:
        raise Unreadable(f"The file is empty. {TAKEN}", code="empty_file")
    if len(data) > MAX_FILE_BYTES:
        raise too_large()


def too_large(most_bytes: int = MAX_FILE_BYTES) -> TooLarge:
    """Give the refusal of a file that has too many bytes."""
    if most_bytes < MAX_FILE_BYTES:
        sentence = f"The file is larger than {most_bytes // 1_000_000} MB, and larger ones are not taken here."
        return TooLarge(sentence, code="file_too_large")
    return TooLarge(f"The file is larger than 10 MB. {TAKEN}", code="file_too_large")


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _upload(sent: SentFile, attachment_id: UUID, digest: bytes) -> Upload:
    mime = _sniffed(sent)
    kept = Attachment(
        id=attachment_id,
        name=clean_name(sent.name, PDF),
        mime=PDF,
        size_bytes=len(sent.data),
        sha256=digest.hex(),
    )
    body, thumbnail = sent.data, None
    if mime in PICTURES:
        drawn = picture(sent.data, mime)
        body, thumbnail = drawn.body, drawn.thumbnail
        kept = replace(
            kept,
            name=clean_name(sent.name, drawn.mime),
            mime=drawn.mime,
            size_bytes=len(body),
            sha256=_digest(body).hex(),
            width=drawn.width,
            height=drawn.height,
        )
    return Upload(
        attachment=kept,
        channel=sent.channel,
        address=sent.address,
        source_sha256=digest,
        body=body,
        thumbnail=thumbnail,
    )


def _sniffed(sent: SentFile) -> str:
    """Give what the bytes are; raises Unsupported when that is not taken."""
    found = filetype.guess_mime(sent.data[:_SNIFFED_BYTES])
    if found in sent.taken:
        return str(found)
    if found in TAKEN_TYPES:
        raise Unsupported("Files of this kind are not taken here; send another kind.", code="kind_not_taken")
    if found in _PHONE_PHOTOS or sent.name.lower().endswith((".heic", ".heif")):
        raise Unsupported(
            "This photo is in the format that phones keep for themselves (HEIC). Send it as JPEG: share it as"
            " “most compatible”, or send a screenshot of it.",
            code="phone_format",
        )
    if found is None and sent.claimed_mime.startswith("image/") and "svg" not in sent.claimed_mime:
        raise Unsupported(f"The file says that it is a picture, and it is none. {TAKEN}")
    raise Unsupported(f"Files of this kind are not taken. {TAKEN}")
