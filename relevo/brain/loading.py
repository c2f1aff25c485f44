"""Loads of a trained model what answers: not what only training needs, and the domain without reading YAML.

Rasa writes the domain into a model twice. The copy that its graph reads is YAML, which takes seconds to parse and to
check; the other one is in the metadata, and is read anyway.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.local_model_storage import MODEL_ARCHIVE_METADATA_FILE, LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.graph_components.providers.domain_provider import DomainProvider
from rasa.shared.core.domain import Domain

from relevo.brain.graph_runner import SequentialGraphRunner
from relevo.brain.lean import importing_rasa


def load(model: Path) -> tuple[ModelMetadata, SequentialGraphRunner]:
    """Load a model; raises whatever Rasa or its components raise about one that cannot be used."""
    with TemporaryDirectory(prefix="relevo-model-") as folder:
        storage, metadata = _Storage.from_model_archive(Path(folder), model)
        schema = metadata.predict_schema
        for node in schema.nodes.values():
            if node.uses is DomainProvider:
                node.uses = _provider_of(metadata.domain)
        context = ExecutionContext(graph_schema=schema, model_id=metadata.model_id)
        return metadata, SequentialGraphRunner.create(schema, storage, context)


class _Storage(LocalModelStorage):
    """A model's parts on disk; its metadata leave out how it was trained."""

    @staticmethod
    def _load_metadata(directory: Path) -> ModelMetadata:
        written = json.loads((directory / MODEL_ARCHIVE_METADATA_FILE).read_bytes())
        written["train_schema"] = {"nodes": {}}
        with importing_rasa():
            for node in written["predict_schema"]["nodes"].values():
                import_module(node["uses"].rpartition(".")[0])
        return ModelMetadata.from_dict(written)


def _provider_of(domain: Domain) -> type[DomainProvider]:
    class Provider(DomainProvider):
        """Provides the domain of the model's metadata."""

        @classmethod
        def load(cls, *where: Any, **more: Any) -> DomainProvider:
            return cls(more["model_storage"], more["resource"], domain)

    return Provider
