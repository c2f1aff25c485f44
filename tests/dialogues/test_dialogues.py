"""Every dialogue, played with the real bot, the real policies, the real database and the demo company."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from relevo.bootstrap.business import load_demo
from relevo.bootstrap.store import OpenStore
from relevo.configuration import read_configuration
from relevo.contracts.business import Business
from relevo.help.answers import HelpFromArticles
from relevo.help.shelf import Shelf
from relevo.store.aurora.company import Aurora
from relevo.testing.dialogues import Dialogue, read_dialogues
from relevo.testing.player import play
from relevo.testing.stage import open_stage
from tests.files import photo
from tests.measured import Measured

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

FOLDER = Path(__file__).parent
CONFIGURATION = read_configuration(FOLDER.parents[1], {})
DIALOGUES = [each for file in sorted(FOLDER.glob("*/*.yml")) for each in read_dialogues(file)]
HELP = HelpFromArticles(articles=Shelf(FOLDER.parents[1] / "data" / "help"), address="https://aurora.example")


async def aurora(opened: OpenStore) -> Business:
    """Load the demo company as of now."""
    await load_demo(opened, afresh=True)
    return Aurora(opened.database)


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda each: f"{each.file}: {each.name}")
async def test_the_bot_answers_as_written(
    dialogue: Dialogue, database: str, bot: RasaBrain, measured: Measured
) -> None:
    """With everything that it did, and nothing else."""
    async with open_stage(database, bot, business=aurora, configuration=CONFIGURATION) as stage:
        stage.services = replace(stage.services, help=HELP)
        await play(dialogue, stage, photo())
    if dialogue.bar is not None:
        measured.messages[dialogue.file].append(dialogue.messages)


def test_there_are_as_many_in_each_language() -> None:
    """A hundred and twenty, half of them Spanish; and no name twice, so that a failure is found."""
    by_language = {file.parent.name: 0 for file in FOLDER.glob("*/*.yml")}
    for file in FOLDER.glob("*/*.yml"):
        by_language[file.parent.name] += len(read_dialogues(file))
    names = [(each.file, each.name) for each in DIALOGUES]
    assert len(DIALOGUES) == len(set(names))
    assert abs(by_language["es"] - by_language["en"]) <= 0.1 * len(DIALOGUES), by_language
