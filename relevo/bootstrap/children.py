"""Keeps child processes running: starts them, says when one ended, starts it again, and ends them politely."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from relevo.bootstrap.places import shown
from relevo.errors import ConfigurationError
from relevo.flow.waiting import stopped_within

_log = structlog.get_logger()
PROBLEM = "! "
"""What a child's sentence begins with when something is wrong."""

TO_BE_MENDED = 2
"""Status of a process that ended because a person must mend something first."""

_GIVING_BACK_SECONDS = 1.0
"""How long after its own end a child may take to give back what it has not finished."""

_LONGEST_PAUSE_SECONDS = 30.0
_HEALTHY_SECONDS = 60.0
"""A child that lived this long is started again at once; one that ends sooner, ever later."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A child process to keep running."""

    name: str
    arguments: Sequence[str]
    log: Path

    @property
    def command(self) -> list[str]:
        """What is started: this same program, told who its parent is."""
        return [
            sys.executable, "-m", "relevo", *self.arguments, "--name", self.name, "--supervisor", str(os.getpid()),
        ]  # fmt: skip


@dataclass(kw_only=True)
class Children:
    """The child processes of one ``serve``."""

    environment: Mapping[str, str]
    kept_open: int
    """Descriptor that they inherit: the state folder's lock, free only when all of them are gone."""
    tell: Callable[[str, str], None]
    """Called with a child's name and a sentence."""
    stop_seconds: float
    is_ready: bool = False
    """Whether everything has run once; from then on nothing is a reason to give up."""
    may_work: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the database has what they need; until then they import what they are made of, and wait."""
    running: dict[str, Process] = field(default_factory=dict)
    _problems: dict[str, str] = field(default_factory=dict)

    async def start(self, program: Program) -> Process:
        """Start a program once."""
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=dict(self.environment),
                pass_fds=(self.kept_open,),
                start_new_session=True,  # Ctrl-C is for serve, which then ends its children in order
            )
        self.running[program.name] = process
        _log.info("child.started", name=program.name, process=process.pid)
        return process

    async def keep(self, program: Program, process: Process, stop: asyncio.Event) -> None:
        """Keep a program that was started running until told to stop, then end it.

        Raises ConfigurationError when it cannot run for a reason that a person must mend, before everything was ready.
        """
        failures = 0
        while True:
            began = time.monotonic()
            ended = asyncio.create_task(self._listen(program, process))
            stopping = asyncio.create_task(stop.wait())
            allowing = asyncio.create_task(self._allow(process))
            await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            allowing.cancel()
            if stop.is_set():
                await self._end(program, process, ended)
                break
            self._demand_restartable(program, process)
            failures = 0 if time.monotonic() - began > _HEALTHY_SECONDS else failures + 1
            pause = min(0.1 * 2**failures, _LONGEST_PAUSE_SECONDS) if failures > 1 else 0.0
            self.tell(program.name, f"! {_how(process.returncode)}{_when(pause)} See {shown(program.log)}.")
            _log.warning("child.ended", name=program.name, status=process.returncode, pause_seconds=pause)
            if pause and await stopped_within(stop, pause):
                break
            process = await self.start(program)

    def _demand_restartable(self, program: Program, process: Process) -> None:
        """Before everything is ready, a child that says "mend this first" is right, and the person is still there."""
        if process.returncode == TO_BE_MENDED and not self.is_ready:
            reason = self._problems.get(program.name, f"See {shown(program.log)}.")
            raise ConfigurationError(f"The process “{program.name}” cannot run: {reason}")

    def kill(self) -> None:
        """End all of them at once; what they had in hand is taken up again by whoever starts next."""
        for process in self.running.values():
            _signal(process, signal.SIGKILL)

    async def _allow(self, process: Process) -> None:
        await self.may_work.wait()
        assert process.stdin is not None
        process.stdin.write(b"\n")
        with suppress(BrokenPipeError, ConnectionResetError):  # it has ended, which its keeper hears as well
            await process.stdin.drain()
        process.stdin.close()

    async def _listen(self, program: Program, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            sentence = line.decode("utf-8", "replace").rstrip()
            if sentence.startswith(PROBLEM):
                self._problems[program.name] = sentence.removeprefix(PROBLEM)
            self.tell(program.name, sentence)
        await process.wait()

    async def _end(self, program: Program, process: Process, ended: asyncio.Task[None]) -> None:
        _signal(process, signal.SIGTERM)
        _, unfinished = await asyncio.wait([ended], timeout=self.stop_seconds + _GIVING_BACK_SECONDS)
        if unfinished:
            self.tell(program.name, f"! It did not end within {self.stop_seconds:.0f} s, so it was killed.")
            _signal(process, signal.SIGKILL)
            await ended
        _log.info("child.stopped", name=program.name, status=process.returncode)


def _signal(process: Process, number: signal.Signals) -> None:
    if process.returncode is None:
        try:
            process.send_signal(number)
        except ProcessLookupError:  # it ended by itself a moment ago
            return


def _how(status: int | None) -> str:
    if status is not None and status < 0:
        return f"It was ended by {signal.Signals(-status).name} and"
    return f"It ended by itself (status {status}) and"


def _when(pause: float) -> str:
    return f" starts again in {pause:.0f} s." if pause >= 1 else " starts again."
