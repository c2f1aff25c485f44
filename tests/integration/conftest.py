"""What tests of the real bot may ask for: its brain, trained once for each state of its files, and a floor."""

from __future__ import annotations

import logging
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

from relevo.brain import lean
from relevo.brain.bot_files import BotFiles
from relevo.brain.models import Models
from tests import spike
from tests.alone import alone
from tests.integration.office import Office, open_office
from tests.integration.talking import BOT, Floor, open_floor

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain


@pytest.fixture(scope="session")
def bot_model(request: pytest.FixtureRequest) -> Path:
    """The reference bot's model; it stays in pytest's cache until the bot's files change."""
    lean.install()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from relevo.brain.training import train

        assert request.config.cache is not None, "pytest runs without its cache"
        models, files = Models(request.config.cache.mkdir("relevo-models")), BotFiles(BOT)
        with alone(models.folder):
            if not models.has(files.fingerprint()):
                train(files, models, models.folder / "training.log")
        return models.of(files.fingerprint())


@pytest.fixture(scope="session")
def bot(bot_model: Path) -> RasaBrain:
    """The reference bot's brain."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from relevo.brain.rasa_brain import RasaBrain

        brain = RasaBrain(bot_model)
    # Else Rasa prints whole dialogue states for each prediction.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    return brain


def trained_by_rasa(folder: Path, output: Path) -> Path:
    """Train a small bot with Rasa alone."""
    lean.install()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import rasa.model_training

        trained = rasa.model_training.train(
            domain=str(folder / "domain.yml"),
            config=str(folder / "config.yml"),
            training_files=[str(folder / "data.yml")],
            output=str(output),
        )
    return Path(trained.model)


@pytest.fixture(scope="session")
def spike_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the spike's small bot."""
    return trained_by_rasa(Path(spike.__file__).parent / "bot", tmp_path_factory.mktemp("models"))


@pytest.fixture
async def floor(database: str, bot: RasaBrain) -> AsyncIterator[Floor]:
    """A database of this test alone with the demo company in it, and the bot."""
    async with open_floor(database, bot) as opened:
        yield opened


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    """An office of this test alone."""
    async with open_office(database) as opened:
        yield opened
