"""What a process and its descendants use, read from Linux's /proc: memory, processor time, command lines."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """A process as it was a moment ago."""

    pid: int
    parent: int
    command: str
    cpu_seconds: float
    born: int
    """When it started, in ticks since the machine did: with the id, what tells it from a later process."""

    def still_lives(self) -> bool:
        """Whether this very process is still there."""
        now = _read(self.pid)
        return now is not None and now.born == self.born


def descendants(pid: int) -> list[Process]:
    """The processes below one, those of the first generation first; a process that ended meanwhile is left out."""
    everyone = list(_everyone())
    found: list[Process] = []
    generation = {pid}
    while generation:
        born = [process for process in everyone if process.parent in generation]
        found += born
        generation = {process.pid for process in born}
    return found


def tree(pid: int) -> list[Process]:
    """A process and its descendants."""
    process = _read(pid)
    return [process, *descendants(pid)] if process else []


def pss_megabytes(processes: Iterable[Process]) -> float:
    """Memory in MB (10^6 bytes); what several processes share is divided among them."""
    return sum(_memory_kibibytes(process.pid, "Pss") for process in processes) * 1024 / 1_000_000


def rss_megabytes(process: Process) -> float:
    """Memory of one process in MB, what it shares with others included."""
    return _memory_kibibytes(process.pid, "Rss") * 1024 / 1_000_000


def cpu_seconds(processes: Iterable[Process]) -> float:
    """Processor time used so far."""
    return sum(process.cpu_seconds for process in processes)


def machine_cpu_seconds() -> float:
    """Processor time that the whole machine has used so far, by everybody."""
    user, nice, system, _idle, _wait, irq, softirq, steal, *_ = (PROC / "stat").read_text().splitlines()[0].split()[1:]
    return sum(map(int, (user, nice, system, irq, softirq, steal))) / TICKS_PER_SECOND


def _everyone() -> Iterator[Process]:
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (process := _read(int(folder.name))):
            yield process


def _read(pid: int) -> Process | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
        command = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[0] == "Z":
        return None
    ticks = int(fields[11]) + int(fields[12])
    return Process(pid, int(fields[1]), command, ticks / TICKS_PER_SECOND, int(fields[19]))


def _memory_kibibytes(pid: int, kind: str) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")), 0)
