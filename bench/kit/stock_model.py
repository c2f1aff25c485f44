"""Trains stock Rasa on the project's data, for a few of its epochs or all, and keeps the model and how long it took.

With 26,000 examples all epochs take hours, and how long an answer takes does not depend on how many there were.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.kit.programs import PROJECT, BenchError
from bench.kit.stock_bot import QUIET, RASA, STOCK

ALL_EPOCHS = 100
"""As many as Rasa suggests, for each component that has any."""
_CACHE = STOCK / ".cache"
_TOLD = "told.json"
_CONFIG = STOCK / "config.yml"
_TRAINED_FROM = (_CONFIG, STOCK / "requirements.lock", PROJECT / "domain.yml", PROJECT / "data")
_PROGRESS = re.compile(r"Epochs: [^\r\n]*?(\d+)/(\d+) \[(?:(\d+):)?(\d+):(\d+)<")
"""What the progress bar says: epochs done, all of them, hours, minutes and seconds so far."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StockModel:
    """A model of the files as they are."""

    path: Path
    epochs: int
    seconds: float
    """How long its training took."""
    epoch_seconds: float
    """How long one epoch took, of all components together."""
    trained_on: str
    is_of_this_run: bool

    @property
    def whole_seconds(self) -> float:
        """How long all epochs take: measured, or worked out from those that were trained."""
        return self.seconds + (ALL_EPOCHS - self.epochs) * self.epoch_seconds

    def remark(self) -> str:
        """Say how it was trained."""
        when = "in this run" if self.is_of_this_run else f"on {self.trained_on}"
        if self.epochs == ALL_EPOCHS:
            return f"Stock Rasa was trained {when}, all epochs."
        return (
            f"Stock Rasa was trained {when} for {self.epochs} of its {ALL_EPOCHS} epochs in {self.seconds:.0f} s, one"
            f" of them {self.epoch_seconds:.0f} s; the time of all is worked out from that, a little too long."
        )


def trained_model(epochs: int, *, anew: bool) -> StockModel:
    """Give the model of the files as they are, trained now where that is wanted or has not been done before."""
    if not anew and (kept := kept_model(epochs)):
        return kept
    folder = _folder(epochs)
    seconds = _train(folder, epochs)
    log = (folder / "train.log").read_text(encoding="utf-8", errors="replace")
    today = str(date.today())  # noqa: DTZ011 - the day where the machine is
    known = {"seconds": seconds, "epoch_seconds": epoch_seconds(log), "trained_on": today}
    (folder / _TOLD).write_text(json.dumps(known), encoding="utf-8")
    return _model(folder, epochs, is_of_this_run=True)


def kept_model(epochs: int) -> StockModel | None:
    """Give the model that an earlier run trained of the files as they are, or None."""
    folder = _folder(epochs)
    return _model(folder, epochs, is_of_this_run=False) if (folder / _TOLD).is_file() else None


def _folder(epochs: int) -> Path:
    return _CACHE / f"{_content_hash()}-{epochs}"


def _model(folder: Path, epochs: int, *, is_of_this_run: bool) -> StockModel:
    known = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
    return StockModel(path=folder / "model.tar.gz", epochs=epochs, is_of_this_run=is_of_this_run, **known)


def epoch_seconds(log: str) -> float:
    """Read off Rasa's progress bars how long one epoch took, of all components together."""
    ended = [
        [bar for bar in _PROGRESS.findall(part) if bar[0] == bar[1]]
        for part in log.split("Starting to train component")
    ]
    return sum(_seconds(bars[-1]) / int(bars[-1][1]) for bars in ended if bars)


def _seconds(bar: tuple[str, ...]) -> int:
    hours, minutes, seconds = (int(part or 0) for part in bar[2:])
    return 3600 * hours + 60 * minutes + seconds


def _train(folder: Path, epochs: int) -> float:
    """Train with a cache of its own, so that nothing was done before; give the seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    print(f"Training stock Rasa, {epochs} of {ALL_EPOCHS} epochs (minutes) …", flush=True)
    config = folder / "config.yml"
    written = _CONFIG.read_text(encoding="utf-8")
    config.write_text(written.replace(f"epochs: {ALL_EPOCHS}", f"epochs: {epochs}"), encoding="utf-8")
    log = folder / "train.log"
    files = ["--config", str(config), "--domain", "domain.yml", "--data", "data"]
    began = perf_counter()
    with log.open("wb") as output, TemporaryDirectory(dir=_CACHE) as rasa_cache:
        done = subprocess.run(
            [str(RASA), "train", *files, "--out", str(folder), "--fixed-model-name", "model"],
            cwd=PROJECT,
            env={**os.environ, **QUIET, "RASA_CACHE_DIRECTORY": rasa_cache, "PYTHONPATH": str(PROJECT)},
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode or not (folder / "model.tar.gz").is_file():
        raise BenchError(f"Stock Rasa could not be trained; see {log}.")
    return perf_counter() - began


def _content_hash() -> str:
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for path in _TRAINED_FROM:
        yield from sorted(path.rglob("*.yml")) if path.is_dir() else [path]
