"""What tests with real processes may ask for: models trained once for each state of the bot's files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relevo.brain.models import Models
from tests.alone import alone
from tests.processes import Installation, make_installation, removed_afterwards

Make = Callable[..., Installation]


@pytest.fixture(scope="session")
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference bot's model, made by ``relevo train`` and kept in pytest's cache until its files change."""
    assert request.config.cache is not None, "pytest runs without its cache"
    kept = Models(request.config.cache.mkdir("relevo-models"))
    installation = make_installation(tmp_path_factory.mktemp("trained"))
    fingerprint = _fingerprint(installation)
    with alone(kept.folder):
        if not kept.has(fingerprint):
            done = installation.run("train", timeout=400)
            assert done.returncode == 0, done.stderr
            shutil.copy(Models(installation.state / "models").of(fingerprint), kept.folder / "unfinished")
            kept.put(kept.folder / "unfinished", fingerprint)
    return kept.of(fingerprint)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes installations whose processes and databases are gone after the module."""
    installations: list[Installation] = []

    def make(*, model: Path | None = None, **environment: str) -> Installation:
        installation = make_installation(tmp_path_factory.mktemp("installation"), **environment)
        installations.append(installation)
        if model is not None:
            models = installation.state / "models"
            models.mkdir(parents=True)
            shutil.copy(model, models)
        return installation

    yield make
    for installation in installations:
        with removed_afterwards(installation):
            pass


@pytest.fixture(scope="module", params=["es", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """The language that the customers of a module write."""
    return str(request.param)


@pytest.fixture(scope="module")
def aurora(made: Make, trained: Path, language: str) -> Iterator[Installation]:
    """Aurora served by real processes, a fresh one for each language: money and points move once."""
    installation = made(model=trained)
    running = installation.start("serve", "--demo")
    running.wait_for("Ctrl-C stops everything.")
    yield installation
    running.end()


def _fingerprint(installation: Installation) -> str:
    from relevo.brain.bot_files import BotFiles

    return BotFiles(installation.project).fingerprint()
