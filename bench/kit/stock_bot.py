"""Stock Rasa 3.6 in an environment of its own, on the same `data/`, `domain.yml` and `actions/` as our bot."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.kit.process_tree import Process
from bench.kit.programs import PROJECT, BenchError, Program, free_port
from bench.kit.sides import BOTS

STOCK = PROJECT / "bench" / "stock"
CACHE = STOCK / ".cache"
RASA = STOCK / ".venv" / "bin" / "rasa"
TRAINED_FROM = ("bench/stock/config.yml", "bench/stock/requirements.lock", "domain.yml", "data")
QUIET = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}


@dataclass(frozen=True, slots=True)
class StockModel:
    """A model of the files as they are."""

    path: Path
    seconds: float
    """How long its training took."""
    is_of_this_run: bool


@dataclass(frozen=True, slots=True)
class StockBot:
    """Stock Rasa's two programs."""

    port: int
    rasa: Program
    actions: Program

    def parts(self) -> dict[str, list[Process]]:
        """The processes of both."""
        return {BOTS: self.rasa.processes(), "action server": self.actions.processes()}

    def stop(self) -> None:
        """End both."""
        self.rasa.stop()
        self.actions.stop()


def install() -> None:
    """Make the environment, once."""
    subprocess.run([str(STOCK / "setup")], check=True)


def trained_model(*, anew: bool) -> StockModel:
    """Give the model of the files as they are, trained now where that is wanted or has not been done before."""
    folder = CACHE / _content_hash()
    model, told = folder / "model.tar.gz", folder / "seconds"
    if not anew and model.is_file() and told.is_file():
        return StockModel(model, float(told.read_text()), is_of_this_run=False)
    seconds = _train(folder)
    told.write_text(f"{seconds:.1f}\n")
    return StockModel(model, seconds, is_of_this_run=True)


def start(model: Path, folder: Path) -> StockBot:
    """Start the action server and the bot, the way Rasa's documentation does; memory for a tracker store."""
    port, actions_port = free_port(), free_port()
    endpoints = folder / "endpoints.yml"
    endpoints.write_text(f"action_endpoint:\n  url: http://127.0.0.1:{actions_port}/webhook\n", encoding="utf-8")
    actions = _program(folder, "stock actions", "run", "actions", "--actions", "actions", "--port", str(actions_port))
    arguments = ["--model", str(model), "--endpoints", str(endpoints), "--credentials", str(STOCK / "credentials.yml")]
    rasa = _program(folder, "stock rasa", "run", *arguments, "--interface", "127.0.0.1", "--port", str(port))
    bot = StockBot(port, rasa, actions)
    actions.start()
    rasa.start()
    return bot


def _program(folder: Path, name: str, *arguments: str) -> Program:
    # The action server listens where SANIC_HOST says; our actions import relevo.contracts and nothing else of ours.
    environment = {**QUIET, "SANIC_HOST": "127.0.0.1", "PYTHONPATH": str(PROJECT)}
    log = folder / f"{name.replace(' ', '-')}.log"
    return Program(name=name, command=[str(RASA), *arguments], folder=folder, log=log, environment=environment)


def _train(folder: Path) -> float:
    """Train with a cache of its own, so that nothing was done before; give the seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    print("Training stock Rasa (minutes) …", flush=True)
    began = perf_counter()
    files = ["--config", str(STOCK / "config.yml"), "--domain", "domain.yml", "--data", "data"]
    log = folder / "train.log"
    with log.open("wb") as output, TemporaryDirectory(dir=CACHE) as rasa_cache:
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
    for name in TRAINED_FROM:
        path = PROJECT / name
        yield from sorted(path.rglob("*.yml")) if path.is_dir() else [path]
