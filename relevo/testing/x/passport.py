"""A picture of a passport of somebody invented, for who has none at hand."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

_WIDE, _HIGH = 1000, 700
_PAPER, _INK, _QUIET, _FACE = "#f3ead9", "#23303f", "#6b7685", "#c9b79c"


@lru_cache(maxsize=16)
def passport(name: str) -> bytes:
    """Draw one as JPEG, with a name in it."""
    image = Image.new("RGB", (_WIDE, _HIGH), _PAPER)
    draw = ImageDraw.Draw(image)
    for line in range(0, _HIGH, 14):
        draw.line((0, line, _WIDE, line + 60), fill="#ece0c8")
    draw.rectangle((0, 0, _WIDE, 90), fill="#7a1f2b")
    draw.text((40, 24), "PASSPORT · PASAPORTE · SPECIMEN", font=_font(36), fill="white")
    _portrait(draw)
    given, _, rest = name.partition(" ")
    rows = [("Surname / Apellidos", rest or "—"), ("Given names / Nombres", given), ("Document", "XS 000 000 000")]
    for number, (label, value) in enumerate(rows):
        draw.text((360, 150 + number * 110), label, font=_font(22), fill=_QUIET)
        draw.text((360, 178 + number * 110), value, font=_font(40), fill=_INK)
    machine = f"P<XXX{rest.replace(' ', '<')}<<{given}".upper().ljust(44, "<")[:44]
    draw.text((40, 600), machine, font=_font(36), fill=_INK)
    kept = BytesIO()
    image.save(kept, "JPEG", quality=85)
    return kept.getvalue()


def _portrait(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((40, 140, 310, 500), fill="#e2d6bf")
    draw.ellipse((115, 190, 235, 340), fill=_FACE)
    draw.pieslice((70, 350, 280, 650), 180, 360, fill=_FACE)
    draw.rectangle((40, 500, 310, 660), fill=_PAPER)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
