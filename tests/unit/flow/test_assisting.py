"""What is kept for and of a model is bounded: how much of a transcript leaves, and for how long translations stay."""

from __future__ import annotations

from datetime import datetime, timezone

from relevo.contracts.translations import Translated
from relevo.domain.messages import Author, Content, Entry
from relevo.flow.assist import MOST_MESSAGES, MOST_SAID_CHARACTERS, MOST_TRANSCRIPT_CHARACTERS, transcript_of
from relevo.flow.translations import Translations


def _entry(position: int, text: str, kind: str = "message") -> Entry:
    now = datetime(2026, 11, 1, tzinfo=timezone.utc)
    return Entry(position=position, kind=kind, author=Author.CONTACT, content=Content(text=text), created_at=now)


def test_a_model_reads_the_newest_messages_and_no_notes() -> None:
    """In their order, as many as fit, and no half of a word."""
    entries = [_entry(number, f"message {number}") for number in range(100)]
    notes = [_entry(100, "for colleagues alone", "note"), _entry(101, "", "control")]
    read = transcript_of([*entries, *notes])
    assert [said.text for said in read] == [f"message {number}" for number in range(100 - MOST_MESSAGES, 100)]
    assert {said.by for said in read} == {"customer"}
    long = transcript_of([_entry(number, "AU48207315 " * 1_000) for number in range(100)])
    assert sum(len(said.text) for said in long) <= MOST_TRANSCRIPT_CHARACTERS
    assert all(len(said.text) <= MOST_SAID_CHARACTERS + 2 for said in long)
    assert all(set(said.text.split()) == {"AU48207315", "…"} for said in long)


def test_translations_are_kept_for_a_while_and_never_too_many() -> None:
    """What was used last stays longest; after an hour all are gone."""
    now = [0.0]
    kept = Translations(most=30, clock=lambda: now[0])
    for word in ("one", "two", "three"):
        kept.keep(word, "es", Translated(text=word.upper(), model="tiny"))
    assert kept.get("one", "es") is not None
    kept.keep("seven", "es", Translated(text="SEVEN", model="tiny"))
    assert kept.get("two", "es") is None
    assert kept.get("one", "en") is None
    assert kept.get("one", "es") == Translated(text="ONE", model="tiny")
    now[0] += 3_601
    assert kept.get("one", "es") is None
