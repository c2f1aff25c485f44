"""Rasa component that tells a message's language, as an entity that a slot mapping fills: in any Rasa project."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from relevo.nlu.evidence import language_of
from relevo.nlu.untrained import Untrained

_TELL_NOTHING = frozenset({"choice", "agreement", "hedge", "addition", "period", "impossible_date", "case"})
"""Entities that are made of words of a language, and so are left in the text."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LanguageDetector(Untrained, EntityExtractorMixin):
    """Adds the entity ``language`` when the message tells it clearly; stands after the reference extractor."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the language to each message's entities."""
        for message in messages:
            entities = message.get(ENTITIES) or []
            text = message.get(TEXT) or ""
            references = [(e["start"], e["end"]) for e in entities if e["entity"] not in _TELL_NOTHING]
            if code := language_of(text, references):
                found = {"entity": "language", "value": code, "start": 0, "end": len(text)}
                message.set(ENTITIES, [*entities, *self.add_extractor_name([found])], add_to_output=True)
        return messages
