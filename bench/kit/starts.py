"""How long it takes from a start to the first answer: with nothing of it in memory, and right after another run."""

from __future__ import annotations

import statistics
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.kit.page_cache import forget_files
from bench.kit.programs import PROJECT, Program, first_answer

OPENING = "hola"
START_SECONDS = 900.0


@dataclass(kw_only=True)
class Starts:
    """Seconds from the start of a side's programs to its first answer."""

    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)

    def medians(self) -> tuple[float, float]:
        """Give those of cold and of warm starts."""
        return statistics.median(self.cold), statistics.median(self.warm)


@dataclass(frozen=True, slots=True)
class Startable:
    """What a start needs to know of a side that runs."""

    program: Program
    """The one that answers."""
    port: int
    stop: Callable[[], None]


async def measure_starts(begin: Callable[[], Startable], folders: Sequence[Path], times: int) -> Starts:
    """Start and stop so many times cold, each time with a warm start after it; ``folders`` is what it reads."""
    starts = Starts()
    everything = [*folders, PROJECT, Path(sysconfig.get_path("stdlib"))]
    for _ in range(times):
        forget_files(everything)
        starts.cold.append(await _start_once(begin))
        starts.warm.append(await _start_once(begin))
    return starts


async def _start_once(begin: Callable[[], Startable]) -> float:
    started = begin()
    try:
        return await first_answer(started.program, started.port, OPENING, START_SECONDS)
    finally:
        started.stop()


def own_environment() -> Path:
    """Give the environment that our side and this process run in."""
    return Path(sys.prefix)
