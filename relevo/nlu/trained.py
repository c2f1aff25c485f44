"""What all Rasa components share that learn from the examples, and are kept in the model."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.training_data import TrainingData
from typing_extensions import Self

_FOLDER = Path(__file__).parent


class Trained(GraphComponent):
    """A component that learns, keeps what it learnt in a folder, and reads it from there."""

    learnt_by: ClassVar[tuple[str, ...]] = ()
    """Files of this folder that say how it learns: Rasa's cache cannot see them, and others make another model."""

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self.config = config
        self._model_storage = model_storage
        self._resource = resource

    @abstractmethod
    def learn(self, training_data: TrainingData) -> None:
        """Learn from the examples."""

    @abstractmethod
    def keep(self, folder: Path) -> None:
        """Write what was learnt."""

    @abstractmethod
    def remember(self, folder: Path) -> None:
        """Read what was kept."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Self:
        """Make a component that has learnt nothing yet."""
        return cls(config, model_storage, resource)

    # Rasa finds out what to pass by the parameter's name: it must be training_data.
    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples, and keep it."""
        self.learn(training_data)
        with self._model_storage.write_to(self._resource) as folder:
            self.keep(folder)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> Self:
        """Make a component of what was kept."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component.remember(folder)
        return component

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Give a mark of how it learns."""
        files = [file for pattern in cls.learnt_by for file in sorted(_FOLDER.glob(pattern))]
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() if files else None
