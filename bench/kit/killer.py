"""Kills processes of a running `relevo serve` with signal 9, one at a time, while messages are on their way."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from time import monotonic

from bench.kit.impatient import Impatient
from bench.kit.process_tree import Process
from bench.kit.programs import kill_left_over
from bench.kit.relevo_serve import KINDS, RelevoServe, kind_of

WEIGHTS: Mapping[str, int] = {"bot": 4, "web": 3, "postgres": 2, "serve": 1}
ORPHAN_SECONDS = 20.0


@dataclass(kw_only=True)
class Killer:
    """Chooses whom to kill and when, from a seed."""

    serve: RelevoServe
    clients: Impatient
    chance: Random
    pauses: tuple[float, float] = (1.0, 4.0)
    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    ended_by_itself: int = 0
    """How often `serve` ended though nobody killed it."""
    orphans: int = 0
    """Processes that outlived a killed `serve`."""

    async def run(self, seconds: float) -> None:
        """Kill for so long: every kind once, however long that takes, then as the weights say."""
        pending = sorted(KINDS)
        self.chance.shuffle(pending)
        end = monotonic() + seconds
        while pending or monotonic() < end:
            await asyncio.sleep(self.chance.uniform(*self.pauses))
            kind = pending[-1] if pending else self.chance.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
            await self._a_busy_moment()
            if not self.serve.program.is_running:
                self._start_again()
            elif await self._kill(kind) and pending:
                pending.pop()
        if not self.serve.program.is_running:
            self._start_again()

    def _start_again(self) -> None:
        self.ended_by_itself += 1
        self.serve.program.start()

    async def _a_busy_moment(self) -> None:
        moment = self.chance.choice((self.clients.on_its_way, self.clients.confirming))
        moment.clear()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(moment.wait(), 2.0)
        await asyncio.sleep(self.chance.uniform(0.0, 0.05))

    async def _kill(self, kind: str) -> bool:
        processes = self.serve.program.processes()
        victims = [process for process in processes if kind_of(process, self.serve.program.pid) == kind]
        if not victims:
            return False  # it is being started again
        os.kill(self.chance.choice(victims).pid, signal.SIGKILL)
        self.kills[kind] += 1
        if kind == "serve":
            await self._serve_again([process for process in processes if process not in victims])
        return True

    async def _serve_again(self, children: list[Process]) -> None:
        """Start it again at once, as a supervisor does; whatever ran below the killed one must end by itself."""
        self.serve.program.wait()
        self.serve.program.start()
        deadline = monotonic() + ORPHAN_SECONDS
        while monotonic() < deadline and any(child.still_lives() for child in children):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        left = [child for child in children if child.still_lives()]
        self.orphans += len(left)
        kill_left_over(left)
