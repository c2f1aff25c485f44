"""Dialogues as they are written: what is none is told in a sentence, and every step is one that is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from relevo.testing.dialogues import VERBS, read_dialogues
from relevo.testing.player import Player


def test_a_dialogue_is_read_as_it_is_written(tmp_path: Path) -> None:
    """A plain yes is what a customer says, and no truth value."""
    file = tmp_path / "hello.yml"
    file.write_text("- dialogue: short\n  bar: 2\n  steps:\n  - customer: yes\n  - bot: [a, b]\n  - presses: No\n")
    (dialogue,) = read_dialogues(file)
    assert (dialogue.name, dialogue.bar, dialogue.messages) == ("short", 2, 2)
    assert list(dialogue.steps) == [("customer", "yes"), ("bot", ["a", "b"]), ("presses", "No")]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("- hello\n", "each dialogue has 'dialogue', 'steps'"),
        ("- steps: [{customer: hi}]\n", "each dialogue has 'dialogue', 'steps'"),
        ("- dialogue: a\n  steps: []\n", "each dialogue has 'dialogue', 'steps'"),
        ("- dialogue: a\n  steps: [hi]\n", "such as '- customer: hello'"),
        ("- dialogue: a\n  steps: [{costumer: hi}]\n", "'costumer' is no step; known are agent"),
        ("- dialogue: a\n  bar: two\n  steps: [{customer: hi}]\n", "the bar is a number of messages, not 'two'"),
        ("- dialogue: a\n  steps: [{agent: take over}]\n", "an agent is online, takes over, says or hands back"),
        ("- dialogue: a\n  steps: [{agent: {say: hi}}]\n", "an agent is online, takes over, says or hands back"),
    ],
)
def test_what_is_no_dialogue_is_told_in_a_sentence(tmp_path: Path, written: str, told: str) -> None:
    """With the file, and what to write instead."""
    file = tmp_path / "wrong.yml"
    file.write_text(written)
    with pytest.raises(ValueError, match=told) as raised:
        read_dialogues(file)
    assert str(raised.value).startswith("wrong.yml")


def test_every_step_is_played() -> None:
    """The player has a method for each verb."""
    assert all(hasattr(Player, f"_{verb}") for verb in VERBS)
