"""Stock Rasa 3.6 in an environment of its own, on the same `data/`, `domain.yml` and `actions/` as our bot."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.kit.process_tree import Process
from bench.kit.programs import PROJECT, Program, free_port
from bench.kit.sides import BOTS

STOCK = PROJECT / "bench" / "stock"
RASA = STOCK / ".venv" / "bin" / "rasa"
QUIET = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}


@dataclass(frozen=True, slots=True)
class StockBot:
    """Stock Rasa's two programs."""

    port: int
    rasa: Program
    actions: Program

    def parts(self) -> dict[str, list[Process]]:
        """The processes of both.

        Raises BenchError when one of them ended: a bot without its actions says less, and sooner.
        """
        for program in (self.rasa, self.actions):
            if not program.is_running:
                raise program.died()
        return {BOTS: self.rasa.processes(), "action server": self.actions.processes()}

    def stop(self) -> None:
        """End both."""
        self.rasa.stop()
        self.actions.stop()


def install() -> None:
    """Make the environment, once."""
    subprocess.run([str(STOCK / "setup")], check=True)


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
