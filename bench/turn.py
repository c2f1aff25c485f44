"""Compares our answers with stock Rasa's: the same conversations against both REST doors, in one run, round by round.

Prints one table; see bench/README.md. Run it with the project's Python: .venv/bin/python bench/turn.py [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import uvloop

from bench.kit import stock_bot
from bench.kit.conversations import SCRIPTS, Customer, conversations
from bench.kit.customers import add_customers
from bench.kit.process_tree import machine_cpu_seconds
from bench.kit.programs import BenchError, bench_folder, first_answer, ready
from bench.kit.relevo_serve import relevo_serve
from bench.kit.sides import Side
from bench.kit.table import Load, as_document, print_table

OPENING = "hola"
START_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is played."""

    rounds: int
    conversations_by_clients: dict[int, int]

    @property
    def customers_needed(self) -> int:
        return (self.rounds + 1) * sum(self.conversations_by_clients.values()) + len(SCRIPTS)


FULL = Plan(5, {1: 8, 8: 24})
QUICK = Plan(2, {1: 8, 8: 16})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--no-stock", action="store_true", help="our side only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    chosen = parser.parse_args()
    plan = QUICK if chosen.quick else FULL
    try:
        model = None if chosen.no_stock else _stock_model()
        uvloop.install()
        with bench_folder() as folder:
            sides, load = asyncio.run(compare(plan, folder, model))
    except BenchError as error:
        parser.exit(1, f"{error}\n")
    print_table(sides, load)
    if chosen.json:
        chosen.json.write_text(json.dumps(as_document(sides, load), indent=2) + "\n", encoding="utf-8")


async def compare(plan: Plan, folder: Path, model: Path | None) -> tuple[list[Side], Load]:
    """Start our side and, where there is a model for it, stock Rasa; play, and stop them."""
    async with AsyncExitStack() as started:
        sides = [await started.enter_async_context(_our_side(folder, plan))]
        if model is not None:
            sides.append(await started.enter_async_context(_stock_side(model, folder)))
        return sides, await _play(sides, plan)


def _stock_model() -> Path:
    stock_bot.install()
    return stock_bot.trained_model()


@asynccontextmanager
async def _our_side(folder: Path, plan: Plan) -> AsyncIterator[Side]:
    serve = relevo_serve(folder)
    try:
        print("Starting Relevo for the first time: database, model, demo …", flush=True)
        serve.program.start()
        first = await ready(serve.program, serve.port, START_SECONDS)
        add_customers(serve.dsn(), [Customer(number) for number in range(plan.customers_needed)])
        serve.program.stop()
        print(f"Ready after {first:.1f} s. Starting it again …", flush=True)
        serve.program.start()
        again = await first_answer(serve.program, serve.port, OPENING, START_SECONDS)
        side = Side(name="Relevo", port=serve.port, parts=serve.parts, ready_seconds=again)
        yield side
    finally:
        serve.program.stop()


@asynccontextmanager
async def _stock_side(model: Path, folder: Path) -> AsyncIterator[Side]:
    print("Starting stock Rasa …", flush=True)
    bot = stock_bot.start(model, folder)
    try:
        first = await first_answer(bot.rasa, bot.port, OPENING, START_SECONDS)
        side = Side(name="stock Rasa", port=bot.port, parts=bot.parts, ready_seconds=first)
        yield side
    finally:
        bot.stop()


async def _play(sides: Sequence[Side], plan: Plan) -> Load:
    customers = map(Customer, itertools.count())
    for side in sides:
        await side.play(conversations(SCRIPTS, customers, 4, "warm"), 1, counts=False)
    with _measured_load(sides) as load:
        for number, clients in itertools.product(range(plan.rounds), plan.conversations_by_clients):
            print(f"Round {number + 1} of {plan.rounds}, {clients} at once …", flush=True)
            played = conversations(SCRIPTS, customers, plan.conversations_by_clients[clients], f"r{number}c{clients}")
            for side in sides:
                await side.play(played, clients)
    for side in sides:
        side.weigh()
    return load


@contextmanager
def _measured_load(sides: Sequence[Side]) -> Iterator[Load]:
    """Find out how busy the machine was with other things."""

    def ours() -> float:
        return process_time() + sum(side.cpu_seconds() for side in sides)

    load = Load()
    began, machine, own = perf_counter(), machine_cpu_seconds(), ours()
    yield load
    seconds = (perf_counter() - began) * (os.cpu_count() or 1)
    load.others_share = max(0.0, machine_cpu_seconds() - machine - (ours() - own)) / seconds


if __name__ == "__main__":
    main()
