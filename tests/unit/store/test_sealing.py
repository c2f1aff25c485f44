"""What is sealed opens only whole, in order, in its own place, and with its own key."""

from __future__ import annotations

from uuid import UUID

import pytest

from relevo.errors import Damaged
from relevo.store.sealing import CHUNK_BYTES, THUMBNAIL, Sealer

FILE, OTHER = UUID(int=1), UUID(int=2)
SEALER = Sealer(bytes(32))
BODY = bytes(range(256)) * 1024 * 3 + b"rest"


def chunks(body: bytes = BODY) -> list[tuple[int, bytes]]:
    """Seal a file."""
    return list(SEALER.seal(FILE, body))


@pytest.mark.parametrize("size", [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, len(BODY)])
def test_what_is_sealed_opens_again(size: int) -> None:
    """In as many chunks as it needs, and none of them shows anything of it."""
    sealed = chunks(BODY[:size])
    assert len(sealed) == -(-size // CHUNK_BYTES)
    assert SEALER.open(FILE, sealed) == BODY[:size]
    assert bytes(range(100)) not in sealed[0][1]


def test_the_same_file_is_never_sealed_alike() -> None:
    """Nobody sees that two customers sent the same."""
    assert chunks() != chunks()


def test_any_change_is_noticed() -> None:
    """A bit, an order, a missing end, another file's chunk, a thumbnail in its place, another key: all are refused."""
    first, *middle, last = chunks()
    flipped = (first[0], first[1][:-1] + bytes([first[1][-1] ^ 1]))
    thumbnail = SEALER.seal_one(FILE, THUMBNAIL, b"small")
    renumbered = [(0, middle[0][1]), (1, first[1])]
    for tampered in (
        [],
        [flipped, *middle, last],
        [first, *middle],
        [*middle, last],
        [first, last],
        [*renumbered, *middle[1:], last],
        [(0, thumbnail)],
        [(0, b"short")],
        [(0, b"")],
    ):
        with pytest.raises(Damaged):
            SEALER.open(FILE, tampered)
    with pytest.raises(Damaged):
        SEALER.open(OTHER, [first, *middle, last])
    with pytest.raises(Damaged):
        Sealer(bytes(31) + b"x").open(FILE, [first, *middle, last])
    assert SEALER.open(FILE, [(THUMBNAIL, thumbnail)]) == b"small"


def test_keys_are_told_apart_without_telling_them() -> None:
    """The hint kept beside a file says which key it was, and no more."""
    assert SEALER.hint == Sealer(bytes(32)).hint != Sealer(bytes(31) + b"x").hint
    assert len(SEALER.hint) == 8
