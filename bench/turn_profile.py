"""Measures the processor time of one turn inside the bot process, by stage, and of turn 400 beside turn 4.

Run it with the project's Python: .venv/bin/python -m bench.turn_profile [--rounds 5] [--cprofile]; see bench/README.md.
It counts processor time of the thread, and beside it that of a fixed piece of work: on a busy machine both take longer.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import itertools
import logging
import pstats
import warnings
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from statistics import mean, median
from time import thread_time_ns

import structlog
import uvloop
from msgspec.structs import replace

from bench.kit.conversations import SCRIPTS, Customer, conversations
from bench.kit.customers import add_customers
from bench.kit.stage_clock import Measured, StageClock
from bench.search import temporary_database
from relevo.bootstrap.business import turn_services
from relevo.bootstrap.store import OpenStore, open_store
from relevo.brain.bot_files import BotFiles
from relevo.brain.lean import importing_rasa
from relevo.brain.models import Models
from relevo.configuration import read_configuration
from relevo.domain.messages import Arrival
from relevo.flow.converse import Converser
from relevo.help.answers import HelpFromArticles
from relevo.help.shelf import Shelf
from relevo.store.aurora.company import Aurora
from relevo.store.migrate import migrate

PROJECT = Path(__file__).parents[1]
KEPT = PROJECT / ".relevo" / "bench-models"
REST, CLIENT = "the rest of the turn", "database client"
STAGES = (
    "claim", "understanding", "slots", "prediction", "actions", "replies", "tracker read again", "settling", CLIENT,
    REST,
)  # fmt: skip
STEADY = (
    "hola",
    "¿eres un robot?",
    "me faltan los puntos",
    "¿por qué necesitas mis datos?",
    "déjalo",
    "gracias",
)
"""Leaves the conversation as it began; turn 400 is its fourth message, like turn 4."""
CYCLES = 67


@dataclass(kw_only=True)
class Bench:
    """One bot on one database, and what measures it."""

    opened: OpenStore
    converser: Converser
    clock: StageClock
    profile: cProfile.Profile | None = None
    said: int = 0
    yardsticks: list[float] = field(default_factory=list)

    async def turn(self, address: str, text: str) -> Measured:
        """Have one message answered, and give what that cost; receiving it is the web's."""
        self.said += 1
        arrival = Arrival(channel="rest", address=address, external_id=f"{address}/{self.said}", text=text)
        await self.opened.store.inbox.receive([arrival])
        self.yardsticks.append(_yardstick())
        self.clock.start()
        if self.profile:
            self.profile.enable()
        (claim,) = await self.opened.store.inbox.claim(1)
        await self.converser.converse(claim)
        if self.profile:
            self.profile.disable()
        return self.clock.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often all scripts are played")
    parser.add_argument("--long", type=int, default=3, help="how many conversations of 402 turns")
    parser.add_argument("--cprofile", action="store_true", help="where the time goes, by function; times are not true")
    chosen = parser.parse_args()
    _be_quiet()
    model = trained_model()
    uvloop.install()
    with temporary_database() as dsn:
        migrate(dsn)
        asyncio.run(_measure(dsn, model, chosen.rounds, chosen.long, cProfile.Profile() if chosen.cprofile else None))


def trained_model() -> Path:
    """Give the reference bot's model, trained where its files have changed."""
    with importing_rasa():
        from relevo.brain.training import train

    models, files = Models(KEPT), BotFiles(PROJECT)
    KEPT.mkdir(parents=True, exist_ok=True)
    return (
        models.of(files.fingerprint()) if models.has(files.fingerprint()) else train(files, models, KEPT / "log").model
    )


async def _measure(dsn: str, model: Path, rounds: int, long: int, profile: cProfile.Profile | None) -> None:
    customers = (Customer(number) for number in itertools.count(1))
    async with _bench(dsn, model) as bench:
        played = [Customer(number) for number in range(1, (rounds + 1) * len(SCRIPTS) + 1)]
        add_customers(dsn, played)
        await _play(bench, customers, "warm")
        bench.profile = profile
        turns = [turn for number in range(rounds) for turn in await _play(bench, customers, f"round-{number}")]
        print_stages(turns, bench.yardsticks)
        if profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(60)
            return
        print_long([await _long(bench, f"long-{number}") for number in range(long)])


async def _play(bench: Bench, customers: Iterator[Customer], prefix: str) -> list[Measured]:
    made = conversations(SCRIPTS, customers, len(SCRIPTS), prefix)
    return [await bench.turn(each.sender, text) for each in made for text in each.texts]


async def _long(bench: Bench, address: str) -> list[float]:
    return [sum((await bench.turn(address, text)).values()) for _ in range(CYCLES) for text in STEADY]


def print_stages(turns: Sequence[Measured], yardsticks: Sequence[float]) -> None:
    """Print what a message costs, by stage, and what it would at the speed that the yardstick has at its best."""
    totals = [sum(turn.values()) for turn in turns]
    print(f"\nmilliseconds of processor time a message, {len(turns)} messages")
    print(f"{'':<24}{'mean':>8}{'median':>8}")
    for stage in STAGES:
        spent = [turn.get(stage, 0.0) for turn in turns]
        print(f"{stage:<24}{mean(spent):>8.2f}{median(spent):>8.2f}")
    without = [sum(turn.values()) - turn.get(CLIENT, 0.0) for turn in turns]
    print(f"{'without the client':<24}{mean(without):>8.2f}{median(without):>8.2f}")
    print(f"{'all of it':<24}{mean(totals):>8.2f}{median(totals):>8.2f}")
    usual, best = median(yardsticks), sorted(yardsticks)[len(yardsticks) // 20]
    print(
        f"yardstick: {usual:.2f}, at its best {best:.2f}; all of it at that speed {median(totals) * best / usual:.2f}"
    )


def print_long(played: Sequence[Sequence[float]]) -> None:
    """Print how turns grow, over several long conversations."""
    size = len(STEADY)
    print(f"\none conversation of {CYCLES * size} turns, medians over {len(played)} of them, ms")
    for first in (1, 1 + size, 1 + 10 * size, 1 + 33 * size, 1 + (CYCLES - 2) * size, 1 + (CYCLES - 1) * size):
        means = [mean(one[first - 1 : first - 1 + size]) for one in played]
        print(f"turns {first:>3} to {first + size - 1:<3}  {median(means):.2f}")
    early, late = (median(one[place - 1] for one in played) for place in (4, 400))
    print(f"turn 4: {early:.2f}   turn 400: {late:.2f}   ratio {late / early:.2f}")


@asynccontextmanager
async def _bench(dsn: str, model: Path) -> AsyncIterator[Bench]:
    from relevo.brain.rasa_brain import RasaBrain

    clock = StageClock(REST)
    _watch(clock)
    configuration = read_configuration(PROJECT, {})
    async with open_store(dsn, size=4, name="bench", attachment_key=bytes(32)) as opened:
        await Aurora(opened.database).load(datetime.now(timezone.utc))
        articles = HelpFromArticles(articles=Shelf(PROJECT / "data" / "help"), address="https://aurora.example")
        services = replace(await turn_services(opened, configuration), help=articles)
        brain = RasaBrain(model, formal=configuration.bot.formal)
        converser = Converser(inbox=opened.store.inbox, brain=brain, live=opened.live, services=services)
        yield Bench(opened=opened, converser=converser, clock=clock)


def _watch(clock: StageClock) -> None:
    import psycopg
    import psycopg_pool
    from rasa.core.nlg import TemplatedNaturalLanguageGenerator

    from relevo.brain.in_process import InProcessAction
    from relevo.brain.processor import TurnProcessor
    from relevo.brain.rasa_brain import RasaBrain
    from relevo.store.inbox import PostgresInbox
    from relevo.store.pool import Database

    for owner, name, stage in (
        (PostgresInbox, "claim", "claim"),
        (PostgresInbox, "settle", "settling"),
        (TurnProcessor, "parse_message", "understanding"),
        (TurnProcessor, "run_action_extract_slots", "slots"),
        (TurnProcessor, "_predict_next_with_tracker", "prediction"),
        (InProcessAction, "run", "actions"),
        (TemplatedNaturalLanguageGenerator, "generate", "replies"),
        (RasaBrain, "_restored", "tracker read again"),
        (Database, "quick", CLIENT),
        (psycopg.AsyncCursor, "execute", CLIENT),
        (psycopg.AsyncCursor, "executemany", CLIENT),
        (psycopg.AsyncCursor, "fetchall", CLIENT),
        (psycopg_pool.AsyncConnectionPool, "getconn", CLIENT),
        (psycopg_pool.AsyncConnectionPool, "putconn", CLIENT),
    ):
        clock.watch(owner, name, stage)


def _yardstick() -> float:
    """Give what a fixed piece of work takes, in milliseconds."""
    began = thread_time_ns()
    counted: dict[str, int] = {}
    for number in range(2000):
        counted[str(number % 97)] = counted.get(str(number % 89), 0) + number
    return (thread_time_ns() - began) / 1e6


def _be_quiet() -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("rasa").setLevel(logging.ERROR)
    structlog.configure(
        processors=[lambda *_: (_ for _ in ()).throw(structlog.DropEvent)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )


if __name__ == "__main__":
    main()
