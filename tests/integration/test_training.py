"""Training: what is wrong with a bot's files is told in sentences, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from relevo.brain.bot_files import BotFiles
from relevo.brain.models import Models
from relevo.brain.training import train
from relevo.errors import ConfigurationError

pytestmark = pytest.mark.rasa


def test_a_rule_whose_reply_is_missing_is_told_with_its_line(tmp_path: Path) -> None:
    """A reply that is misspelt in domain.yml is found from the rule that uses it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "config.yml").write_text("recipe: default.v1\nlanguage: en\npolicies:\n- name: RulePolicy\n")
    (tmp_path / "domain.yml").write_text("intents: [greet]\nresponses:\n  utter_greeet:\n  - text: Hello\n")
    (tmp_path / "data" / "rules.yml").write_text(
        "rules:\n- rule: hi\n  steps:\n  - intent: greet\n  - action: utter_greet\n"
    )
    with pytest.raises(ConfigurationError, match=r"(?m)^data/rules\.yml:5: .*'utter_greet'"):
        train(BotFiles(tmp_path), Models(tmp_path / "models"), tmp_path / "train.log")
