"""Plays a bot's test stories as ``rasa test`` does, and says of each failed one where it first differs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from relevo.brain.bot_files import BotFiles
from relevo.brain.held_back import Progress
from relevo.brain.lean import importing_rasa
from relevo.evaluation.examples import StoryTest

PLACES = ("tests/stories", "tests/test_stories.yml", "tests")
"""Where test stories are looked for; the first place that is there."""


def place_of_stories(files: BotFiles) -> Path | None:
    """Give where the test stories are, if there are any."""
    return next((files.project / place for place in PLACES if (files.project / place).exists()), None)


def play_stories(files: BotFiles, place: Path, model: Path, progress: Progress) -> list[StoryTest]:
    """Play every test story with a model; custom actions do not run, what they would set stands in the story."""
    with importing_rasa():
        from rasa.core.agent import Agent
        from rasa.shared.core.generator import TrainingDataGenerator

    agent = Agent.load(str(model))
    written = _written(place, agent.domain)
    sources = {step.block_name: str(step.source_name) for step in written.story_steps}
    trackers = TrainingDataGenerator(
        written, agent.domain, use_story_concatenation=False, augmentation_factor=0
    ).generate_story_trackers()
    shown = {name: _shown(files, file) for name, file in sources.items()}
    return asyncio.run(_played(trackers, agent, shown, progress))


def _written(place: Path, domain: Any) -> Any:
    """Read the stories; those in files named test_… may say in words what the contact writes, as Rasa has it."""
    from rasa.shared.core.training_data.loading import load_data_from_files
    from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
    from rasa.shared.core.training_data.structures import StoryGraph
    from rasa.shared.data import get_data_files

    return StoryGraph(load_data_from_files(get_data_files([str(place)], YAMLStoryReader.is_stories_file), domain))


async def _played(trackers: list[Any], agent: Any, files: dict[str, str], progress: Progress) -> list[StoryTest]:
    import rasa.core.test as rasa_test

    found = []
    for number, tracker in enumerate(trackers):
        progress("Playing the stories", number / len(trackers))
        verdicts, played, *_ = await rasa_test._predict_tracker_actions(tracker, agent, use_e2e=True)
        is_wrong = verdicts.check_prediction_target_mismatch()
        name = str(tracker.sender_id)
        difference = _first_difference(played.events) if is_wrong else None
        found.append(StoryTest(name=name, file=files.get(name.split(" > ", maxsplit=1)[0], ""), difference=difference))
    return sorted(found, key=lambda story: (story.file, story.name))


def _first_difference(events: Any) -> str:
    messages, said = 0, "nothing"
    for event in events:
        kind = type(event).__name__
        if kind == "WronglyPredictedAction":
            wanted, taken = event.action_name or event.action_text, event.action_name_prediction
            return f"after message {messages} ({said}): {_told(wanted)} is written, the bot does {_told(taken)}"
        if kind in ("UserUttered", "EndToEndUserUtterance", "WronglyClassifiedUserUtterance"):
            messages, said = messages + 1, event.intent.get("name")
        if kind == "WronglyClassifiedUserUtterance":
            return f"message {messages}: {_misread(event)}"
    return "the bot takes other steps than are written"


def _told(action: str | None) -> str:
    return "waiting" if action == "action_listen" else str(action)


def _misread(event: Any) -> str:
    wanted, got = event.intent.get("name"), event.predicted_intent
    if wanted != got:
        return f"“{event.text}” is {wanted}, and is read as {got}"
    found = sorted({f"{entity['entity']} {entity['value']}" for entity in event.predicted_entities})
    return f"“{event.text}” is read with other entities than are written: {', '.join(found) or 'none'}"


def _shown(files: BotFiles, file: str) -> str:
    path = Path(file)
    return path.relative_to(files.project).as_posix() if path.is_relative_to(files.project) else file
