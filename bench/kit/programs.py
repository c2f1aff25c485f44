"""Programs that a bench starts: each with a log of its own, ended with everything below it."""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, perf_counter

from bench.kit.process_tree import Process, descendants, tree
from bench.kit.raw_http import HttpConnection

PROJECT = Path(__file__).resolve().parent.parent.parent
STOP_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1


class BenchError(Exception):
    """The bench cannot go on; the message says why."""


@dataclass(kw_only=True)
class Program:
    """One program of a bench."""

    name: str
    command: list[str]
    folder: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    began_at: float = 0.0
    _running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the program itself."""
        assert self._running is not None, "not started"
        return self._running.pid

    @property
    def is_running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._running is not None and self._running.poll() is None

    def start(self) -> None:
        """Start it in a process group of its own: Ctrl-C is for the bench, which then stops it."""
        with self.log.open("ab") as log:
            self.began_at = perf_counter()
            self._running = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={**_clean_environment(), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_the_bench,  # noqa: PLW1509 - the bench starts programs from its only thread
            )

    def processes(self) -> list[Process]:
        """The program's process and all below it."""
        return tree(self.pid) if self.is_running else []

    def wait(self) -> None:
        """Wait until a program that was killed has ended."""
        if self._running is not None:
            self._running.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Ask it to end, wait, and kill what is left of it."""
        if self._running is None:
            return
        below = descendants(self.pid)
        if self.is_running:
            self._running.terminate()
        try:
            self._running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            below = descendants(self.pid)
            self._running.kill()
            self._running.wait()
        kill_left_over(below)

    def died(self) -> BenchError:
        """What to say when it ended by itself."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return BenchError(f"{self.name} ended by itself; its last words: {' / '.join(lines[-5:])}")


def _end_with_the_bench() -> None:
    """Have the kernel ask a program to stop when the bench is gone, however that ended."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def kill_left_over(processes: list[Process]) -> None:
    """Kill what outlived its parent; a process id that names another program by now is left alone."""
    for process in processes:
        if process.still_lives():
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


@contextmanager
def bench_folder() -> Iterator[Path]:
    """Yield a folder, with a space in its name, that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="relevo bench ") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's unprivileged account must be able to enter
        yield folder


def free_port() -> int:
    """Give a port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def first_answer(program: Program, port: int, text: str, seconds: float) -> float:
    """Ask until the bot answers; give the seconds since the program was started."""
    connection = HttpConnection(port)
    number = itertools.count()

    async def ask() -> bool:
        answer = await connection.say({"sender": f"first-{port}-{next(number)}", "message": text})
        return answer.status == 200 and bool(answer.texts())

    await _until(ask, program, seconds)
    connection.close()
    return perf_counter() - program.began_at


async def ready(program: Program, port: int, seconds: float) -> float:
    """Ask until `/ready` says yes; give the seconds since the program was started."""
    connection = HttpConnection(port)

    async def ask() -> bool:
        return (await connection.ask("GET", "/ready")).status == 200

    await _until(ask, program, seconds)
    connection.close()
    return perf_counter() - program.began_at


async def _until(ask: Callable[[], Awaitable[bool]], program: Program, seconds: float) -> None:
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        with suppress(OSError):
            if await ask():
                return
        if not program.is_running:
            raise program.died()
        await asyncio.sleep(0.05)
    raise BenchError(f"{program.name} did not answer within {seconds:.0f} s; see {program.log}.")


def _clean_environment() -> dict[str, str]:
    """Our environment without what would point a program at another installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RELEVO_", "PYTHON"))}
    kept.pop("DATABASE_URL", None)
    return {**kept, "RASA_TELEMETRY_ENABLED": "false"}
