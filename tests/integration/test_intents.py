"""The intent classifier in a Rasa pipeline: trained, kept with the model, read again, asked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relevo.errors import BrainUnavailable
from tests import spike
from tests.integration.conftest import trained_by_rasa

pytestmark = [pytest.mark.anyio, pytest.mark.rasa, pytest.mark.filterwarnings("ignore::UserWarning")]

SPIKE = Path(spike.__file__).parent / "bot"
PIPELINE = """
recipe: default.v1
assistant_id: intents
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: relevo.nlu.intents.IntentClassifier
    unnamed: [affirm]
policies:
  - name: RulePolicy
    enable_fallback_prediction: false
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small bot's model, with the classifier in place of featurizers and Rasa's own."""
    folder = tmp_path_factory.mktemp("intents")
    shutil.copy(SPIKE / "domain.yml", folder)
    shutil.copy(SPIKE / "data.yml", folder)
    folder.joinpath("config.yml").write_text(PIPELINE, "utf-8")
    return trained_by_rasa(folder, folder / "models")


async def test_a_model_tells_intents_as_it_was_taught(model: Path) -> None:
    """In a process that did not train it, and with a letter that lacks."""
    from relevo.brain.rasa_brain import RasaBrain

    brain = RasaBrain(model, actions="tests.spike.bot.actions")
    told = {text: await brain.intent_of(text) for text in ("credit my ponts", "YES PLEASE", "ticket T0009")}
    assert told == {"credit my ponts": "credit", "YES PLEASE": "affirm", "ticket T0009": "inform"}


async def test_a_damaged_file_is_no_model(model: Path, tmp_path: Path) -> None:
    """It is refused with a sentence, and no bot answers with half of it."""
    from relevo.brain.rasa_brain import RasaBrain

    shutil.unpack_archive(model, tmp_path / "opened")
    (file,) = tmp_path.joinpath("opened").rglob("intents.npz")
    file.write_bytes(file.read_bytes()[:100])
    damaged = shutil.make_archive(str(tmp_path / "damaged"), "gztar", tmp_path / "opened")
    with pytest.raises(BrainUnavailable, match="relevo train"):
        RasaBrain(Path(damaged), actions="tests.spike.bot.actions")
