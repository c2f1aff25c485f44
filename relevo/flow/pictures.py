"""Makes a picture of a stranger's bytes safe: decoded within limits, and written anew with nothing but its pixels.

What a phone adds (where it was taken, with what, when, a preview of the uncropped picture) is not in the new file.
"""

from __future__ import annotations

from io import BytesIO

import msgspec
import structlog
from PIL import Image, ImageOps

from relevo.domain.attachments import MAX_FILE_BYTES
from relevo.errors import Unreadable

MAX_PIXELS = 64_000_000
"""Largest picture by its own word, checked before anything is decoded: above every phone's usual photo."""

MAX_DECODED_PIXELS = 32_000_000
"""Largest picture in memory, about 130 MB. JPEG is decoded at a fraction of its size where that suffices."""

MAX_SIDE = 4000
"""Longest side of what is kept, in pixels."""

THUMBNAIL_SIDE = 480

_MAX_SCANS = 64
"""Passes of one JPEG over its picture; photos have about ten, and each costs as much as decoding it once."""


_log = structlog.get_logger()
Image.MAX_IMAGE_PIXELS = None  # Pillow would only warn; the two limits above are checked instead


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture written anew."""

    mime: str
    body: bytes
    width: int
    height: int
    thumbnail: bytes
    """As JPEG."""


def picture(data: bytes, mime: str) -> Picture:
    """Write a picture anew, upright and at most MAX_SIDE long; raises Unreadable when it is none, or too large."""
    image = _decoded(data, mime)
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    kind, body = _encoded(image, mime)
    return Picture(mime=kind, body=body, width=image.width, height=image.height, thumbnail=_jpeg(small, quality=80))


def _decoded(data: bytes, mime: str) -> Image.Image:
    if mime == "image/jpeg" and data.count(b"\xff\xda") > _MAX_SCANS:
        raise _too_large()
    try:
        image = Image.open(BytesIO(data), formats=[mime.removeprefix("image/").upper()])
        _demand_pixels(image, MAX_PIXELS)
        image.draft("RGB", _fitting(image))
        _demand_pixels(image, MAX_DECODED_PIXELS)
        image.load()
    except Unreadable:
        raise
    except Exception as error:  # Pillow's readers raise anything at bytes that are not what they begin like
        raise Unreadable(
            "This picture is damaged or only half there. Open it to see whether it shows, then send it again.",
            code="damaged_picture",
        ) from error
    return _upright(image)


def _upright(image: Image.Image) -> Image.Image:
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    try:
        image = ImageOps.exif_transpose(image)
    except Exception as error:  # noqa: BLE001 (Pillow raises anything at a damaged note; the picture itself is whole)
        _log.info("picture.not_turned", error=type(error).__name__)
    plain = _plain(image)
    plain.info = {}
    return plain


def _plain(image: Image.Image) -> Image.Image:
    """Give a picture in a mode that every viewer knows."""
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256, "L")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in {"1", "L"} else "RGB")


def _encoded(image: Image.Image, mime: str) -> tuple[str, bytes]:
    """Keep drawings exact and photos small; JPEG and PNG are what every platform takes."""
    if mime in {"image/png", "image/gif"}:
        written = BytesIO()
        image.save(written, "PNG")
        if written.tell() <= MAX_FILE_BYTES:
            return "image/png", written.getvalue()
    return "image/jpeg", _jpeg(image, quality=88)


def _jpeg(image: Image.Image, *, quality: int) -> bytes:
    if image.mode == "RGBA":
        on_white = Image.new("RGB", image.size, "white")
        on_white.paste(image, mask=image.getchannel("A"))
        image = on_white
    written = BytesIO()
    image.save(written, "JPEG", quality=quality)
    return written.getvalue()


def _fitting(image: Image.Image) -> tuple[int, int]:
    longest = max(image.size)
    return tuple(max(1, side * MAX_SIDE // longest) for side in image.size)  # type: ignore[return-value]


def _demand_pixels(image: Image.Image, most: int) -> None:
    if image.width * image.height > most:
        raise _too_large()


def _too_large() -> Unreadable:
    return Unreadable(
        "This picture has more pixels than can be taken. Send a smaller copy or a screenshot of it.",
        code="picture_too_large",
    )
