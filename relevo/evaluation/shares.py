"""Shares of a number of things, with the interval in which the true share lies 95 times of 100 (Wilson 1927)."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

_Z = 1.959963984540054


class Share(NamedTuple):
    """So many of so many."""

    right: int
    of: int

    @classmethod
    def among(cls, verdicts: Iterable[bool]) -> Share:
        """Count what is true."""
        known = list(verdicts)
        return cls(sum(known), len(known))

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing."""
        return self.right / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound; of nothing, nothing is known."""
        if not self.of:
            return 0.0, 1.0
        square = _Z * _Z / self.of
        middle = (self.value + square / 2) / (1 + square)
        reach = _Z * sqrt(self.value * (1 - self.value) / self.of + square / (4 * self.of)) / (1 + square)
        # Of none and of all the bound is exact, and no rounding may go beyond it.
        return (middle - reach if self.right else 0.0, middle + reach if self.right < self.of else 1.0)
