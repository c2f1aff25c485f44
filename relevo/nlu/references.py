"""Rasa entity extractor for everything that has a form; what it finds is in ``patterns.py``.

Names of places and of other carriers come from the training data: every synonym whose value is a three-letter code
(``data/nlu/places.yml``), or one of two characters (``data/nlu/carriers.yml``).
"""

from __future__ import annotations

import re
from typing import Any

import rasa.shared.utils.io
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from relevo.nlu.patterns import find, finders_of
from relevo.nlu.words import fold

_FILE = "names.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class ReferenceExtractor(GraphComponent, EntityExtractorMixin):
    """Marks references, addresses, flights, places and periods; normalised, such as ``AU48207315``."""

    def __init__(self, model_storage: ModelStorage, resource: Resource, names: dict[str, str] | None = None) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._finders = finders_of(names or {})

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ReferenceExtractor:
        """Make an extractor that knows no names yet."""
        return cls(model_storage, resource)

    # Rasa finds out what to pass by the parameter's name: it must be training_data.
    def train(self, training_data: TrainingData) -> Resource:
        """Learn the names and keep them."""
        synonyms = training_data.entity_synonyms.items()
        names = {fold(name): code for name, code in synonyms if re.fullmatch(r"[A-Z]{3}|[A-Z\d]{2}", code)}
        self._finders = finders_of(names)
        with self._model_storage.write_to(self._resource) as folder:
            rasa.shared.utils.io.dump_obj_as_json_to_file(folder / _FILE, names)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ReferenceExtractor:
        """Make an extractor with the names of a trained model."""
        with model_storage.read_from(resource) as folder:
            return cls(model_storage, resource, rasa.shared.utils.io.read_json_file(folder / _FILE))

    def process(self, messages: list[Message]) -> list[Message]:
        """Add what is found to each message's entities."""
        for message in messages:
            found = [_entity(span) for span in find(message.get(TEXT) or "", self._finders)]
            entities = (message.get(ENTITIES) or []) + self.add_extractor_name(found)
            message.set(ENTITIES, entities, add_to_output=True)
        return messages


def _entity(span: Any) -> dict[str, Any]:
    return {"entity": span.entity, "value": span.value, "start": span.start, "end": span.end}
