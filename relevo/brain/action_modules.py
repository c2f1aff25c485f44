"""Imports a bot's custom actions, and says where they are wrong instead of ending the process as rasa-sdk does."""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from pathlib import Path

from relevo.errors import ConfigurationError


def import_actions(package: str) -> None:
    """Import a package and all its modules; raises ConfigurationError with file and line."""
    try:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(getattr(root, "__path__", ()), f"{package}."):
            importlib.import_module(module.name)
    except Exception as error:  # a module may raise anything while it is imported; nothing a customer wrote is in it
        told = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
        raise ConfigurationError(f"The custom actions cannot be imported: {_place(error)}{told}.") from error


def _place(error: Exception) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}:{error.lineno}: "
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    return f"{_short(frames[-1].filename)}:{frames[-1].lineno}: " if len(frames) > 1 else ""


def _short(file: str) -> str:
    return "/".join(Path(file).parts[-2:])
