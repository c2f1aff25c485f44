"""Which files are taken, under which name, and what is said of the others."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import pytest

from relevo.contracts.attachments import Attachments, Upload
from relevo.domain.attachments import MAX_FILE_BYTES, Attachment
from relevo.errors import RequestError
from relevo.flow.attach import SentFile, attach, clean_name
from tests.files import EXECUTABLE, HEIC, HTML, PDF, SVG, ZIP, photo

pytestmark = pytest.mark.anyio


class Shelf:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.uploads: list[Upload] = []

    async def keep(self, upload: Upload) -> Attachment:
        self.uploads.append(upload)
        return upload.attachment

    async def known(self, attachment_id: UUID, source_sha256: bytes) -> Attachment | None:
        return None


async def sent(data: bytes, name: str = "a.bin", mime: str = "") -> Attachment:
    """Send a file and give what is kept of it."""
    file = SentFile(channel="widget", address="amina", name=name, claimed_mime=mime, data=data)
    return await attach(cast(Attachments, Shelf()), file)


@pytest.mark.parametrize(
    ("data", "claimed", "mime", "name"),
    [
        (photo(), "image/jpeg", "image/jpeg", "it.jpg"),
        (photo(kind="PNG"), "image/jpeg", "image/png", "it.png"),
        (photo(), "text/html", "image/jpeg", "it.jpg"),
        (PDF, "image/png", "application/pdf", "it.pdf"),
        (PDF, "", "application/pdf", "it.pdf"),
    ],
)
async def test_the_bytes_say_what_a_file_is(data: bytes, claimed: str, mime: str, name: str) -> None:
    """Whatever type was claimed, the real one is kept, and the name's ending follows it."""
    kept = await sent(data, "it.JPEG", claimed)
    assert (kept.mime, kept.name) == (mime, name)


@pytest.mark.parametrize(
    ("data", "name", "claimed", "status", "code"),
    [
        (b"", "a.jpg", "image/jpeg", 400, "empty_file"),
        (b"not a photo at all", "a.jpg", "image/jpeg", 415, "unsupported_file"),
        (ZIP, "a.zip", "application/zip", 415, "unsupported_file"),
        (ZIP, "a.jpg", "image/jpeg", 415, "unsupported_file"),
        (SVG, "a.svg", "image/svg+xml", 415, "unsupported_file"),
        (HTML, "a.html", "text/html", 415, "unsupported_file"),
        (HTML, "a.jpg", "image/jpeg", 415, "unsupported_file"),
        (EXECUTABLE, "a.pdf", "application/pdf", 415, "unsupported_file"),
        (HEIC, "IMG_1.HEIC", "image/heic", 415, "phone_format"),
        (photo()[:300], "a.jpg", "image/jpeg", 400, "damaged_picture"),
        (b"\xff\xd8\xff" + bytes(2000), "a.jpg", "image/jpeg", 400, "damaged_picture"),
        (PDF + bytes(MAX_FILE_BYTES), "a.pdf", "application/pdf", 413, "file_too_large"),
    ],
    ids=lambda value: repr(value)[:24],
)
async def test_everything_else_is_refused_with_what_is_taken(
    data: bytes, name: str, claimed: str, status: int, code: str
) -> None:
    """Archives, scripts, programs, broken and empty files: each sentence says what to send instead."""
    with pytest.raises(RequestError) as refused:
        await sent(data, name, claimed)
    assert (refused.value.status, refused.value.reason) == (status, code)
    assert "JPEG" in str(refused.value) or "again" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("suitcase.jpg", "suitcase.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\amina\\photo.PNG", "photo.jpg"),
        ("invoice\u202egpj.exe", "invoicegpj.exe.jpg"),
        ("<img src=x onerror=alert(1)>.jpg", "_img src=x onerror=alert(1)_.jpg"),
        ("a\x00b\r\nSet-Cookie: c\x1b[31m.jpg", "abSet-Cookie_ c[31m.jpg"),
        ("maleta rota  ñandú.jpeg", "maleta rota ñandú.jpg"),
        ("حقيبة.jpg", "حقيبة.jpg"),
        ("\u200b\u2066.jpg", "file.jpg"),
        ("", "file.jpg"),
        ("....", "file.jpg"),
        ("\ud800.jpg", "file.jpg"),
        ("x" * 500, "x" * 100 + ".jpg"),
    ],
    ids=ascii,
)
def test_a_name_is_safe_to_show_and_to_save_under(name: str, kept: str) -> None:
    """No folders, nothing that is invisible or turns letters round, and not longer than a line."""
    assert clean_name(name, "image/jpeg") == kept
