"""Prints what two sides measured beside each other, with ratios and targets."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bench.kit.load import Round
from bench.kit.sides import Side


@dataclass
class Load:
    """How busy the machine was with other things while this was measured."""

    others_share: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    values: Sequence[float]
    """Ours, then stock Rasa's."""
    target: str = ""
    is_met: Callable[[float, float], bool] | None = None
    """Told ours and the ratio of ours to stock Rasa's (0 where there is none)."""

    def cells(self) -> tuple[str, ...]:
        ours, *stock = self.values
        ratio = ours / stock[0] if stock and stock[0] else 0.0
        verdict = "" if self.is_met is None else ("met" if self.is_met(ours, ratio) else "MISSED")
        if not stock and "stock" in self.target:
            verdict = ""
        return (
            self.name,
            f"{ours:.1f}",
            *([f"{stock[0]:.1f}", f"{ratio:.2f}" if ratio else ""] if stock else []),
            f"{self.target} {verdict}".strip(),
        )


def print_table(sides: Sequence[Side], load: Load) -> None:
    """Print medians over the rounds."""
    heads = ("", *(side.name for side in sides), *(["ratio"] if len(sides) > 1 else []), "target")
    lines = [heads, *(row.cells() for row in _rows(sides))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    print()
    for line in lines:
        first, *middle, last = (cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        print(f"{first.strip():<{widths[0]}}  {'  '.join(middle)}  {last.strip()}")
    print(f"\n{_remarks(sides, load)}")


def as_document(sides: Sequence[Side], load: Load) -> dict[str, Any]:
    """Give everything that was measured, for a file."""
    return {
        "date": date.today().isoformat(),  # noqa: DTZ011 - the day where the machine is
        "processors": os.cpu_count(),
        "others_share": round(load.others_share, 3),
        "rows": {row.name: [round(value, 3) for value in row.values] for row in _rows(sides)},
    }


def _rows(sides: Sequence[Side]) -> Iterator[Row]:
    for clients in sorted(sides[0].rounds):
        yield from _load_rows(sides, clients)
    spent = [{part: statistics.median(each) for part, each in side.cpu_milliseconds.items()} for side in sides]
    yield from _part_rows("processor ms a message", spent)
    ready = [side.ready_seconds for side in sides]
    yield Row(name="start to first answer, s", values=ready, target="≤ 1/4 of stock", is_met=lambda _, r: r <= 1 / 4)
    rss = [side.largest_bot_megabytes for side in sides]
    yield Row(name="largest bot process, RSS, MB", values=rss, target="≤ 250 MB", is_met=lambda ours, _: ours <= 250)
    yield from _part_rows("memory, PSS, MB", [side.megabytes for side in sides])


def _load_rows(sides: Sequence[Side], clients: int) -> Iterator[Row]:
    def values(number: Callable[[Round], float]) -> list[float]:
        return [side.median(clients, number) for side in sides]

    name = f"{clients} client{'s' if clients > 1 else ''}"
    p50 = values(lambda each: 1000 * each.percentile(50))
    rate = values(lambda each: each.messages_per_second)
    if clients == 1:
        yield Row(name=f"{name}: p50, ms", values=p50, target="≤ 1/4 of stock", is_met=lambda _, r: r <= 1 / 4)
    else:
        yield Row(name=f"{name}: p50, ms", values=p50)
    yield Row(name=f"{name}: p95, ms", values=values(lambda each: 1000 * each.percentile(95)))
    if clients == 8:
        yield Row(name=f"{name}: messages/s", values=rate, target="≥ 6 × stock", is_met=lambda _, r: r >= 6)
    else:
        yield Row(name=f"{name}: messages/s", values=rate)


def _part_rows(what: str, numbers: Sequence[Mapping[str, float]]) -> Iterator[Row]:
    yield Row(name=f"{what}: all", values=[sum(each.values()) for each in numbers])
    for part in dict.fromkeys(part for each in numbers for part in each):
        yield Row(name=f"{what}: {part}", values=[each.get(part, 0.0) for each in numbers])


def _remarks(sides: Sequence[Side], load: Load) -> str:
    rounds = [each for side in sides for all_rounds in side.rounds.values() for each in all_rounds]
    wordless = ", ".join(
        f"{side.name} {sum(each.wordless for all_rounds in side.rounds.values() for each in all_rounds)}"
        for side in sides
    )
    return (
        f"Medians over {len(next(iter(sides[0].rounds.values())))} rounds. {os.cpu_count()} processors, of which others"
        f" used {100 * load.others_share:.0f} %; load average {os.getloadavg()[0]:.1f}. The load generator used at most"
        f" {100 * max(each.generator_share for each in rounds):.0f} % of one.\nAnswers without words: {wordless}."
    )
