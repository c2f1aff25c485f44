"""What a message may be before it is kept."""

from __future__ import annotations

import pytest

from relevo.domain.messages import MAX_TEXT_BYTES
from relevo.errors import RequestError
from relevo.flow.receive import arrival, message_id_of


def _text(text: str | None) -> str:
    return arrival(channel="rest", address="a", message_id="1", text=text).text


def test_the_limit_counts_bytes_not_characters() -> None:
    """64 KiB of UTF-8 pass whole; one byte more does not, whatever the script."""
    assert _text("y" * MAX_TEXT_BYTES) == "y" * MAX_TEXT_BYTES
    assert len(_text("é" * (MAX_TEXT_BYTES // 2))) == MAX_TEXT_BYTES // 2
    for text in ("y" * (MAX_TEXT_BYTES + 1), "é" * (MAX_TEXT_BYTES // 2) + "y", "🛫" * (MAX_TEXT_BYTES // 4 + 1)):
        with pytest.raises(RequestError) as refused:
            _text(text)
        assert (refused.value.status, refused.value.reason) == (413, "text_too_long")


def test_the_raw_text_is_kept_only_where_cleaning_changed_it() -> None:
    """What came is never lost, and not kept twice."""
    clean = arrival(channel="rest", address="a", message_id="1", text="hello")
    dirty = arrival(channel="rest", address="a", message_id="1", text="he\x00llo \ud800")
    assert (clean.text, clean.raw) == ("hello", None)
    assert (dirty.text, dirty.raw) == ("hello ?", b"he\x00llo \xed\xa0\x80")


def test_an_external_id_is_of_one_writer_and_one_message() -> None:
    """No pair of writer and id can look like another pair."""
    first = arrival(channel="rest", address="a", message_id="b c", text="x")
    assert first.external_id == "a\x1fb c"
    assert message_id_of(first.external_id) == "b c"
    assert message_id_of(None) is None
    for address, message_id in (("a\x1fb", "c"), ("a", "b\x1fc")):
        with pytest.raises(RequestError):
            arrival(channel="rest", address=address, message_id=message_id, text="x")


def test_metadata_holds_only_what_the_database_and_every_reader_can() -> None:
    """Texts in it are cleaned however deep they are; numbers beyond 64 bits are refused."""
    dirty = {"a\x00": ["b\ud800", {"c": "d\x00"}], "n": 2**63 - 1, "f": 0.5, "t": True, "none": None}
    kept = arrival(channel="rest", address="a", message_id="1", text="x", metadata=dirty).metadata
    assert kept == {"a": ["b?", {"c": "d"}], "n": 2**63 - 1, "f": 0.5, "t": True, "none": None}
    with pytest.raises(RequestError) as refused:
        arrival(channel="rest", address="a", message_id="1", text="x", metadata={"n": 10**5000})
    assert refused.value.reason == "bad_metadata"
