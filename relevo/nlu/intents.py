"""Rasa component that tells a message's intent: small, fast, without TensorFlow, in any Rasa project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier as RasaIntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from relevo.nlu.linear import LinearClassifier
from relevo.nlu.trained import Trained

_RANKING = "intent_ranking"
_FILE = "intents.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(Trained, RasaIntentClassifier):
    """Gives each message an intent and a ranking, with calibrated confidences; see relevo.nlu.linear.

    It reads the tokens, where a tokenizer stands before it, else the text. No featurizer is needed.
    """

    learnt_by = ("grams.py", "learning.py", "linear.py", "softmax.py")

    _learnt: LinearClassifier | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give how many intents the ranking has, and those whose names are not learnt: nobody may type them."""
        return {"ranking_length": 10, "unnamed": ()}

    def learn(self, training_data: TrainingData) -> None:
        """Learn from the examples, where there are two intents at least."""
        from relevo.nlu.learning import learn  # scikit-learn takes a second, and a bot only answers

        examples = [each for each in training_data.intent_examples if each.get(INTENT)]
        labels = [str(each.get(INTENT)) for each in examples]
        if len(set(labels)) > 1:
            self._learnt = learn([_text(each) for each in examples], labels, unnamed=self.config["unnamed"])

    def keep(self, folder: Path) -> None:
        """Write the classifier; where there was nothing to learn, nothing."""
        if self._learnt is not None:
            self._learnt.save(folder / _FILE)

    def remember(self, folder: Path) -> None:
        """Read the classifier; without one, no message gets an intent."""
        if (folder / _FILE).exists():
            self._learnt = LinearClassifier.load(folder / _FILE)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent and the ranking of each message that has words."""
        for message in messages:
            ranking = self._ranking(_text(message)) if self._learnt is not None else []
            message.set(INTENT, ranking[0] if ranking else {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set(_RANKING, ranking, add_to_output=True)
        return messages

    def _ranking(self, text: str) -> list[dict[str, Any]]:
        assert self._learnt is not None
        likely = self._learnt.probabilities(text)
        best = np.argsort(-likely)[: self.config["ranking_length"]]
        return [{"name": self._learnt.classes[place], "confidence": float(likely[place])} for place in best]


def _text(message: Message) -> str:
    tokens = message.get("text_tokens")
    return " ".join(token.text for token in tokens) if tokens is not None else str(message.get(TEXT) or "")
