"""Prints ours beside stock Rasa's, with the target of each line and whether it was reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

REACHED, MISSED = "reached", "MISSED"
_HEADS = ("", "Relevo", "stock Rasa", "ratio", "target", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a line is to reach."""

    text: str
    is_reached: Callable[[float, float], bool]
    """Told ours and stock Rasa's (0 where it was not measured)."""
    needs_stock: bool = False


def at_most(limit: float, unit: str = "") -> Target:
    """Ours is no more than this."""
    return Target(text=f"≤ {limit:g} {unit}".strip(), is_reached=lambda ours, _: ours <= limit)


def at_least(limit: float, text: str) -> Target:
    """Ours is no less than this."""
    return Target(text=text, is_reached=lambda ours, _: ours >= limit)


def part_of_stock(divisor: float) -> Target:
    """Ours is no more than this part of stock Rasa's."""
    return Target(
        text=f"≤ 1/{divisor:g} of stock", is_reached=lambda ours, stock: ours <= stock / divisor, needs_stock=True
    )


def times_stock(factor: float) -> Target:
    """Ours is no less than so many times stock Rasa's."""
    return Target(text=f"≥ {factor:g} × stock", is_reached=lambda ours, stock: ours >= factor * stock, needs_stock=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the table; what was not measured is None."""

    name: str
    ours: float | None
    stock: float | None = None
    targets: Sequence[Target] = ()
    remark: str = ""

    @property
    def verdict(self) -> str:
        """Whether all targets were reached; empty where one cannot be told, or there is none."""
        if not self.targets or self.ours is None:
            return ""
        if any(target.needs_stock for target in self.targets) and self.stock is None:
            return "not compared"
        met = all(target.is_reached(self.ours, self.stock or 0.0) for target in self.targets)
        return REACHED if met else MISSED

    def cells(self) -> tuple[str, ...]:
        """Give what is printed."""
        told = ", ".join([*(target.text for target in self.targets), *([self.remark] if self.remark else [])])
        return (self.name, _number(self.ours), _number(self.stock), self._ratio(), told, self.verdict)

    def document(self) -> dict[str, Any]:
        """Give what a file keeps."""
        names = ("name", "ours", "stock", "ratio", "target", "verdict")
        return dict(zip(names, (self.name, self.ours, self.stock, *self.cells()[3:]), strict=True))

    def _ratio(self) -> str:
        if not self.ours or not self.stock:
            return ""
        return f"{self.ours / self.stock:.1f} ×" if self.ours > self.stock else f"1/{self.stock / self.ours:.1f}"


def table_of(lines: Sequence[Line]) -> Iterator[str]:
    """Give the lines of a Markdown table whose columns are aligned."""
    rows = [_HEADS, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    for number, row in enumerate(rows):
        cells = [
            cell.rjust(width) if 1 <= column <= 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield (
                "|"
                + "|".join("-" * (width + 1) + (":" if 1 <= n <= 3 else "-") for n, width in enumerate(widths))
                + "|"
            )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
