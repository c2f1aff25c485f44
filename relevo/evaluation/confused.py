"""The intents that are confused most, and who with whom: what a heat map shows."""

from __future__ import annotations

from collections import Counter

import msgspec

from relevo.evaluation.measures import Group

_MOST = 12


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """How often each of some intents is taken for each of them."""

    intents: tuple[str, ...]
    """Such that those that are taken for each other stand together."""

    counts: Counter[tuple[str, str]]
    """By what it is and what it is taken for; what is right counts too."""

    largest: int
    """The largest count of what is wrong."""


def matrix_of(group: Group) -> Matrix | None:
    """Give the matrix of the most confused intents; None where nothing is confused."""
    wrong = Counter({(each.expected, each.got): each.count for each in group.confusions})
    if not wrong:
        return None
    involved: Counter[str] = Counter()
    for (expected, got), count in wrong.items():
        involved.update({expected: count, got: count})
    chosen = [name for name, _ in sorted(involved.items(), key=lambda each: (-each[1], each[0]))[:_MOST]]
    counts = Counter({pair: count for pair, count in wrong.items() if {*pair} <= {*chosen}})
    largest = max(counts.values(), default=1)
    counts.update({(score.name, score.name): score.hits for score in group.intents if score.name in chosen})
    return Matrix(intents=_neighbours(chosen, wrong), counts=counts, largest=largest)


def _neighbours(names: list[str], wrong: Counter[tuple[str, str]]) -> tuple[str, ...]:
    """Go on from each intent with the one that it is confused with most."""
    left, ordered = list(names), [names[0]]
    while left := [name for name in left if name not in ordered]:
        last = ordered[-1]
        ordered.append(max(left, key=lambda name: (wrong[last, name] + wrong[name, last], -left.index(name))))
    return tuple(ordered)
