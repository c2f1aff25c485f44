"""Rasa component that tells a message's intent: small, fast, without TensorFlow, in any Rasa project."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier as RasaIntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from relevo.nlu.linear import LinearClassifier

_RANKING = "intent_ranking"
_FILE = "intents.npz"
_FOLDER = Path(__file__).parent


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(GraphComponent, RasaIntentClassifier):
    """Gives each message an intent and a ranking, with calibrated confidences; see relevo.nlu.linear.

    It reads the tokens, where a tokenizer stands before it, else the text. No featurizer is needed.
    """

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        learnt: LinearClassifier | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._learnt = learnt

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give how many intents the ranking has, and those whose names are not learnt: nobody may type them."""
        return {"ranking_length": 10, "unnamed": ()}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentClassifier:
        """Make a component that has learnt nothing yet."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples, and keep it."""
        examples = [each for each in training_data.intent_examples if each.get(INTENT)]
        labels = [str(each.get(INTENT)) for each in examples]
        from relevo.nlu.learning import learn  # scikit-learn takes a second, and a bot only answers

        with self._model_storage.write_to(self._resource) as folder:
            if len(set(labels)) > 1:
                self._learnt = learn([_text(each) for each in examples], labels, unnamed=self._config["unnamed"])
                self._learnt.save(folder / _FILE)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> IntentClassifier:
        """Make a component of what was kept; of what had nothing to learn, one that gives no intent."""
        with model_storage.read_from(resource) as folder:
            file = folder / _FILE
            learnt = LinearClassifier.load(file) if file.exists() else None
        return cls(config, model_storage, resource, learnt)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Give what Rasa's cache cannot see: how it is learnt; a model learnt otherwise is no model of this code."""
        sources = (
            _FOLDER.joinpath(f"{module}.py").read_text("utf-8") for module in ("grams", "learning", "linear", "softmax")
        )
        return hashlib.sha256("".join(sources).encode()).hexdigest()

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
        best = np.argsort(-likely)[: self._config["ranking_length"]]
        return [{"name": self._learnt.classes[place], "confidence": float(likely[place])} for place in best]


def _text(message: Message) -> str:
    tokens = message.get("text_tokens")
    return " ".join(token.text for token in tokens) if tokens is not None else str(message.get(TEXT) or "")
