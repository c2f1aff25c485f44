"""Relevo on hosts of its own: with `relevo web`, with `relevo bot`, and two with PostgreSQL, one of them a replica."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic

from bench.kit.hosts import Host, Network
from bench.kit.postgres_host import PostgresHost
from bench.kit.programs import PROJECT, BenchError, Program
from bench.kit.raw_http import HttpConnection
from bench.kit.replicas import Replicas
from bench.kit.services import Service
from bench.kit.stepped_clock import SteppedClock, compiled
from relevo.bootstrap.business import load_demo
from relevo.bootstrap.store import open_store
from relevo.store.reach import bring_forward

PORT = 8080
TOKEN = "of the bench alone"  # noqa: S105 - nothing outside of its namespaces can reach what it opens
_KEY = b64encode(b"of the bench, and of nobody else").decode()


@dataclass(kw_only=True)
class Machine:
    """A host and what runs on it."""

    host: Host
    service: Service
    clock: SteppedClock | None = None


@dataclass(kw_only=True)
class Cluster:
    """Everything."""

    folder: Path
    model: Path
    settings: Mapping[str, str]
    webs: int = 2
    bots: int = 3
    replicas: Replicas = field(init=False)
    machines: dict[str, Machine] = field(default_factory=dict)
    library: Path | None = None
    """Steps the hosts' clocks; None where it cannot be compiled."""
    _clocks: dict[str, SteppedClock] = field(default_factory=dict)

    async def begin(self) -> None:
        """Start everything and wait until all of it is ready."""
        network = Network.make()
        self.library = compiled(self.folder)  # which has no space in its name: the loader takes it for two
        databases = [self._database(network, name) for name in ("db1", "db2")]
        self.replicas = Replicas(primary=databases[0], replica=databases[1])
        await self.replicas.begin()
        for database in databases:
            service = self.replicas.service(database)
            self._add(database.host, service)
        await asyncio.to_thread(bring_forward, self.dsn)
        async with open_store(self.dsn, size=2, name="bench", hears=()) as opened:
            await load_demo(opened, afresh=False)
        for kind, count in (("web", self.webs), ("bot", self.bots)):
            for number in range(1, count + 1):
                self._relevo(network, kind, f"{kind}{number}")
        await self.ready(120.0)

    def end(self) -> None:
        """End everything at once."""
        for service in self.services():
            service.is_wanted = False
            service.signal(signal.SIGKILL)

    @property
    def dsn(self) -> str:
        """Connection string that names both databases."""
        return self.replicas.dsn

    def services(self) -> Iterator[Service]:
        """All that should run."""
        return iter([machine.service for machine in self.machines.values()])

    def of(self, kind: str) -> list[Machine]:
        """Give the machines of a kind: web, bot or db."""
        return [machine for name, machine in self.machines.items() if name.startswith(kind)]

    def machine_of(self, database: PostgresHost) -> Machine:
        """Give a database's machine."""
        return self.machines[database.host.name]

    def connect(self, chance: Random) -> HttpConnection:
        """Connect to one of the doors, as a customer's platform does behind a balancer that asks nobody."""
        web = chance.choice(self.of("web"))
        return HttpConnection(PORT, web.host.address, TOKEN)

    def door(self, chance: Random) -> str:
        """Give the address of one of the doors."""
        return f"http://{chance.choice(self.of('web')).host.address}:{PORT}"

    def count(self, words: str) -> int:
        """Count the lines of all logs in which these words stand."""
        logs = (service.program.log.read_text(errors="replace") for service in self.services())
        return sum(words in line for log in logs for line in log.splitlines())

    async def ready(self, seconds: float) -> None:
        """Wait until each door says that everything is ready; raises BenchError when one never does."""
        deadline = monotonic() + seconds
        for web in self.of("web"):
            while not await _is_ready(web):
                if monotonic() > deadline:
                    raise BenchError(f"{web.host.name} does not become ready; see {web.service.program.log}.")
                await asyncio.sleep(0.2)

    def _database(self, network: Network, name: str) -> PostgresHost:
        environment = self._clock(name).environment() if self.library else {}
        return PostgresHost(host=network.add(name), folder=self.folder / name, environment=environment)

    def _add(self, host: Host, service: Service) -> None:
        self.machines[host.name] = Machine(host=host, service=service, clock=self._clocks.get(host.name))

    def _clock(self, name: str) -> SteppedClock:
        assert self.library is not None
        return self._clocks.setdefault(name, SteppedClock(self.library, self.folder / f"{name}.clock"))

    def _relevo(self, network: Network, kind: str, name: str) -> None:
        host = network.add(name)
        state = self.folder / f"relevo on {name}"
        (state / "models").mkdir(parents=True)
        if kind == "bot":
            shutil.copy(self.model, state / "models")
        program = Program(
            name=f"relevo {kind} on {name}",
            command=host.command([sys.executable, "-m", "relevo", kind]),
            folder=PROJECT,
            log=self.folder / f"{name}.log",
            environment={**self._environment(host, state), **(self._clock(name).environment() if self.library else {})},
        )
        service = Service(program=program, may_end=lambda: False)
        self._add(host, service)
        service.start()

    def _environment(self, host: Host, state: Path) -> dict[str, str]:
        return {
            "DATABASE_URL": self.dsn,
            "HOSTNAME": host.name,
            "RELEVO_PROJECT": str(PROJECT),
            "RELEVO_STATE": str(state),
            "RELEVO_HOST": host.address,
            "RELEVO_PORT": str(PORT),
            "RELEVO_REST_TOKEN": TOKEN,
            "RELEVO_ATTACHMENT_KEY": _KEY,
            **self.settings,
        }


async def _is_ready(web: Machine) -> bool:
    connection = HttpConnection(PORT, web.host.address)
    try:
        return (await asyncio.wait_for(connection.ask("GET", "/ready"), 5.0)).status == 200
    except (OSError, asyncio.TimeoutError):
        return False
    finally:
        connection.close()
