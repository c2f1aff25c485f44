"""Shows what a message costs when more conversations are open, and when more is stored; prints a table, draws a plot.

Every point has a `relevo serve` of its own with one bot; all answer in turns, round by round. Run it with the project's
Python: .venv/bin/python -m bench.cost_curve [--quick] [--svg docs/images/cost-curve.svg]; see bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

import psycopg
import uvloop
from psycopg.conninfo import make_conninfo

from bench.kit import our_model
from bench.kit.busy import Others, others
from bench.kit.cloning import clone_conversations
from bench.kit.comparison import UNLIMITED
from bench.kit.conversations import Conversation, Customer
from bench.kit.load import Round
from bench.kit.long_talk import WORDS
from bench.kit.plot import Chart, svg_of
from bench.kit.programs import BenchError, bench_folder, ready
from bench.kit.relevo_serve import relevo_serve
from bench.kit.sides import Side
from bench.kit.starts import START_SECONDS

CLIENTS = 8
LIMIT = 0.85
"""The share of throughput that must be left."""
TEMPLATE = "template"
_PREFIX = "clone-"
_FEW = 100
"""Fewer conversations than these would become long ones: so few are others in each round."""
_MOST_EACH = 20
"""Messages of one of a few conversations in a round."""


@dataclass(kw_only=True)
class Point:
    """One point of a curve."""

    open_conversations: int
    stored_messages: int
    stored_megabytes: float
    """Of the whole database, with its indexes; the search index is not among it."""
    side: Side

    def rate(self) -> float:
        """Messages a second, the median over the rounds."""
        return self.side.median(CLIENTS, lambda each: each.messages_per_second)

    def spent(self) -> float:
        """Milliseconds of processor time a message, of all parts."""
        return sum(self.side.spent(CLIENTS).values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How much is measured."""

    opened: Sequence[int]
    stored: Sequence[int]
    rounds: int
    messages: int


FULL = Plan(opened=(10, 100, 1_000, 10_000), stored=(1_000, 100_000, 1_000_000), rounds=5, messages=400)
QUICK = Plan(opened=(10, 100, 1_000), stored=(1_000, 100_000), rounds=2, messages=200)
_OPEN_OF_STORED = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer points and rounds")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the plot there")
    chosen = parser.parse_args()
    uvloop.install()
    try:
        with bench_folder() as folder:
            plan = QUICK if chosen.quick else FULL
            model = our_model.train(folder).path
            opened, by_opened = _measured(folder / "opened", model, [(count, 0) for count in plan.opened], plan)
            kept = [(_OPEN_OF_STORED, count) for count in plan.stored]
            stored, by_stored = _measured(folder / "stored", model, kept, plan)
    except BenchError as error:
        parser.exit(1, f"{error}\n")
    _print("open conversations", opened, [f"{each.open_conversations:,}" for each in opened], by_opened)
    _print("stored messages", stored, [f"{each.stored_messages:,}" for each in stored], by_stored)
    if chosen.svg:
        chosen.svg.write_text(_drawn(opened, stored), encoding="utf-8")


def _measured(folder: Path, model: Path, asked: Sequence[tuple[int, int]], plan: Plan) -> tuple[list[Point], Others]:
    folder.mkdir()
    with ExitStack() as started:
        points = [
            started.enter_context(_point(folder / str(number), model, opened, stored, plan))
            for number, (opened, stored) in enumerate(asked)
        ]
        return points, asyncio.run(_play(points, plan))


@contextmanager
def _point(folder: Path, model: Path, opened: int, stored: int, plan: Plan) -> Iterator[Point]:
    serve = relevo_serve(folder, model, RELEVO_BOTS="1", **UNLIMITED)
    serve.program.start()
    try:
        asyncio.run(ready(serve.program, serve.port, START_SECONDS))
        side = Side(name=folder.name, port=serve.port, parts=serve.parts)
        asyncio.run(side.play([Conversation(TEMPLATE, WORDS, Customer(0))], 1, counts=False))
        owner = make_conninfo(serve.dsn(), user="postgres")
        messages = clone_conversations(owner, TEMPLATE, _PREFIX, least=_senders(opened, plan), messages=stored)
        print(f"{opened:,} open, {messages:,} messages stored …", flush=True)
        yield Point(
            open_conversations=opened,
            stored_messages=messages,
            stored_megabytes=_megabytes(serve.dsn()),
            side=side,
        )
    finally:
        serve.program.stop()


def _megabytes(dsn: str) -> float:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT pg_database_size(current_database()) / 1e6").fetchone()
        assert found is not None
        return float(found[0])


def _senders(opened: int, plan: Plan) -> int:
    """Give how many conversations take part: those that are open, or as many others in each round."""
    return opened if opened >= _FEW else opened * (plan.rounds + 1)


async def _play(points: Sequence[Point], plan: Plan) -> Others:
    for point in points:
        everybody = range(point.open_conversations)
        await point.side.play(_said(everybody, point.open_conversations), CLIENTS, counts=False)
    with others(lambda: sum(point.side.cpu_seconds() for point in points)) as found:
        for number in range(1, plan.rounds + 1):
            print(f"Round {number} of {plan.rounds} …", flush=True)
            for point in points if number % 2 else reversed(points):
                await point.side.play(_round(point.open_conversations, number, plan), CLIENTS)
    return found


def _round(opened: int, number: int, plan: Plan) -> list[Conversation]:
    """Give one round's messages: each from another of the open conversations, as long as there are others."""
    if opened >= _FEW:
        return _said(Random(number).sample(range(opened), min(opened, plan.messages)), plan.messages)
    return _said(range(number * opened, (number + 1) * opened), min(plan.messages, _MOST_EACH * opened))


def _said(senders: Sequence[int], messages: int) -> list[Conversation]:
    return [
        Conversation(f"{_PREFIX}{senders[number % len(senders)] + 1}", (WORDS[number % len(WORDS)],), Customer(0))
        for number in range(messages)
    ]


def _print(what: str, points: Sequence[Point], steps: Sequence[str], found: Others) -> None:
    print(f"\n| {what} | messages/s | of the first | processor ms a message | p50, ms | p95, ms | database, MB |")
    print("|---|---|---|---|---|---|---|")
    for point, step in zip(points, steps, strict=True):
        p50, p95 = (1000 * point.side.median(CLIENTS, _percentile(percent)) for percent in (50, 95))
        share = point.rate() / points[0].rate()
        print(
            f"| {step} | {point.rate():.1f} | {share:.0%} | {point.spent():.1f} | {p50:.1f} | {p95:.1f} |"
            f" {point.stored_megabytes:,.0f} |"
        )
    left = min(point.rate() for point in points) / points[0].rate()
    print(f"\nLeast: {left:.0%} of the first; target ≥ {LIMIT:.0%}: {'reached' if left >= LIMIT else 'MISSED'}.")
    print(found.remark())


def _percentile(percent: int) -> Callable[[Round], float]:
    return lambda each: each.percentile(percent)


def _drawn(opened: Sequence[Point], stored: Sequence[Point]) -> str:
    charts = [
        _chart("conversations that are open", [f"{each.open_conversations:,}" for each in opened], opened),
        _chart("messages that are stored", [f"{each.stored_messages:,}" for each in stored], stored),
    ]
    return svg_of(f"What a message costs, by what is there already ({date.today().isoformat()})", charts)  # noqa: DTZ011 - the day where the machine is


def _chart(title: str, steps: Sequence[str], points: Sequence[Point]) -> Chart:
    rates, spent = [each.rate() for each in points], [each.spent() for each in points]
    curves = [
        ("messages a second", [rate / rates[0] for rate in rates]),
        ("processor time a message", [each / spent[0] for each in spent]),
    ]
    return Chart(title=title, steps=steps, curves=curves, limit=LIMIT, limit_word=f"{LIMIT:.0%} must be left")


if __name__ == "__main__":
    main()
