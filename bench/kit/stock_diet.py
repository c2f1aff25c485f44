"""Has stock Rasa's DIET learn and answer, in a process and a folder of its own for each seed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from bench.kit.intent_data import Labelled
from bench.kit.programs import BenchError, bench_folder
from bench.kit.stock_bot import QUIET, STOCK

SEEDS = (0, 1, 2)
SKIPPED = (
    "SKIPPED: stock Rasa's DIET, for bench/stock/.venv is missing; bench/stock/setup makes it (2.7 GB, some minutes)."
)


@dataclass(frozen=True, slots=True)
class Told:
    """What DIET answered, the seconds of learning, and the milliseconds of one message; Rasa's start is in neither."""

    told: Sequence[str]
    sure: Sequence[float]
    seconds: float
    milliseconds: float


def is_installed() -> bool:
    """Whether bench/stock/setup has come to its end."""
    return (STOCK / ".venv" / "installed").is_file()


def learn_and_answer(train: Labelled, texts: Sequence[str], seed: int) -> Told:
    """Train a model, which is gone afterwards, and ask it."""
    job = {"train_texts": train.texts, "train_labels": train.labels, "test_texts": texts, "seed": seed}
    with bench_folder() as folder:
        answers, log = folder / "answers.json", folder / "diet.log"
        with log.open("wb") as output:
            done = subprocess.run(
                [str(STOCK / ".venv" / "bin" / "python"), str(STOCK / "diet.py"), str(answers)],
                cwd=folder,
                env={**os.environ, **QUIET, "RASA_CACHE_DIRECTORY": str(folder / "cache")},
                input=json.dumps(job).encode(),
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode:
            last = log.read_text(errors="replace").strip().splitlines()[-5:]
            raise BenchError(f"Stock Rasa's DIET could not be asked; its last words: {' / '.join(last)}")
        return Told(**json.loads(answers.read_text("utf-8")))
