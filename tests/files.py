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


def document(script: str = "") -> bytes:
    """Give a PDF of one page that browsers show, with a script that it wants to be run when it is opened."""
    said = b"BT /F1 24 Tf 40 100 Td (A bill) Tj ET 40 20 200 40 re f"
    parts = (
        b"<</Type/Catalog/Pages 2 0 R/OpenAction 5 0 R/AcroForm<</Fields[]>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Annots[7 0 R]/Resources 8 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(said), said),
        b"<</S/JavaScript/JS(%s)>>" % script.encode().replace(b"(", rb"\(").replace(b")", rb"\)"),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Annot/Subtype/Link/Rect[0 0 300 200]/A<</S/URI/URI(javascript:parent.stolen=1)>>>>",
        b"<</Font<</F1 6 0 R>>>>",
    )
    written, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(written))
        written += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(parts) + 1
    return written + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
        size,
        len(written),
    )


def picture_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Give a PNG of a hundred bytes that claims to have these sides."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
