"""Evaluates a bot and writes the report: a page for people, numbers for programs."""

from __future__ import annotations

import os
from pathlib import Path

from relevo.bootstrap.console import Console
from relevo.bootstrap.everything import Settings
from relevo.bootstrap.places import demand_room
from relevo.brain.examine import Wish, examine
from relevo.evaluation.evaluation import Evaluation
from relevo.evaluation.numbers import as_json
from relevo.evaluation.page import as_page

PAGE, NUMBERS = "report.html", "report.json"


def run_evaluation(settings: Settings, wish: Wish, folder: Path, console: Console) -> Evaluation:
    """Evaluate the bot and leave the report in a folder; raises ConfigurationError where that cannot be."""
    # Before minutes of work.
    demand_room(folder, f"The report cannot be written to {folder}", "--output")
    with console.working("Evaluating the bot") as work:
        evaluation = examine(settings.files, settings.models, wish, folder, work.move)
    _put(folder / PAGE, as_page(evaluation))
    _put(folder / NUMBERS, as_json(evaluation))
    return evaluation


def _put(file: Path, content: str) -> None:
    """Write a file whole: whoever looks meanwhile sees the last one."""
    unfinished = file.with_name(f".{file.name}-{os.getpid()}")
    unfinished.write_text(content, encoding="utf-8")
    unfinished.replace(file)
