"""Rasa's own opinion of the bot's files, asked through its own command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from relevo.brain.bot_files import BotFiles
from tests.integration.talking import BOT

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(300)]

RASA = "from relevo.brain import lean; lean.install(); from rasa.__main__ import main; main()"


def _rasa(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", RASA, *arguments],
        cwd=BOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def test_the_data_is_valid_without_a_warning() -> None:
    """Every intent and reply is used, no example means two things, no story contradicts another."""
    told = _rasa("data", "validate", "--fail-on-warnings")
    assert "No story structure conflicts found" in told
    assert "UserWarning" not in told, told


def test_the_story_tests_pass(bot: RasaBrain, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The rules answer every test story as written."""
    assert request.config.cache is not None
    model = request.config.cache.mkdir("relevo-models") / f"relevo-{BotFiles(BOT).fingerprint()}.tar.gz"
    _rasa("test", "core", "--model", str(model), "--stories", "tests/stories", "--out", str(tmp_path))
    failed = (tmp_path / "failed_test_stories.yml").read_text(encoding="utf-8")
    assert "None of the test stories failed" in failed, failed
