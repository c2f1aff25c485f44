"""Stand-ins for the heavy packages that Rasa imports and this bot never uses.

Rasa 3.6.21 imports TensorFlow and Dask wherever it is imported, though only DIET, TED, UnexpecTED and the response
selector need TensorFlow, and Dask only walks the graph (graph_runner.py does that here). ``install()`` serves
placeholder modules for those that are not installed; using one says what to install. It must run before the first
import of Rasa.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from abc import ABCMeta
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from relevo.errors import ConfigurationError

ROOTS = (
    "tensorflow",
    "tensorflow_text",
    "tensorflow_hub",
    "tensorflow_addons",
    "keras",
    "jax",
    "jaxlib",
    "dask",
)
_RUNNER = "rasa.engine.runner.dask"


def install() -> None:
    """Serve placeholders for the roots that are not installed; idempotent."""
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("SANIC_REGISTER", "false")
    if any(isinstance(finder, Placeholders) for finder in sys.meta_path):
        return
    missing = frozenset(root for root in ROOTS if importlib.util.find_spec(root) is None)
    sys.meta_path.insert(0, Placeholders(missing))


class _Absent(ABCMeta):
    """Type of everything found in a placeholder: may be named and inherited from, not called."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(f"{cls.__module__}.{cls.__qualname__}", name)

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        if len(arguments) == 1 and callable(arguments[0]) and not options:
            return arguments[0]  # a bare decorator, met while Rasa's modules are imported
        raise ConfigurationError(
            f"{cls.__module__}.{cls.__qualname__} needs a package that Relevo leaves out to stay small. Choose "
            "another component in config.yml, or install Rasa with TensorFlow as docs/howto/tensorflow.md says."
        )


def _absent(module: str, name: str) -> Any:
    return _Absent(name, (), {"__module__": module})


class _PlaceholderModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(self.__name__, name)


class Placeholders(MetaPathFinder, Loader):
    """Finds placeholder modules for some roots, and our runner for Rasa's."""

    def __init__(self, roots: frozenset[str]) -> None:
        self._roots = roots

    def stands_for(self, name: str) -> bool:
        """Tell whether a module of this name would be a placeholder."""
        return name.partition(".")[0] in self._roots

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find a module that is to be a placeholder."""
        if name == _RUNNER or self.stands_for(name):
            return ModuleSpec(name, self, is_package=name != _RUNNER)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module."""
        if spec.name == _RUNNER:
            return ModuleType(spec.name)
        return _PlaceholderModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module: only Rasa's runner has anything in it."""
        if module.__name__ == _RUNNER:
            from relevo.brain.graph_runner import SequentialGraphRunner

            module.DaskGraphRunner = SequentialGraphRunner  # type: ignore[attr-defined]
