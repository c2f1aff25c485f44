"""Makes the lines of the table of what was measured, with their targets, and says what one has to know about them."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator, Sequence

from bench.kit.comparison import Comparison
from bench.kit.load import Round
from bench.kit.sides import BOTS
from bench.kit.starts import Starts
from bench.kit.table import Line, Target, at_least, at_most, part_of_stock, times_stock

SAME_CPU = 1.1
"""Up to this factor it is the same processor time: less than that, two rounds of one side differ, too."""


def lines_of(found: Comparison) -> list[Line]:
    """Give the lines, in the order in which somebody asks."""
    return [
        *_turn_lines(found, 1, part_of_stock(8), part_of_stock(6)),
        *_turn_lines(found, 8, part_of_stock(12), part_of_stock(10)),
        _line(found, "messages/s, 8 clients", lambda each: each.messages_per_second, 8, times_stock(10)),
        *_processor_lines(found),
        *_two_bots(found),
        *_start_lines(found),
        _pair("memory of a bot process, MB", found.bot_megabytes, part_of_stock(5)),
        _pair("memory of all processes, MB", found.all_megabytes),
        _pair("training the reference bot, s", _training_seconds(found), part_of_stock(5)),
        _pair("installed size, MB", found.megabytes, part_of_stock(3)),
        _pair("turn 400 / turn 4 of a conversation", [each.ratio for each in found.long_talks], at_most(1.3)),
        *_webhook_lines(found),
    ]


def remarks_of(found: Comparison) -> Iterator[str]:
    """Give what one has to know, one paragraph each."""
    rounds = [each for side in found.sides for some in side.rounds.values() for each in some]
    generator = max(each.generator_share for each in rounds)
    yield (
        f"Medians over {found.plan.rounds} rounds; {found.others.remark()}"
        f" The load generator used at most {100 * generator:.0f} % of one."
    )
    yield f"Answers without words: {', '.join(_wordless(found))}."
    if found.stock_model is not None:
        yield found.stock_model.remark()
    if found.webhooks is not None:
        yield f"{found.webhooks.drained_seconds:.1f} s after the last webhook everything was answered."


def _turn_lines(found: Comparison, clients: int, p50: Target, p95: Target) -> Iterator[Line]:
    many = f"{clients} client{'s' if clients > 1 else ''}"
    for percent, target in ((50, p50), (95, p95)):
        yield _line(found, f"turn, {many}: p{percent}, ms", _milliseconds(percent), clients, target)


def _milliseconds(percent: int) -> Callable[[Round], float]:
    return lambda each: 1000 * each.percentile(percent)


def _line(found: Comparison, name: str, number: Callable[[Round], float], clients: int, target: Target) -> Line:
    return _pair(name, [side.median(clients, number) for side in found.sides], target)


def _processor_lines(found: Comparison) -> Iterator[Line]:
    ours, *stock = [side.spent(8) for side in found.sides]
    name = "processor ms a message, 8 clients"
    yield _pair(f"{name}: all", [sum(each.values()) for each in (ours, *stock)])
    yield _pair(f"{name}: bot", [each[BOTS] for each in (ours, *stock)], at_most(4, "ms"))
    for part in (each for each in ours if each != BOTS):
        yield Line(name=f"{name}: {part}", ours=ours[part])
    for part in (each for side in stock for each in side if each != BOTS):
        yield Line(name=f"{name}: {part}", ours=None, stock=stock[0][part])
    alone = [side.spent(1)[BOTS] for side in found.sides]
    yield _pair("processor ms a message, 1 client: bot", alone, at_most(4, "ms"))


def _two_bots(found: Comparison) -> Iterator[Line]:
    if found.two_bots is None:
        return
    one, two = found.sides[0], found.two_bots
    spent = sum(two.spent(8).values()) / sum(one.spent(8).values())
    yield Line(name="two bots: processor time a message / with one", ours=spent, targets=[at_most(SAME_CPU)])
    faster = two.median(8, _rate) / one.median(8, _rate)
    if (os.cpu_count() or 1) >= 4:
        yield Line(name="two bots: messages/s / with one", ours=faster, targets=[at_least(1.7, "≥ 1.7")])
    else:
        yield Line(name="two bots: messages/s / with one", ours=faster, remark="≥ 1.7 on four processors or more")


def _rate(each: Round) -> float:
    return each.messages_per_second


def _start_lines(found: Comparison) -> Iterator[Line]:
    kinds: tuple[tuple[str, Callable[[Starts], Sequence[float]], float], ...] = (
        ("cold", lambda each: each.cold, 8),
        ("warm", lambda each: each.warm, 4),
    )
    for name, seconds, limit in kinds:
        medians = [statistics.median(seconds(each)) for each in found.starts]
        yield _pair(f"start to first answer, {name}, s", medians, part_of_stock(10), at_most(limit, "s"))


def _training_seconds(found: Comparison) -> list[float]:
    return [found.model.seconds, *([found.stock_model.whole_seconds] if found.stock_model else [])]


def _webhook_lines(found: Comparison) -> Iterator[Line]:
    if found.webhooks is None:
        return
    yield Line(name="X's messages taken, answered, committed a second", ours=found.webhooks.limit)
    p99 = 1000 * found.webhooks.p99
    yield Line(name="webhook acknowledged at 80 % of that, p99, ms", ours=p99, targets=[at_most(20, "ms")])


def _pair(name: str, values: Sequence[float], *targets: Target) -> Line:
    ours, *stock = values
    return Line(name=name, ours=ours, stock=stock[0] if stock else None, targets=targets)


def _wordless(found: Comparison) -> Iterator[str]:
    for side in found.sides:
        yield f"{side.name} {sum(each.wordless for some in side.rounds.values() for each in some)}"
