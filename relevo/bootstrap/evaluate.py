"""Evaluates a bot and writes the report: a page for people, numbers for programs."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from relevo.bootstrap.console import Console
from relevo.bootstrap.everything import Settings
from relevo.brain.examine import Wish, examine
from relevo.errors import ConfigurationError
from relevo.evaluation.evaluation import Evaluation
from relevo.evaluation.numbers import as_json
from relevo.evaluation.page import as_page

PAGE, NUMBERS = "report.html", "report.json"


def run_evaluation(settings: Settings, wish: Wish, folder: Path, console: Console) -> Evaluation:
    """Evaluate the bot and leave the report in a folder; raises ConfigurationError where that cannot be."""
    _demand_folder(folder)
    with console.working("Evaluating the bot") as work:
        evaluation = examine(settings.files, settings.models, wish, folder, work.move)
    _put(folder / PAGE, as_page(evaluation))
    _put(folder / NUMBERS, as_json(evaluation))
    return evaluation


def _demand_folder(folder: Path) -> None:
    """Find out before minutes of work that nothing could be written."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        with contextlib.suppress(OSError):
            probe.unlink()
        raise ConfigurationError(
            f"The report cannot be written to {folder}: {error.strerror}. Make room or give access there, or name"
            " another folder with --output."
        ) from error


def _put(file: Path, content: str) -> None:
    """Write a file whole: whoever looks meanwhile sees the last one."""
    unfinished = file.with_name(f".{file.name}-{os.getpid()}")
    unfinished.write_text(content, encoding="utf-8")
    unfinished.replace(file)
