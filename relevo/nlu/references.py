"""Rasa entity extractor for everything that has a form; what it finds is in ``patterns.py``.

Names of places and of other carriers come from the training data: every synonym whose value is a three-letter code
(``data/nlu/places.yml``), or one of two characters (``data/nlu/carriers.yml``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import rasa.shared.utils.io
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from relevo.nlu.patterns import NAMELESS, find, finders_of
from relevo.nlu.trained import Trained
from relevo.nlu.words import fold

_FILE = "names.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class ReferenceExtractor(Trained, EntityExtractorMixin):
    """Marks references, addresses, flights, places and periods; normalised, such as ``AU48207315``."""

    _names: Mapping[str, str] = MappingProxyType({})
    _finders = NAMELESS

    def learn(self, training_data: TrainingData) -> None:
        """Learn the names."""
        synonyms = training_data.entity_synonyms.items()
        self._know({fold(name): code for name, code in synonyms if re.fullmatch(r"[A-Z]{3}|[A-Z\d]{2}", code)})

    def keep(self, folder: Path) -> None:
        """Write the names."""
        rasa.shared.utils.io.dump_obj_as_json_to_file(folder / _FILE, dict(self._names))

    def remember(self, folder: Path) -> None:
        """Read the names."""
        self._know(rasa.shared.utils.io.read_json_file(folder / _FILE))

    def _know(self, names: Mapping[str, str]) -> None:
        self._names, self._finders = names, finders_of(names)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add what is found to each message's entities."""
        for message in messages:
            found = [_entity(span) for span in find(message.get(TEXT) or "", self._finders)]
            entities = (message.get(ENTITIES) or []) + self.add_extractor_name(found)
            message.set(ENTITIES, entities, add_to_output=True)
        return messages


def _entity(span: Any) -> dict[str, Any]:
    return {"entity": span.entity, "value": span.value, "start": span.start, "end": span.end}
