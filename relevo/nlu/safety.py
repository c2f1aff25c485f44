"""Rasa component that hears alarms: what a message says of danger, injury, threats or self-harm makes its intent.

A classifier weighs all words of a message against each other, and so loses the one that matters in a long one.
"""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from relevo.nlu.alarms import alarm_in
from relevo.nlu.untrained import Untrained


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class AlarmClassifier(Untrained):
    """Gives an alarm's intent to a message with an alarm in it; stands last of all classifiers."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of each message with an alarm in it."""
        for message in messages:
            if name := alarm_in(message.get(TEXT) or ""):
                intent = {"name": name, "confidence": 1.0}
                ranking = [other for other in message.get("intent_ranking") or [] if other["name"] != name]
                message.set(INTENT, intent, add_to_output=True)
                message.set("intent_ranking", [intent, *ranking], add_to_output=True)
        return messages
