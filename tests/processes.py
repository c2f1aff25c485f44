"""Real Relevo processes for tests: an installation in folders of its own, started and looked at as a person would."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from relevo.store.postgres import destroy_postgres

REPOSITORY = Path(__file__).parents[1]
BOT_FILES = (
    "config.yml",
    "domain.yml",
    "credentials.yml",
    "endpoints.yml",
    "policies.yml",
    "relevo.yml",
    "data",
    "actions",
)
PATIENCE_SECONDS = 90.0


@dataclass(kw_only=True)
class Installation:
    """One bot in a folder of its own, with a state folder and a port of its own."""

    project: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def __post_init__(self) -> None:
        self.port = self.port or free_port()

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.project / "state of it"

    @property
    def url(self) -> str:
        """Where the web process listens."""
        return f"http://127.0.0.1:{self.port}"

    def env(self) -> dict[str, str]:
        """The environment of every process of this installation."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RELEVO_", "DATABASE_URL"))}
        kept["RELEVO_SYSTEM_STATE"] = os.environ["RELEVO_SYSTEM_STATE"]
        own = {"RELEVO_STATE": str(self.state), "RELEVO_PORT": str(self.port), "PYTHONPATH": str(REPOSITORY)}
        return {**kept, **own, **self.environment}

    def run(self, *arguments: str, timeout: float = 120, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "relevo", *arguments],
            cwd=self.project,
            env=self.env(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
            **options,
        )

    def start(self, *arguments: str) -> Running:
        """Start a command that runs until it is stopped."""
        return Running(
            subprocess.Popen(
                [sys.executable, "-m", "relevo", *arguments],
                cwd=self.project,
                env=self.env(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )

    def processes(self) -> dict[int, str]:
        """Every process that was started with this state folder in its environment, with its command line."""
        found = {}
        mark = f"RELEVO_STATE={self.state}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and mark in _read(entry / "environ").split(b"\0"):
                found[int(entry.name)] = _read(entry / "cmdline").replace(b"\0", b" ").decode().strip()
        return {pid: line for pid, line in found.items() if line}

    def process(self, *words: str) -> int:
        """The one process whose command line has all these words."""
        matching = [pid for pid, line in self.processes().items() if all(word in line.split() for word in words)]
        assert len(matching) == 1, f"{words}: {self.processes()}"
        return matching[0]

    def get(self, path: str) -> tuple[int, Any]:
        """Ask a door and give status and JSON; status 0 when nobody answers."""
        return self._ask("GET", path, None)

    def say(self, sender: str, message: str, *, timeout: float = 60) -> list[str]:
        """Write to the bot by REST and give the texts that it answers, as a caller who sends again after a 503."""
        body = {"sender": sender, "message": message, "message_id": uuid4().hex}
        deadline = time.monotonic() + timeout
        while True:
            status, answer = self._ask("POST", "/webhooks/rest/webhook", body)
            if status == 200:
                return [part["text"] for part in answer]
            assert status in {0, 503}, answer
            assert time.monotonic() < deadline, f"no answer in {timeout} s: {answer}"
            time.sleep(0.05)

    def log(self, name: str) -> str:
        """What a process logged."""
        file = self.state / "logs" / f"{name}.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def remove(self) -> None:
        """Kill what is left and remove the database."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not self.processes(), "a killed process stays")
        destroy_postgres(self.state)

    def _ask(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        try:
            answer = httpx.request(method, f"{self.url}{path}", json=body, timeout=40)
        except httpx.TransportError as error:  # nobody listens (yet, or any more)
            return 0, str(error)
        return answer.status_code, answer.json()


class Running:
    """A process that runs, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, text: str, *, seconds: float = PATIENCE_SECONDS) -> str:
        """Wait until it has printed something, and give everything it has printed."""
        deadline = time.monotonic() + seconds
        while text not in self.printed:
            assert self.process.poll() is None, f"it ended:\n{self.printed}"
            assert time.monotonic() < deadline, f"“{text}” never came:\n{self.printed}"
            time.sleep(0.02)
        return self.printed

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, wait for the end, and give the status."""
        self.process.send_signal(number)
        status = self.process.wait(timeout=PATIENCE_SECONDS)
        self._reader.join(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line


def make_installation(folder: Path, **environment: str) -> Installation:
    """Make an installation of the reference bot in a folder whose path has spaces."""
    project = folder / "a bot's folder"
    project.mkdir(parents=True)
    for name in BOT_FILES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, project / name)
    return Installation(project=project, environment=environment)


def make_small(installation: Installation) -> None:
    """Give an installation a bot with one form, which is trained in seconds."""
    small, project = REPOSITORY / "tests" / "spike" / "bot", installation.project
    for name in ("data", "actions"):
        shutil.rmtree(project / name)
    (project / "data").mkdir()
    shutil.copy(small / "data.yml", project / "data")
    for name in ("config.yml", "domain.yml", "actions.py"):
        shutil.copy(small / name, project)


@contextmanager
def removed_afterwards(installation: Installation) -> Iterator[Installation]:
    """Give an installation and leave nothing of it."""
    try:
        yield installation
    finally:
        installation.remove()


def eventually(holds: Callable[[], object], otherwise: str, *, seconds: float = 30.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it ended meanwhile, or is not ours
        return b""
