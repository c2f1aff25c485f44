"""What is compared: each side has a door, processes, and what was measured on it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.kit.conversations import Conversation
from bench.kit.load import Round, play
from bench.kit.process_tree import Process, cpu_seconds, pss_megabytes, rss_megabytes

BOTS = "bot"


@dataclass(kw_only=True)
class Side:
    """One of the bots."""

    name: str
    port: int
    parts: Callable[[], Mapping[str, list[Process]]]
    """Its processes by what they do; those that answer are ``BOTS``."""
    rounds: dict[int, list[Round]] = field(default_factory=dict)
    """What was measured with so many clients, in each round."""
    cpu_milliseconds: dict[int, list[dict[str, float]]] = field(default_factory=dict)
    """Processor time of each part for one message with so many clients, in each round."""

    async def play(self, conversations: Sequence[Conversation], clients: int, *, counts: bool = True) -> None:
        """Play one round; it is forgotten when it does not count."""
        before = self._cpu()
        measured = await play(self.port, conversations, clients)
        if not counts:
            return
        self.rounds.setdefault(clients, []).append(measured)
        spent = {part: used - before.get(part, 0.0) for part, used in self._cpu().items()}
        a_message = {part: 1000 * seconds / len(measured.latencies) for part, seconds in spent.items()}
        self.cpu_milliseconds.setdefault(clients, []).append(a_message)

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far."""
        return sum(self._cpu().values())

    def largest_bot_megabytes(self) -> float:
        """Resident memory (RSS) of its largest bot process now."""
        return max(map(rss_megabytes, self.parts()[BOTS]))

    def all_megabytes(self) -> float:
        """Memory of all its processes now; what several share is counted once (PSS)."""
        return sum(pss_megabytes(processes) for processes in self.parts().values())

    def median(self, clients: int, number: Callable[[Round], float]) -> float:
        """Give the median over the rounds with so many clients."""
        return statistics.median(number(each) for each in self.rounds[clients])

    def spent(self, clients: int) -> dict[str, float]:
        """Give milliseconds of processor time for a message by part, medians over the rounds with so many clients."""
        rounds = self.cpu_milliseconds[clients]
        return {part: statistics.median(each.get(part, 0.0) for each in rounds) for part in rounds[-1]}

    def _cpu(self) -> dict[str, float]:
        return {part: cpu_seconds(processes) for part, processes in self.parts().items()}
