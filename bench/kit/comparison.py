"""Starts ours and stock Rasa, lets both answer the same, and keeps what was measured."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.kit import stock_bot
from bench.kit.busy import Others, others
from bench.kit.conversations import SCRIPTS, Customer, conversations
from bench.kit.customers import add_customers
from bench.kit.long_talk import LongTalk, talk_long
from bench.kit.our_model import OurModel
from bench.kit.programs import first_answer, ready
from bench.kit.relevo_serve import RelevoServe, relevo_serve
from bench.kit.sides import Side
from bench.kit.starts import OPENING, START_SECONDS, Startable, Starts, measure_starts, own_environment
from bench.kit.stock_model import StockModel
from bench.kit.x_webhook import Webhooks, measure_webhooks

UNLIMITED = {"RELEVO_REST_MESSAGES_PER_SECOND": "1000000", "RELEVO_REST_BURST": "1000000"}
"""One sender writes as fast as it is answered where long conversations are measured."""
_WARM_UP = 4
"""Conversations that are played before anything counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How much is played."""

    rounds: int
    conversations: Mapping[int, int]
    """Conversations of a round, by clients."""
    starts: int
    long_talks: int
    stock_long_talks: int
    burst: int
    """Webhooks that are posted at once, to find the limit."""
    webhook_seconds: float

    @property
    def customers(self) -> int:
        """So many different ones take part."""
        return self.rounds * sum(self.conversations.values()) + _WARM_UP


@dataclass(kw_only=True)
class Comparison:
    """Everything that was measured."""

    plan: Plan
    model: OurModel
    stock_model: StockModel | None = None
    megabytes: list[float] = field(default_factory=list)
    """Installed size, ours and stock Rasa's."""
    starts: list[Starts] = field(default_factory=list)
    long_talks: list[LongTalk] = field(default_factory=list)
    bot_megabytes: list[float] = field(default_factory=list)
    all_megabytes: list[float] = field(default_factory=list)
    sides: list[Side] = field(default_factory=list)
    """Ours, and stock Rasa where it takes part."""
    two_bots: Side | None = None
    webhooks: Webhooks | None = None
    others: Others = field(default_factory=Others)


async def compare(found: Comparison, folder: Path) -> None:
    """Measure everything that needs processes."""
    serve = relevo_serve(folder / "one", found.model.path, RELEVO_BOTS="1", **UNLIMITED)
    pair = relevo_serve(folder / "two", found.model.path, RELEVO_BOTS="2")
    for each in (serve, pair):
        await _prepare(each, found.plan)
    await _measure_starts(found, serve, folder)
    with _running(serve), _running(pair), _stock(found, folder) as stock:
        await _answering(found, serve, pair, stock)
        await _play(found)
        found.bot_megabytes = [side.largest_bot_megabytes() for side in found.sides]
        found.all_megabytes = [side.all_megabytes() for side in found.sides]
        print("Long conversations …", flush=True)
        many = (found.plan.long_talks, found.plan.stock_long_talks)
        found.long_talks = [
            await talk_long(side.port, count) for side, count in zip(found.sides, many, strict=False) if count
        ]
    print("X's webhook …", flush=True)
    found.webhooks = await measure_webhooks(
        folder, found.model, burst=found.plan.burst, seconds=found.plan.webhook_seconds
    )


async def _prepare(serve: RelevoServe, plan: Plan) -> None:
    """Make a database with a demo in it, and customers; everything else is as it will be."""
    with _running(serve):
        await ready(serve.program, serve.port, START_SECONDS)
        add_customers(serve.dsn(), [Customer(number) for number in range(plan.customers)])


async def _measure_starts(found: Comparison, serve: RelevoServe, folder: Path) -> None:
    def begin_ours() -> Startable:
        serve.program.start()
        return Startable(serve.program, serve.port, serve.program.stop)

    def begin_stock() -> Startable:
        assert found.stock_model is not None
        bot = stock_bot.start(found.stock_model.path, folder)
        return Startable(bot.rasa, bot.port, bot.stop)

    print("Starts …", flush=True)
    found.starts.append(await measure_starts(begin_ours, [own_environment(), folder], found.plan.starts))
    if found.stock_model is not None:
        places = [stock_bot.STOCK, folder]
        found.starts.append(await measure_starts(begin_stock, places, min(2, found.plan.starts)))


@contextmanager
def _running(serve: RelevoServe) -> Iterator[None]:
    serve.program.start()
    try:
        yield
    finally:
        serve.program.stop()


@contextmanager
def _stock(found: Comparison, folder: Path) -> Iterator[stock_bot.StockBot | None]:
    if found.stock_model is None:
        yield None
        return
    bot = stock_bot.start(found.stock_model.path, folder)
    try:
        yield bot
    finally:
        bot.stop()


async def _answering(
    found: Comparison, serve: RelevoServe, pair: RelevoServe, stock: stock_bot.StockBot | None
) -> None:
    """Wait until all answer."""
    for each in (serve, pair):
        await first_answer(each.program, each.port, OPENING, START_SECONDS)
    found.sides = [Side(name="Relevo", port=serve.port, parts=serve.parts)]
    found.two_bots = Side(name="Relevo with two bots", port=pair.port, parts=pair.parts)
    if stock is not None:
        await first_answer(stock.rasa, stock.port, OPENING, START_SECONDS)
        found.sides.append(Side(name="stock Rasa", port=stock.port, parts=stock.parts))


async def _play(found: Comparison) -> None:
    """Let all answer the same conversations, one after the other, in turns who is first."""
    plan, customers = found.plan, map(Customer, itertools.count())
    assert found.two_bots is not None
    everybody = [*found.sides, found.two_bots]
    for side in everybody:
        await side.play(conversations(SCRIPTS, map(Customer, range(_WARM_UP)), _WARM_UP, "warm"), 1, counts=False)
    with others(lambda: sum(side.cpu_seconds() for side in everybody)) as found.others:
        for number, clients in itertools.product(range(plan.rounds), plan.conversations):
            print(f"Round {number + 1} of {plan.rounds}, {clients} at once …", flush=True)
            played = conversations(SCRIPTS, customers, plan.conversations[clients], f"r{number}c{clients}")
            for side in _in_turns(everybody if clients > 1 else found.sides, number):
                await side.play(played, clients)


def _in_turns(sides: Sequence[Side], number: int) -> Sequence[Side]:
    return sides if number % 2 == 0 else list(reversed(sides))
