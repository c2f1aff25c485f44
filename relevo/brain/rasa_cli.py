"""Runs Rasa's own command line without what is not installed, telemetry off, and Relevo's models where it looks."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relevo.brain import lean
from relevo.brain.models import Models

_NEED_A_MODEL = ("shell", "test", "run")


def run_rasa(arguments: Sequence[str], project: Path, models: Models) -> None:
    """Run a Rasa command in the bot's folder; ends the process as Rasa ends."""
    lean.install()
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("RASA_CACHE_DIRECTORY", str(models.folder.parent / "rasa-cache"))
    os.environ.setdefault("MPLBACKEND", "agg")  # plots go to files; there may be no screen
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    os.chdir(project)
    sys.argv = ["rasa", *with_model(arguments, models)]
    _keep_deprecations_quiet()
    from rasa.__main__ import main

    main()


def with_model(arguments: Sequence[str], models: Models) -> list[str]:
    """Name the newest model in a command that needs one and names none."""
    given = list(arguments)
    names_one = any(part in ("-m", "--model") or part.startswith("--model=") for part in given)
    is_about_models = bool(given) and given[0] in _NEED_A_MODEL and "actions" not in given[1:2]
    newest = models.newest()
    if newest is None or names_one or not is_about_models or {"-h", "--help"} & set(given):
        return given
    return [*given, "--model", str(newest)]


def _keep_deprecations_quiet() -> None:
    """Rasa turns on what libraries deprecate among themselves, which is none of its users' business."""
    show = warnings.showwarning

    def show_others(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
        if not issubclass(category, DeprecationWarning | PendingDeprecationWarning):
            show(message, category, *place, **more)

    warnings.showwarning = show_others
