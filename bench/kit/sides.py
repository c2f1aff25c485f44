"""What is compared: each side has a door, processes, and what was measured on it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.kit.conversations import Conversation
from bench.kit.load import Round, play
from bench.kit.process_tree import Process, cpu_seconds, pss_megabytes, rss_megabytes

BOTS = "bots"


@dataclass(kw_only=True)
class Side:
    """One of the two bots."""

    name: str
    port: int
    parts: Callable[[], Mapping[str, list[Process]]]
    """Its processes by what they do; those that answer are ``BOTS``."""
    ready_seconds: float = 0.0
    rounds: dict[int, list[Round]] = field(default_factory=dict)
    cpu_milliseconds: dict[str, list[float]] = field(default_factory=dict)
    """Processor time of each part for one message, in each round."""
    megabytes: dict[str, float] = field(default_factory=dict)
    """Proportional share of each part's memory (PSS) after the rounds."""
    largest_bot_megabytes: float = 0.0
    """Resident memory (RSS) of the largest bot process after the rounds."""

    async def play(self, conversations: Sequence[Conversation], clients: int, *, counts: bool = True) -> None:
        """Play one round; it is forgotten when it does not count."""
        before = self._cpu()
        measured = await play(self.port, conversations, clients)
        if not counts:
            return
        self.rounds.setdefault(clients, []).append(measured)
        for part, used in self._cpu().items():
            spent = 1000 * (used - before.get(part, 0.0)) / len(measured.latencies)
            self.cpu_milliseconds.setdefault(part, []).append(spent)

    def weigh(self) -> None:
        """Measure the memory of what runs now."""
        parts = self.parts()
        self.largest_bot_megabytes = max(map(rss_megabytes, parts[BOTS]))
        self.megabytes = {part: pss_megabytes(processes) for part, processes in parts.items()}

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far."""
        return sum(self._cpu().values())

    def median(self, clients: int, number: Callable[[Round], float]) -> float:
        """Give the median over the rounds with so many clients."""
        return statistics.median(number(each) for each in self.rounds[clients])

    def _cpu(self) -> dict[str, float]:
        return {part: cpu_seconds(processes) for part, processes in self.parts().items()}
