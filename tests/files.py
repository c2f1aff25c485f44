"""Files that people send, and files that they should not: made here, so that no test keeps a stranger's photo."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
ZIP = b"PK\x03\x04" + bytes(60)
EXECUTABLE = b"\x7fELF\x02\x01\x01" + bytes(60)
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + bytes(60)
_ORIENTATION, _GPS, _MODEL, _TURNED_RIGHT = 0x0112, 0x8825, 0x0110, 6


def photo(
    width: int = 40, height: int = 30, *, kind: str = "JPEG", color: str = "navy", with_secrets: bool = False
) -> bytes:
    """Give a picture; with secrets it says where it was taken, with what, and how it is to be turned."""
    written = BytesIO()
    exif = Image.Exif()
    if with_secrets:
        exif[_ORIENTATION], exif[_MODEL] = _TURNED_RIGHT, "secret phone"
        exif.get_ifd(_GPS)[1] = "N"
        exif.get_ifd(_GPS)[2] = (40.0, 25.0, 0.0)
    comment = {"comment": b"secret comment"} if with_secrets and kind == "JPEG" else {}
    Image.new("RGB", (width, height), color).save(written, kind, exif=exif, **comment)
    return written.getvalue()


def picture_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Give a PNG of a hundred bytes that claims to have these sides."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
