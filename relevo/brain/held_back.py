"""Has a bot's own pipeline learn a part of its examples and read the rest: understanding alone, without policies."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relevo.brain.lean import importing_rasa
from relevo.brain.taught import Taught, spans
from relevo.errors import ConfigurationError
from relevo.evaluation.examples import FALLBACK, Example, Reading

_BATCH = 50
_LEARNING = 0.85
"""Share of a fold's time that learning takes; only a progress bar needs it."""

Progress = Callable[[str, float | None], None]
"""Is told what is done now, and what share of all is done, if that is known."""

Read = Callable[[Sequence[str]], list[Any]]
"""Gives Rasa's messages for texts, as its pipeline leaves them."""


def readings_of(taught: Taught, divided: Sequence[int], asked: set[int], progress: Progress) -> list[Reading]:
    """Hold back one fold after the other, and give how its asked examples are read by a bot that learnt the others."""
    folds = max(divided) + 1
    pipeline, found = _Pipeline(taught.config), list[Reading]()
    for fold in range(folds):
        held_back = {number for number, place in enumerate(divided) if place == fold}
        examples = [taught.examples[number] for number in sorted(held_back & asked)]
        if not examples:
            continue
        what = f"Fold {fold + 1} of {folds}"
        progress(what, fold / folds)
        with pipeline.trained_on(taught.without(held_back)) as read:
            for readings in _in_batches(read, examples):
                found.extend(readings)
                read_share = min(1.0, len(found) / len(asked) * folds - fold)
                progress(what, (fold + _LEARNING + (1 - _LEARNING) * read_share) / folds)
    return found


def threshold_of(config: dict[str, Any]) -> float | None:
    """Give the confidence below which the bot does not understand, if it has such a thing."""
    for component in config.get("pipeline") or ():
        if str(component.get("name")).rpartition(".")[2] == "FallbackClassifier":
            return float(component.get("threshold", 0.3))
    return None


class _Pipeline:
    """The pipeline of config.yml, to be trained again and again."""

    def __init__(self, config: dict[str, Any]) -> None:
        if not config.get("pipeline"):
            raise ConfigurationError("config.yml has no pipeline, so there is nothing that understands.")
        with importing_rasa():
            from rasa.engine.recipes.recipe import Recipe
            from rasa.shared.data import TrainingType

            from relevo.brain.lighter import lighten

        lighten()
        recipe = Recipe.recipe_for_name(config.get("recipe"))
        self._graph = recipe.graph_config_for_recipe(config, {}, TrainingType.NLU)

    @contextmanager
    def trained_on(self, importer: Any) -> Iterator[Read]:
        """Train it, and give what reads with it."""
        from rasa.engine.constants import PLACEHOLDER_IMPORTER
        from rasa.engine.storage.local_model_storage import LocalModelStorage

        with tempfile.TemporaryDirectory(prefix="relevo-fold-") as folder:
            storage = LocalModelStorage(Path(folder))
            self._runner(self._graph.train_schema, storage).run(inputs={PLACEHOLDER_IMPORTER: importer})
            runner = self._runner(self._graph.predict_schema, storage)
            yield lambda texts: self._read(runner, texts)

    def _runner(self, schema: Any, storage: Any) -> Any:
        from rasa.engine.graph import ExecutionContext
        from rasa.engine.runner.dask import DaskGraphRunner

        context = ExecutionContext(graph_schema=schema, model_id="evaluation")
        return DaskGraphRunner.create(graph_schema=schema, model_storage=storage, execution_context=context)

    def _read(self, runner: Any, texts: Sequence[str]) -> list[Any]:
        from rasa.core.channels.channel import UserMessage
        from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER

        target = self._graph.nlu_target
        messages = [UserMessage(text) for text in texts]
        return list(runner.run({PLACEHOLDER_MESSAGE: messages, PLACEHOLDER_TRACKER: None}, targets=[target])[target])


def _in_batches(read: Read, examples: Sequence[Example]) -> Iterator[list[Reading]]:
    for start in range(0, len(examples), _BATCH):
        part = examples[start : start + _BATCH]
        messages = read([example.text for example in part])
        yield [_reading(example, message) for example, message in zip(part, messages, strict=True)]


def _reading(example: Example, message: Any) -> Reading:
    told = message.get("intent") or {}
    name = told.get("name") or FALLBACK
    others = [each for each in message.get("intent_ranking") or () if each["name"] != FALLBACK]
    guess = others[0] if name == FALLBACK and others else told
    return Reading(
        example=example,
        intent=str(name),
        guess=str(guess.get("name") or FALLBACK),
        confidence=min(1.0, max(0.0, float(guess.get("confidence") or 0.0))),
        entities=spans(message),
    )
