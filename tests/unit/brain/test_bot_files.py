"""The files that a model is made of: which changes make a new model, and how mistakes in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from relevo.brain.bot_files import BotFiles


@pytest.fixture
def files(tmp_path: Path) -> BotFiles:
    """A bot of three files."""
    (tmp_path / "data").mkdir()
    (tmp_path / "config.yml").write_text("pipeline: []\n")
    (tmp_path / "domain.yml").write_text("intents: [greet]\n")
    (tmp_path / "data" / "nlu.yml").write_text("nlu: []\n")
    return BotFiles(tmp_path)


def test_the_fingerprint_follows_the_content_and_nothing_else(files: BotFiles) -> None:
    """Touching, hidden files and other files change nothing; any change of content does."""
    first = files.fingerprint()
    (files.project / "policies.yml").write_text("")
    (files.data / ".nlu.yml.swp").write_text("")
    files.domain.touch()
    assert files.fingerprint() == first
    files.domain.write_text("intents: [greet, bye]\n")
    second = files.fingerprint()
    (files.data / "more.yml").write_text("")
    assert len({first, second, files.fingerprint()}) == 3


def test_the_code_beside_a_model_is_told_apart_by_the_actions(files: BotFiles) -> None:
    """A model that calls a new action is for bots that have it; other files of the bot make no difference."""
    first = files.code()
    files.domain.write_text("intents: [greet, bye]\n")
    assert files.code() == first
    (files.project / "actions").mkdir()
    (files.project / "actions" / "lounge.py").write_text("# an action\n")
    second = files.code()
    (files.project / "actions" / "lounge.py").write_text("# another action\n")
    assert len({first, second, files.code()}) == 3


def test_every_broken_file_is_told_with_its_line(files: BotFiles) -> None:
    """Each file that is no YAML is named, with the line."""
    files.domain.write_text("intents:\n- greet\n  - bye: [\n")
    (files.data / "nlu.yml").write_text("\n\nnlu: : :\n")
    (files.data / "control.yml").write_bytes(b"nlu: \x07\n")
    mistakes = files.mistakes()
    assert [mistake.split(" ")[0] for mistake in mistakes] == ["domain.yml:3:", "data/control.yml:", "data/nlu.yml:3:"]


def test_a_folder_that_holds_no_bot_is_told_in_one_sentence(tmp_path: Path) -> None:
    """Who starts Relevo somewhere else is told where to start it."""
    [told] = BotFiles(tmp_path).mistakes()
    assert told.startswith(f"{tmp_path} has no config.yml, domain.yml, data. Start Relevo in a bot's folder")


def test_a_domain_may_be_a_folder(files: BotFiles) -> None:
    """As Rasa takes it, a domain may be split over files."""
    files.domain.unlink()
    (files.project / "domain").mkdir()
    (files.project / "domain" / "intents.yml").write_text("intents: [greet]\n")
    before = files.fingerprint()
    assert files.mistakes() == []
    (files.project / "domain" / "intents.yml").write_text("intents: [bye]\n")
    assert files.fingerprint() != before


@pytest.mark.parametrize("written", ["utter_greet", "'utter_greet'", '"utter_greet"  # hello'])
def test_where_a_reply_is_used_is_told_with_its_line(files: BotFiles, written: str) -> None:
    """A rule's or story's line is found, not that of another reply whose name begins alike."""
    (files.data / "rules.yml").write_text(
        f"rules:\n- rule: hi\n  steps:\n  - action: utter_greet_again\n  - action: {written}\n"
    )
    assert files.place_of("utter_greet") == "data/rules.yml:5"
    assert files.place_of("utter_bye") is None
