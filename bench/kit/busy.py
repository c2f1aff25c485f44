"""How busy the machine was with other things while something was measured."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, process_time

from bench.kit.process_tree import machine_cpu_seconds

QUIET_SHARE = 0.05
"""Above this share of the machine, somebody else's work is in the numbers."""


@dataclass
class Others:
    """What others used meanwhile."""

    share: float = 0.0

    def remark(self) -> str:
        """Say what that means for the numbers."""
        told = (
            f"{os.cpu_count()} processors, of which others used {100 * self.share:.0f} % while messages were"
            f" played; load average at the end {os.getloadavg()[0]:.1f}."
        )
        if self.share <= QUIET_SHARE:
            return told
        return f"{told} NOT a quiet machine: absolute numbers are too high, and ratios uncertain."


@contextmanager
def others(cpu_seconds: Callable[[], float]) -> Iterator[Others]:
    """Find out what was used apart from this process and from those whose processor time is given."""

    def own() -> float:
        return process_time() + cpu_seconds()

    found = Others()
    began, machine, ours = perf_counter(), machine_cpu_seconds(), own()
    yield found
    seconds = (perf_counter() - began) * (os.cpu_count() or 1)
    found.share = max(0.0, machine_cpu_seconds() - machine - (own() - ours)) / seconds
