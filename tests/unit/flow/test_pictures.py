"""What becomes of a stranger's picture before it is kept."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from relevo.errors import RequestError
from relevo.flow.pictures import MAX_SIDE, THUMBNAIL_SIDE, picture
from tests.files import photo, picture_bomb


def drawn(body: bytes) -> Image.Image:
    """Open a picture and decode it."""
    image = Image.open(BytesIO(body))
    image.load()
    return image


def test_where_and_with_what_a_photo_was_taken_is_gone() -> None:
    """Neither place nor phone nor comment nor a hidden preview is in the new file or its thumbnail."""
    sent = photo(with_secrets=True)
    assert drawn(sent).getexif().get_ifd(0x8825)
    assert b"secret" in sent
    kept = picture(sent, "image/jpeg")
    for body in (kept.body, kept.thumbnail):
        assert not drawn(body).getexif()
        assert b"secret" not in body
        assert set(drawn(body).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_photo_stands_upright() -> None:
    """What the phone only noted about turning it is done."""
    kept = picture(photo(40, 30, with_secrets=True), "image/jpeg")
    assert (kept.width, kept.height) == (30, 40) == drawn(kept.body).size


def test_a_photo_whose_notes_are_damaged_is_a_photo_all_the_same() -> None:
    """What a phone wrote beside the picture is of no use to us, whole or not."""
    sent = photo(40, 30, kind="WEBP", with_secrets=True)
    damaged = sent.replace(b"MM\x00*", b"MM\x00!")
    assert damaged != sent
    kept = picture(damaged, "image/webp")
    assert (kept.width, kept.height) == (40, 30)


@pytest.mark.parametrize(("kind", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_very_large_photo_is_scaled_down(kind: str, mime: str) -> None:
    """The longest side has 4,000 pixels at most; a thumbnail comes with it."""
    kept = picture(photo(5000, 1000, kind=kind), mime)
    assert (kept.width, kept.height) == (MAX_SIDE, 800) == drawn(kept.body).size
    assert max(drawn(kept.thumbnail).size) == THUMBNAIL_SIDE


@pytest.mark.parametrize(
    ("kind", "kept_as"),
    [("JPEG", "image/jpeg"), ("WEBP", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/png")],
)
def test_pictures_are_kept_in_what_every_platform_takes(kind: str, kept_as: str) -> None:
    """Photos as JPEG, drawings exactly, as PNG."""
    kept = picture(photo(kind=kind), f"image/{kind.lower()}")
    assert kept.mime == kept_as
    assert drawn(kept.body).get_format_mimetype() == kept_as  # type: ignore[attr-defined]


def test_of_a_moving_picture_the_first_frame_is_kept() -> None:
    """A GIF becomes one picture."""
    written = BytesIO()
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "lime")]
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    kept = drawn(picture(written.getvalue(), "image/gif").body)
    assert kept.convert("RGB").getpixel((4, 4)) == (255, 0, 0)
    assert getattr(kept, "n_frames", 1) == 1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_can_be_shown(mode: str) -> None:
    """Black and white, grey, with a palette, transparent, sixteen bits deep."""
    written = BytesIO()
    Image.new(mode, (9, 9), 40_000 if mode == "I;16" else 1).save(written, "PNG")
    kept = drawn(picture(written.getvalue(), "image/png").body)
    assert kept.mode in {"L", "RGB", "RGBA"}
    if mode == "I;16":
        assert kept.convert("L").getpixel((4, 4)) == 40_000 // 256


def test_a_photo_for_print_can_be_shown() -> None:
    """Four inks become three lights."""
    written = BytesIO()
    Image.new("CMYK", (9, 9), (0, 255, 255, 0)).save(written, "JPEG")
    assert drawn(picture(written.getvalue(), "image/jpeg").body).mode == "RGB"


@pytest.mark.parametrize("sides", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (64_000_001, 1), (8_000, 8_000)])
def test_a_small_file_that_claims_to_be_huge_is_refused_before_it_is_decoded(sides: tuple[int, int]) -> None:
    """A hundred bytes cost nobody gigabytes."""
    with pytest.raises(RequestError) as refused:
        picture(picture_bomb(*sides), "image/png")
    assert refused.value.reason in {"picture_too_large", "damaged_picture"}


def test_a_photo_that_takes_minutes_to_decode_is_refused() -> None:
    """Thousands of passes over one picture are nobody's photo."""
    sent = photo()
    with pytest.raises(RequestError, match="smaller copy"):
        picture(sent[:-2] + b"\xff\xda\x00\x02" * 100 + sent[-2:], "image/jpeg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_of_which_half_is_missing_is_refused_in_a_sentence(kind: str) -> None:
    """An upload that was cut off is not kept as if it were whole, wherever it was cut."""
    sent = photo(300, 200, kind=kind)
    for end in range(4, len(sent) // 2, max(1, len(sent) // 50)):
        with pytest.raises(RequestError) as refused:
            picture(sent[:end], f"image/{kind.lower()}")
        assert refused.value.reason in {"damaged_picture", "picture_too_large"}
