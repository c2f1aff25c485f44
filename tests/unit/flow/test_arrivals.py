"""What a door may hand over: anything becomes a message that can be kept, or a sentence."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo.domain.messages import MAX_TEXT_BYTES
from relevo.errors import RequestError, TooLarge, Unreadable
from relevo.flow.receive import MAX_METADATA_BYTES, MAX_METADATA_DEPTH, MAX_NAME_CHARACTERS, arrival, message_id_of

ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]) | st.just("\x00"), max_size=40)
ANY_METADATA = st.dictionaries(
    ANY_TEXT,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(address=ANY_TEXT, message_id=ANY_TEXT, text=ANY_TEXT, metadata=ANY_METADATA)
def test_whatever_comes_can_be_kept_or_is_refused_with_a_sentence(
    address: str, message_id: str, text: str, metadata: dict[str, Any]
) -> None:
    """What is kept is UTF-8 without NUL in every part; what came is kept beside a text that was cleaned."""
    try:
        made = arrival(channel="rest", address=address, message_id=message_id, text=text, metadata=metadata)
    except RequestError as refusal:
        assert str(refusal).endswith(".")  # noqa: PT017 (either outcome is right, and this is the other one)
        return
    parts = (made.address, made.external_id, made.text)
    assert all("\x00" not in part and part.encode("utf-8") for part in parts)
    assert b"\\u0000" not in msgspec.json.encode(made.metadata).replace(b"\\\\", b"")
    assert (made.raw is None) is (made.text == text)
    if made.raw is not None:
        assert made.raw.decode("utf-8", "surrogatepass") == text


@given(first=st.tuples(ANY_TEXT, ANY_TEXT), second=st.tuples(ANY_TEXT, ANY_TEXT))
def test_ids_of_two_writers_never_meet(first: tuple[str, str], second: tuple[str, str]) -> None:
    """Only the same writer with the same message id has the same external id, from which that id can be read."""
    ids = []
    for address, message_id in (first, second):
        try:
            made = arrival(channel="rest", address=address, message_id=message_id, text="hello")
        except Unreadable:
            return
        assert message_id_of(made.external_id) == message_id
        ids.append(made.external_id)
    assert (ids[0] == ids[1]) is (first == second)


@pytest.mark.parametrize("character", ["a", "ñ", "€", "😀"])
def test_a_text_may_be_as_long_as_said_and_no_longer(character: str) -> None:
    """The limit is in bytes, whatever the script."""
    longest = character * (MAX_TEXT_BYTES // len(character.encode()))
    longest += "a" * (MAX_TEXT_BYTES - len(longest.encode()))
    assert arrival(channel="rest", address="a", message_id="1", text=longest).text == longest
    with pytest.raises(TooLarge) as refusal:
        arrival(channel="rest", address="a", message_id="1", text=longest + "a")
    assert refusal.value.reason == "text_too_long"


@pytest.mark.parametrize("text", [None, "", " \n\t", "\x00", "\u2003", "\x00 \x00"])
def test_a_message_without_a_text_is_refused(text: str | None) -> None:
    """Also when nothing is left of it."""
    with pytest.raises(Unreadable) as refusal:
        arrival(channel="rest", address="a", message_id="1", text=text)
    assert refusal.value.reason == "empty_text"


@pytest.mark.parametrize("name", ["", "  ", "a\x00", "a\ud800", "a\nb", "a\x1fb", "x" * (MAX_NAME_CHARACTERS + 1)])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    """Of the sender as of the message."""
    for address, message_id in ((name, "1"), ("a", name)):
        with pytest.raises(Unreadable):
            arrival(channel="rest", text="hello", address=address, message_id=message_id)


def nested(depth: int) -> dict[str, Any]:
    """Give metadata of a depth."""
    found: dict[str, Any] = {}
    for _ in range(depth):
        found = {"k": found}
    return found


def test_metadata_has_a_depth_and_a_size() -> None:
    """Up to both it is kept as it came."""
    deepest, largest = nested(MAX_METADATA_DEPTH), {"k": "x" * (MAX_METADATA_BYTES - 8)}
    for metadata in (deepest, largest):
        assert arrival(channel="rest", address="a", message_id="1", text="x", metadata=metadata).metadata == metadata
    for metadata in (nested(MAX_METADATA_DEPTH + 1), {"k": "x" * (MAX_METADATA_BYTES - 7)}):
        with pytest.raises((Unreadable, TooLarge)):
            arrival(channel="rest", address="a", message_id="1", text="x", metadata=metadata)
