"""Keeps programs of a bench running, as a host's supervisor does: what ends is started again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.kit.programs import Program

_LOOK_SECONDS = 0.2
_AGAIN_SECONDS = 0.5
_NO_DATABASE = ("does not let us in", "does not answer", "has no room left")
"""What relevo says that cannot start without a database."""


@dataclass(kw_only=True)
class Service:
    """One program that should run."""

    program: Program
    is_wanted: bool = False
    is_killed: bool = False
    """Whether the bench ended it, so that its end is no news."""
    starts: int = 0
    ended_by_itself: int = 0
    may_end: Callable[[], bool] = lambda: True
    """Whether nobody wonders that it ended just now."""
    _said: int = 0

    def start(self) -> None:
        """Start it, and again whenever it has ended."""
        self.is_wanted, self.is_killed = True, False
        self.starts += 1
        self._said = self.program.log.stat().st_size if self.program.log.exists() else 0
        self.program.start()

    def signal(self, number: signal.Signals) -> None:
        """Signal it and all below it."""
        self.is_killed = self.is_killed or number is signal.SIGKILL
        for process in self.program.processes():
            if process.still_lives():
                os.kill(process.pid, number)

    def look(self) -> None:
        """Start it where it has ended."""
        if self.is_wanted and not self.program.is_running:
            if not self.is_killed and not self.may_end() and not self._had_no_database():
                self.ended_by_itself += 1
            self.start()

    def _had_no_database(self) -> bool:
        with self.program.log.open(errors="replace") as log:
            log.seek(self._said)
            said = log.read()
        return any(words in said for words in _NO_DATABASE)


async def keep(services: Callable[[], Iterable[Service]]) -> None:
    """Keep services running until cancelled."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        for service in services():
            if service.is_wanted and not service.program.is_running:
                await asyncio.sleep(_AGAIN_SECONDS)
                service.look()
