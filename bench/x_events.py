"""Has customers write on a fake X while events double, swap and vanish, X fails and the web process is killed; counts.

Time is driven: X's 15 messages in 15 minutes and 1,440 a day are kept to, and days of them pass in minutes. Everything
should be zero; ends with status 1 where it is not. See bench/README.md. Run it with the project's Python:
.venv/bin/python -m bench.x_events [--events 10000] [--customers 400] [--kills 12] [--seed N]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from time import perf_counter
from uuid import uuid4

import psycopg
import structlog
import uvloop
from psycopg.conninfo import make_conninfo

from bench.kit.driven_clock import DrivenClock
from bench.kit.programs import BenchError, bench_folder
from bench.kit.x_business import XBusiness, business_on
from bench.kit.x_counting import Outcome, compare, compare_platform, timelines_of
from bench.kit.x_customers import let_go_wrong, people
from bench.kit.x_settling import Settling
from relevo.store.migrate import migrate
from relevo.store.postgres import running_postgres
from relevo.testing.x.server import fake_x

POSTERS = 4
"""So many events X posts at once."""


@dataclass(frozen=True, kw_only=True)
class XEvents:
    """How much, and with which chance."""

    events: int
    customers: int
    at_once: int
    """How many customers act in one round."""
    kills: int
    seed: int
    trouble: float = 1.0
    """How much more often than said everything goes wrong: short runs have to meet all of it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000, help="what X tells, each once")
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    chosen = parser.parse_args()
    asked = XEvents(events=chosen.events, customers=chosen.customers, at_once=120, kills=chosen.kills, seed=chosen.seed)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # a caller that is killed breaks off
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    uvloop.install()
    try:
        with bench_folder() as folder, running_postgres(folder / "state") as dsn:
            outcome = asyncio.run(run(asked, folder, dsn))
    except BenchError as error:
        parser.exit(1, f"{error}\n")
    print(report(asked, outcome))
    parser.exit(0 if outcome.is_clean else 1)


async def run(asked: XEvents, folder: Path, server: str) -> Outcome:
    """Play on a database of its own on a server."""
    dsn = _new_database(server)
    clock = DrivenClock(folder / "clock", dsn)
    migrate(dsn)
    async with (
        fake_x(clock=clock, workers=POSTERS, username="AuroraAir") as x,
        business_on(x, clock, dsn, folder) as business,
    ):
        return await _Run(asked, business).outcome()


def _new_database(server: str) -> str:
    name = f"x_events_{uuid4().hex}"
    with psycopg.connect(make_conninfo(server, user="postgres", dbname="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER relevo")
    return make_conninfo(server, dbname=name)


class _Run:
    """One run."""

    def __init__(self, asked: XEvents, business: XBusiness) -> None:
        self._asked, self._business, self._x = asked, business, business.x
        self._chance = Random(asked.seed)
        self._people = people(business.x, asked.customers, self._chance)
        self._settling = Settling(business=business)
        self._rounds = 0

    async def outcome(self) -> Outcome:
        """Have customers act in rounds until X has told enough, and count."""
        let_go_wrong(self._x, self._asked.seed, self._asked.trouble)
        began = perf_counter()
        killing = asyncio.create_task(self._kill())
        while len(self._x.deliveries.events) < self._asked.events:
            await self._round()
        await killing
        await self._settle()
        return await self._counted(perf_counter() - began)

    async def _round(self) -> None:
        self._rounds += 1
        acting = self._chance.sample(list(self._people), min(self._asked.at_once, len(self._people)))
        seeds = [self._chance.random() for _ in acting]
        await asyncio.gather(*(each.acts(Random(seed)) for each, seed in zip(acting, seeds, strict=True)))
        await self._settle()

    async def _settle(self) -> None:
        await self._settling.settled(sum(len(each.messages) for each in self._people))

    async def _kill(self) -> None:
        """Kill when X has told so much: anywhere in the run, whatever goes on."""
        share = self._asked.events / (self._asked.kills + 1)
        for number in range(self._asked.kills):
            await self._told(round(share * (number + 0.5 + self._chance.random())))
            await asyncio.sleep(self._chance.random() / 5)
            await self._business.kill()

    async def _told(self, events: int) -> None:
        await self._x.until(lambda: len(self._x.deliveries.events) >= events)

    async def _counted(self, seconds: float) -> Outcome:
        outcome = Outcome(seconds=seconds)
        timelines = await timelines_of(self._business)
        compare(self._people, timelines, outcome)
        await compare_platform(self._business, self._people, outcome)
        told = {
            "rounds": self._rounds,
            "times that time was driven": self._settling.jumps,
            "stalls": self._settling.stalls,
        }
        outcome.did |= told
        return outcome


def report(asked: XEvents, outcome: Outcome) -> str:
    """Give what somebody wants to read at the end."""
    did = [f"{name:>26}  {value}" for name, value in outcome.did.items()]
    wrong = [f"{name:>26}  {count}" for name, count in outcome.wrong.items()]
    head = f"seed {asked.seed}: {asked.events} events, {asked.customers} customers, {outcome.seconds:.0f} s"
    return "\n".join([head, "", *did, "", "should be 0:", *wrong, *outcome.examples])


if __name__ == "__main__":
    main()
