"""Two PostgreSQL servers of which one follows the other, and the operator who fails them over and brings them back.

Commits wait for both as long as the replica follows, so what is acknowledged is on both. The operator never has two
that take writes: the old primary is shut down for certain before the replica is promoted.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

import psycopg

from bench.kit.postgres_host import DATABASE, PostgresHost
from bench.kit.programs import BenchError
from bench.kit.services import Service

PATIENCE_SECONDS = 120.0
_FOLLOWS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn >= %s::pg_lsn"


@dataclass(kw_only=True)
class Replicas:
    """The pair."""

    primary: PostgresHost
    replica: PostgresHost
    did: Counter[str] = field(default_factory=Counter)
    services: dict[str, Service] = field(default_factory=dict)

    @property
    def dsn(self) -> str:
        """Connection string as relevo is given it: both hosts; the one that takes writes is found."""
        hosts = ",".join(sorted((self.primary.host.address, self.replica.host.address)))
        return f"postgresql://{DATABASE}@{hosts}/{DATABASE}"

    def service(self, server: PostgresHost) -> Service:
        """Give what keeps a server running."""
        return self.services.setdefault(server.host.name, Service(program=server.program))

    async def begin(self) -> None:
        """Make both, and have one follow the other."""
        self.primary.make()
        self.service(self.primary).start()
        await self._answers(self.primary)
        with self.primary.connect() as connection:
            connection.execute(f"CREATE ROLE {DATABASE} LOGIN")
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {DATABASE}")
        await self.bring_back()

    async def fail_over(self) -> None:
        """Shut the primary down for certain and promote the replica."""
        await self.shut_down(self.primary)
        self.primary, self.replica = self.replica, self.primary
        deadline = monotonic() + PATIENCE_SECONDS
        while monotonic() < deadline:
            with suppress(psycopg.OperationalError):
                if await asyncio.to_thread(self._promote):
                    return
            await asyncio.sleep(0.2)
        raise BenchError(f"{self.primary.host.name} was not promoted; see {self.primary.program.log}.")

    async def shut_down(self, server: PostgresHost) -> None:
        """Turn a server off, as one does who must be certain of it."""
        service = self.service(server)
        service.is_wanted = False
        service.signal(signal.SIGKILL)
        await asyncio.to_thread(server.program.wait)

    async def bring_back(self) -> None:
        """Have the other server follow the present primary, and commits wait for it."""
        await self._answers(self.primary)
        with self.primary.connect() as connection:
            connection.execute("CHECKPOINT")  # pg_rewind reads the new timeline from the last one
        way = await asyncio.to_thread(self.replica.follow, self.primary)
        self.did[f"replica {way}"] += 1
        self.service(self.replica).start()
        await self.caught_up()
        self.primary.be_synchronous(is_on=True)

    async def caught_up(self) -> None:
        """Wait until the replica has all that the primary has now; raises BenchError when it never has."""
        deadline = monotonic() + PATIENCE_SECONDS
        while monotonic() < deadline:
            with suppress(psycopg.OperationalError):
                if await asyncio.to_thread(self._is_caught_up):
                    return
            await asyncio.sleep(0.1)
        raise BenchError(f"{self.replica.host.name} does not follow; see {self.replica.program.log}.")

    def _is_caught_up(self) -> bool:
        with self.primary.connect() as connection:
            now = connection.execute("SELECT pg_current_wal_lsn()").fetchone()
            found = connection.execute(_FOLLOWS, now).fetchone()
            return bool(found and found[0])

    def _promote(self) -> bool:
        with self.primary.connect() as connection:
            done = connection.execute("SELECT pg_is_in_recovery() AND pg_promote(true, 30)").fetchone()
            still = connection.execute("SELECT pg_is_in_recovery()").fetchone()
            return bool(done) and still == (False,)

    async def _answers(self, server: PostgresHost) -> None:
        deadline = monotonic() + PATIENCE_SECONDS
        while monotonic() < deadline:
            with suppress(psycopg.OperationalError), await asyncio.to_thread(server.connect):
                return
            await asyncio.sleep(0.1)
        raise BenchError(f"{server.host.name} does not answer; see {server.program.log}.")
