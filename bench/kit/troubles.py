"""What befalls a cluster: processes killed and frozen, hosts cut off and lost, the database restarted, failed over and
short of room, clocks stepped. One trouble after another, each chosen and timed from a seed, and each over at its end.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from time import monotonic

from bench.kit.cluster import Cluster, Machine
from bench.kit.impatient import Impatient
from bench.kit.play import Chaos
from bench.kit.postgres_host import PostgresHost

WEIGHTS = {
    "bot killed": 4,
    "web killed": 3,
    "bot frozen past its lease": 3,
    "web frozen": 1,
    "bot's host cut off": 2,
    "web's host cut off": 2,
    "bot's host lost": 2,
    "web's host lost": 1,
    "database killed": 2,
    "database restarted": 2,
    "database frozen": 1,
    "replica cut off": 1,
    "failed over: primary's host lost": 2,
    "failed over: primary cut off": 2,
    "failed over: primary frozen": 1,
    "failed over: planned": 1,
    "primary's disk filled": 2,
    "replica's disk filled": 1,
    "database's clock stepped": 2,
    "another host's clock stepped": 2,
}
BRIEFLY = frozenset(
    {
        "bot killed",
        "web killed",
        "bot frozen past its lease",
        "bot's host lost",
        "web's host cut off",
        "database restarted",
        "failed over: primary cut off",
        "primary's disk filled",
        "database's clock stepped",
    }
)
"""One of each sort."""
_STEP_SECONDS = (60, 600)


@dataclass(kw_only=True)
class Troubles:
    """Chooses what happens, and when."""

    cluster: Cluster
    clients: Impatient
    chance: Random
    chaos: Chaos
    lease_seconds: float
    happened: Counter[str] = field(default_factory=Counter)
    diary: list[str] = field(default_factory=list)
    _began: float = field(default_factory=monotonic)

    async def run(self, seconds: float) -> None:
        """Let things happen for so long: each once, however long that takes, then as the weights say."""
        possible = {kind: weight for kind, weight in WEIGHTS.items() if self._can(kind)}
        pending = sorted(possible)
        self.chance.shuffle(pending)
        end = monotonic() + seconds
        while pending or monotonic() < end:
            await asyncio.sleep(self.chance.uniform(*self.chaos.pauses))
            kind = pending.pop() if pending else self.chance.choices([*possible], [*possible.values()])[0]
            await self._a_busy_moment()
            self.diary.append(f"{monotonic() - self._began:6.1f} s  {kind}")
            await self._do(kind)
            self.happened[kind] += 1

    def _do(self, kind: str) -> Awaitable[None]:
        deeds: dict[str, Callable[[], Awaitable[None]]] = {
            "bot killed": lambda: self._killed(self._any("bot")),
            "web killed": lambda: self._killed(self._any("web")),
            "bot frozen past its lease": lambda: self._frozen(self._any("bot"), self.lease_seconds),
            "web frozen": lambda: self._frozen(self._any("web")),
            "bot's host cut off": lambda: self._cut(self._any("bot")),
            "web's host cut off": lambda: self._cut(self._any("web")),
            "bot's host lost": lambda: self._lost(self._any("bot")),
            "web's host lost": lambda: self._lost(self._any("web")),
            "database killed": lambda: self._killed(self._primary),
            "database restarted": self._restarted,
            "database frozen": lambda: self._frozen(self._primary),
            "replica cut off": lambda: self._cut(self.cluster.machine_of(self.cluster.replicas.replica)),
            "failed over: primary's host lost": lambda: self._failed_over(self._vanishes),
            "failed over: primary cut off": lambda: self._failed_over(self._is_cut),
            "failed over: primary frozen": lambda: self._failed_over(self._freezes),
            "failed over: planned": lambda: self._failed_over(self._ends),
            "primary's disk filled": lambda: self._filled(self.cluster.replicas.primary),
            "replica's disk filled": lambda: self._filled(self.cluster.replicas.replica),
            "database's clock stepped": lambda: self._stepped(self._primary),
            "another host's clock stepped": lambda: self._stepped(self._any(self.chance.choice(("bot", "web")))),
        }
        return deeds[kind]()

    def _can(self, kind: str) -> bool:
        is_chosen = not self.chaos.troubles or kind in self.chaos.troubles
        return is_chosen and ("clock" not in kind or self.cluster.library is not None)

    async def _a_busy_moment(self) -> None:
        moment = self.chance.choice((self.clients.on_its_way, self.clients.confirming))
        moment.clear()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(moment.wait(), 1.0)
        await asyncio.sleep(self.chance.uniform(0.0, 0.05))

    async def _a_while(self) -> None:
        await asyncio.sleep(self.chance.uniform(*self.chaos.lasts))

    def _any(self, kind: str) -> Machine:
        return self.chance.choice(self.cluster.of(kind))

    @property
    def _primary(self) -> Machine:
        return self.cluster.machine_of(self.cluster.replicas.primary)

    async def _killed(self, machine: Machine) -> None:
        self.diary[-1] += f": {machine.host.name}"
        machine.service.signal(signal.SIGKILL)

    async def _frozen(self, machine: Machine, at_least: float = 0.0) -> None:
        machine.service.signal(signal.SIGSTOP)
        await asyncio.sleep(at_least)
        await self._a_while()
        machine.service.signal(signal.SIGCONT)

    async def _cut(self, machine: Machine) -> None:
        machine.host.cut()
        await self._a_while()
        machine.host.mend()

    async def _lost(self, machine: Machine) -> None:
        """Lose power: nobody hears a last word of it."""
        machine.host.cut()
        machine.service.is_wanted = False
        machine.service.signal(signal.SIGKILL)
        await self._a_while()
        machine.host.mend()
        machine.service.is_wanted = True

    async def _restarted(self) -> None:
        self.cluster.replicas.primary.tell(signal.SIGINT)

    async def _failed_over(self, fail: Callable[[Machine], Awaitable[None]]) -> None:
        """Have the primary fail, fail over, and bring it back as the replica."""
        replicas, old = self.cluster.replicas, self._primary
        await replicas.caught_up()
        await fail(old)
        await asyncio.sleep(self.chance.uniform(0.0, 2.0))
        await replicas.fail_over()
        await self._a_while()
        old.host.mend()
        await replicas.bring_back()

    async def _vanishes(self, machine: Machine) -> None:
        machine.host.cut()
        await self.cluster.replicas.shut_down(self.cluster.replicas.primary)

    async def _is_cut(self, machine: Machine) -> None:
        machine.host.cut()

    async def _freezes(self, machine: Machine) -> None:
        machine.service.signal(signal.SIGSTOP)

    async def _ends(self, machine: Machine) -> None:
        machine.service.is_wanted = False
        self.cluster.replicas.primary.tell(signal.SIGINT)
        await asyncio.to_thread(machine.service.program.wait)

    async def _filled(self, database: PostgresHost) -> None:
        database.fill_disk()
        try:
            await self._a_while()
        finally:
            database.empty_disk()

    async def _stepped(self, machine: Machine) -> None:
        """Step a host's clock: away from the true time, and next time back across it."""
        assert machine.clock is not None
        off = machine.clock.seconds_off
        sign = self.chance.choice((-1, 1)) if off == 0 else -1 if off > 0 else 1
        seconds = sign * (abs(off) + self.chance.randint(*_STEP_SECONDS))
        machine.clock.step(seconds)
        self.diary[-1] += f": {machine.host.name} by {seconds:+} s"
