"""Rasa component that tells a message's language, as an entity that a slot mapping fills: in any Rasa project."""

from __future__ import annotations

from pathlib import Path

import rasa.shared.utils.io
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from relevo.nlu.evidence import LONGEST_TEXT, without
from relevo.nlu.language_learning import Habits
from relevo.nlu.patterns import NAMELESS, find
from relevo.nlu.trained import Trained

_TELL_NOTHING = frozenset({"choice", "agreement", "hedge", "addition", "period", "impossible_date", "case"})
"""Entities that are made of words of a language, and so are left in the text."""
_FILE = "languages.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class LanguageDetector(Trained, EntityExtractorMixin):
    """Adds the entity ``language`` when the message tells it clearly; stands after the reference extractor."""

    learnt_by = ("evidence.py", "grams.py", "language_learning.py", "languages/*.yml")

    _habits = Habits([], {})

    def learn(self, training_data: TrainingData) -> None:
        """Learn from the examples how each language is written."""
        texts = [str(each.get(TEXT) or "") for each in training_data.intent_examples if each.get(INTENT)]
        self._habits = Habits.of(_without_references(text) for text in texts)

    def keep(self, folder: Path) -> None:
        """Write what was learnt."""
        kept = {"languages": self._habits.languages, "weights": self._habits.weights}
        rasa.shared.utils.io.dump_obj_as_json_to_file(folder / _FILE, kept)

    def remember(self, folder: Path) -> None:
        """Read what was learnt."""
        kept = rasa.shared.utils.io.read_json_file(folder / _FILE)
        self._habits = Habits(kept["languages"], kept["weights"])

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
