"""Rasa component that tells a message's language, as an entity that a slot mapping fills: in any Rasa project."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import rasa.shared.utils.io
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from relevo.nlu.evidence import LONGEST_TEXT, without
from relevo.nlu.language_learning import Habits
from relevo.nlu.patterns import NAMELESS, find

_TELL_NOTHING = frozenset({"choice", "agreement", "hedge", "addition", "period", "impossible_date", "case"})
"""Entities that are made of words of a language, and so are left in the text."""
_FILE = "languages.json"
_FOLDER = Path(__file__).parent


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class LanguageDetector(GraphComponent, EntityExtractorMixin):
    """Adds the entity ``language`` when the message tells it clearly; stands after the reference extractor."""

    def __init__(self, model_storage: ModelStorage, resource: Resource, habits: Habits | None = None) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._habits = habits or Habits([], {})

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageDetector:
        """Make a component that knows telling words only."""
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples how each language is written, and keep it."""
        texts = [str(each.get(TEXT) or "") for each in training_data.intent_examples if each.get(INTENT)]
        self._habits = Habits.of(_without_references(text) for text in texts)
        with self._model_storage.write_to(self._resource) as folder:
            kept = {"languages": self._habits.languages, "weights": self._habits.weights}
            rasa.shared.utils.io.dump_obj_as_json_to_file(folder / _FILE, kept)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> LanguageDetector:
        """Make a component of what was kept."""
        with model_storage.read_from(resource) as folder:
            kept = rasa.shared.utils.io.read_json_file(folder / _FILE)
        return cls(model_storage, resource, Habits(kept["languages"], kept["weights"]))

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Give what Rasa's cache cannot see: how it is learnt, and the words that it is learnt by."""
        files = [_FOLDER / f"{name}.py" for name in ("evidence", "grams", "language_learning")]
        return hashlib.sha256(
            b"".join(file.read_bytes() for file in [*files, *sorted(_FOLDER.glob("languages/*.yml"))])
        ).hexdigest()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the language to each message's entities."""
        for message in messages:
            entities = message.get(ENTITIES) or []
            text = message.get(TEXT) or ""
            references = [(e["start"], e["end"]) for e in entities if e["entity"] not in _TELL_NOTHING]
            if code := self._habits.language_of(without(text[:LONGEST_TEXT], references)):
                found = {"entity": "language", "value": code, "start": 0, "end": len(text)}
                message.set(ENTITIES, [*entities, *self.add_extractor_name([found])], add_to_output=True)
        return messages


def _without_references(text: str) -> str:
    found = [span for span in find(text, NAMELESS) if span.entity not in _TELL_NOTHING]
    return without(text, [(span.start, span.end) for span in found])
