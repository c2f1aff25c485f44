"""Lines that were written apart from all training data, by scenario, and what the reference bot understands of them.

They are in tests/integration/understanding/apart. None of them may choose anything, nor become training data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from relevo.nlu.relative_days import relative_days
from relevo.nlu.words import fold

FOLDER = Path(__file__).parents[2] / "tests" / "integration" / "understanding" / "apart"
REFERENCES = frozenset(
    [
        "loyalty_number",
        "booking_code",
        "ticket",
        "order",
        "subscription",
        "case",
        "baggage_report",
        "flight",
        "partner_flight",
        "email",
        "phone",
        "amount",
    ]
)
"""What names a thing or a sum, by a form of its own."""
NAMED = frozenset(["place", "period", "name"])
"""What has no form: cities, days, people."""
_NOTHING = frozenset(["nlu_fallback", "not_understandable"])
_OUTSIDE = "out_of_scope"
MOST_ASKED, LEAST_LIKELY = 3, 0.03
"""As actions/perhaps.py has them; a test holds them together."""
NAMED_REQUESTS = frozenset(
    yaml.safe_load((Path(__file__).parents[2] / "actions" / "languages" / "en.yml").read_text("utf-8"))["choices"]
)

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody writes, and what a careful agent would understand."""

    text: str
    intents: tuple[str, ...]
    facts: frozenset[Fact]


@dataclass(frozen=True, slots=True)
class Read:
    """What the bot understood of a line."""

    line: Line
    intents: tuple[str, ...]
    facts: frozenset[Fact]
    language: str | None
    choices: tuple[str, ...]
    """Where it is not sure: what it asks whether that is meant, outside of a request and where no article answers."""

    @property
    def is_near(self) -> bool:
        """Whether the right one is done, or asked about."""
        return self.is_right or not {*self.choices}.isdisjoint(self.line.intents)

    @property
    def is_right(self) -> bool:
        """Whether the first thing that the bot does is one that was asked for; where nothing was said, nothing is."""
        taken, meant = self.intents[0], self.line.intents
        return taken in meant or (meant == ("not_understandable",) and taken in _NOTHING)

    @property
    def is_turned_away(self) -> bool:
        """Whether the bot says that it cannot help, or asks what is meant."""
        return self.intents[0] in {_OUTSIDE, *_NOTHING}


@dataclass(slots=True)
class Found:
    """Facts that were found rightly, wrongly and not."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    mistakes: list[str] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


Parse = Callable[[str], Awaitable[Mapping[str, Any]]]


def lines(language: str) -> list[Line]:
    """Give the lines of a language."""
    scenarios = yaml.safe_load((FOLDER / f"{language}.yml").read_text("utf-8"))
    return [_line(line) for scenario in scenarios for line in scenario["lines"]]


async def read(parse: Parse, written: Iterable[Line], change: Callable[[str], str] = str) -> list[Read]:
    """Have lines understood, each changed before, such as by typing errors."""
    return [_read(line, await parse(change(line.text))) for line in written]


def accuracy(heard: Sequence[Read]) -> float:
    """Give the share of lines whose intent was understood."""
    return sum(one.is_right for one in heard) / len(heard)


def near(heard: Sequence[Read]) -> float:
    """Give the share of lines whose intent was understood, or is asked about."""
    return sum(one.is_near for one in heard) / len(heard)


def recovered(heard: Sequence[Read]) -> float:
    """Give, of the lines in scope that are not understood, the share whose intent is asked about."""
    asked = [
        one for one in heard if one.intents[0] == "nlu_fallback" and not {*one.line.intents} & {_OUTSIDE, *_NOTHING}
    ]
    return sum(one.is_near for one in asked) / max(1, len(asked))


def both_found(heard: Sequence[Read]) -> float:
    """Give the share of lines with two requests of which both were understood."""
    double = [one for one in heard if len(one.line.intents) > 1]
    return sum({*one.line.intents} <= {*one.intents} for one in double) / max(1, len(double))


def out_of_scope_recall(heard: Sequence[Read]) -> float:
    """Give the share of what is none of the bot's business that was turned away."""
    outside = [one for one in heard if one.line.intents == (_OUTSIDE,)]
    return sum(one.is_turned_away for one in outside) / max(1, len(outside))


def false_rejections(heard: Sequence[Read]) -> float:
    """Give the share of what is the bot's business that was turned away."""
    inside = [one for one in heard if not {*one.line.intents} & {_OUTSIDE, *_NOTHING}]
    return sum(one.is_turned_away for one in inside) / max(1, len(inside))


def done_wrongly(heard: Sequence[Read]) -> float:
    """Give the share of what is the bot's business that was taken for something else of it."""
    inside = [one for one in heard if not {*one.line.intents} & {_OUTSIDE, *_NOTHING}]
    return sum(not one.is_right and not one.is_turned_away for one in inside) / max(1, len(inside))


def facts_found(heard: Sequence[Read], kinds: frozenset[str]) -> Found:
    """Count facts of some kinds by their values."""
    found = Found()
    for one in heard:
        meant, taken = ({fact for fact in facts if fact[0] in kinds} for facts in (one.line.facts, one.facts))
        found.right += len(meant & taken)
        found.missed += len(meant - taken)
        found.wrong += len(taken - meant)
        if meant != taken:
            found.mistakes.append(f"{one.line.text} | missed {sorted(meant - taken)} | wrong {sorted(taken - meant)}")
    return found


def languages_told(heard: Sequence[Read], language: str) -> tuple[float, float]:
    """Give the share of lines that were told to be of their language, and of another one."""
    told = Counter(one.language for one in heard)
    return told[language] / len(heard), sum(told[each] for each in told if each not in {language, None}) / len(heard)


def _line(line: Mapping[str, Any]) -> Line:
    facts = frozenset((kind, _value(kind, value)) for kind, values in line.get("facts", {}).items() for value in values)
    return Line(str(line["text"]), (line["intent"], *line.get("also", ())), facts)


def _read(line: Line, parsed: Mapping[str, Any]) -> Read:
    entities = [each for each in parsed["entities"] if each["entity"] != "also"]
    also = [each for each in parsed["entities"] if each["entity"] == "also"]
    entities += [inner for each in also for inner in each["entities"]]
    return Read(
        line,
        (str(parsed["intent"]["name"]), *(str(each["value"]) for each in also)),
        frozenset((str(each["entity"]), _value(str(each["entity"]), each["value"])) for each in entities),
        next((str(each["value"]) for each in entities if each["entity"] == "language"), None),
        _choices(parsed),
    )


def _choices(parsed: Mapping[str, Any]) -> tuple[str, ...]:
    if parsed["intent"]["name"] not in _NOTHING:
        return ()
    near = [each for each in parsed["intent_ranking"] if each["confidence"] >= LEAST_LIKELY]
    return tuple(each["name"] for each in near if each["name"] in NAMED_REQUESTS)[:MOST_ASKED]


def _value(kind: str, value: object) -> str:
    """Write a value so that two that mean the same are the same."""
    text = str(value)
    if kind == "phone":
        return re.sub(r"\D", "", text)
    if kind == "period":  # written in words, where it is a distance from today
        text = next((value for value, _, _ in relative_days(fold(text))), text).removeprefix("on:")
    return fold(text) if kind in NAMED else text.casefold()
