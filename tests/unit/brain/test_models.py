"""Models on disk: whole or not there, the newest first, the last three kept."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from relevo.brain.models import KEPT, Models, is_whole


def write_model(file: Path, content: bytes = b"weights" * 10_000) -> Path:
    """Write a small archive."""
    with tarfile.open(file, "w:gz") as archive:
        member = tarfile.TarInfo("components/weights")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file


@pytest.fixture
def models(tmp_path: Path) -> Models:
    """An empty folder of models."""
    return Models(tmp_path)


def put(models: Models, fingerprint: str) -> Path:
    """Put a model as training does."""
    return models.put(write_model(models.folder / "unfinished"), fingerprint)


def test_the_last_one_put_is_the_newest_and_only_three_are_kept(models: Models) -> None:
    """Older models go when newer ones come."""
    placed = [put(models, fingerprint) for fingerprint in ("a", "b", "c", "d")]
    assert models.newest() == placed[-1]
    assert set(models.folder.iterdir()) == set(placed[-KEPT:])


def test_going_back_to_earlier_files_takes_their_model_again(models: Models) -> None:
    """A model that is still there for the present files becomes the newest without training."""
    first = put(models, "a")
    put(models, "b")
    before = models.stamp()
    assert models.has("a")
    assert models.newest() == first
    assert models.stamp() != before


@pytest.mark.parametrize("kept_share", [0.0, 0.5, 0.99])
def test_a_model_that_was_cut_short_is_not_whole(models: Models, kept_share: float) -> None:
    """A damaged file counts as no model, so that it is trained again."""
    model = put(models, "a")
    content = model.read_bytes()
    model.write_bytes(content[: int(len(content) * kept_share)])
    assert not is_whole(model)
    assert not models.has("a")


def test_a_model_with_a_flipped_byte_is_not_whole(models: Models) -> None:
    """A bit that rotted is noticed."""
    model = put(models, "a")
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 0xFF
    model.write_bytes(content)
    assert not is_whole(model)


def test_without_models_there_is_no_newest(models: Models, tmp_path: Path) -> None:
    """An empty folder, and one that does not exist, have no model."""
    assert models.newest() is None
    assert Models(tmp_path / "nowhere").newest() is None
