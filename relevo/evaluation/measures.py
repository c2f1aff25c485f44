"""How well one group of readings was understood: accuracy, each intent, what is confused, what is not understood."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec

from relevo.evaluation.calibration import Bin, Threshold, bins_of, calibration_error, thresholds_of
from relevo.evaluation.examples import Reading
from relevo.evaluation.shares import Share

_MOST_SENTENCES = 3


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How well one intent, or one entity, is told."""

    name: str
    hits: int
    support: int
    """How often it was to be told."""

    told: int
    """How often it was told, rightly or not."""

    fallback: int = 0
    """How often the bot did not trust its guess."""

    @property
    def precision(self) -> float:
        """What share of what was told is right."""
        return self.hits / self.told if self.told else 0.0

    @property
    def recall(self) -> float:
        """What share of what was to be told was told."""
        return self.hits / self.support if self.support else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.hits / (self.told + self.support) if self.hits else 0.0


class Confusion(msgspec.Struct, frozen=True, kw_only=True):
    """One intent taken for another."""

    expected: str
    got: str
    count: int
    of: int
    """How many examples the expected intent has."""

    sentences: tuple[str, ...]
    """Some of them, those that the bot was surest of first."""


class Group(msgspec.Struct, frozen=True, dict=True):
    """The readings of one language, or of all."""

    name: str
    readings: Sequence[Reading]

    @cached_property
    def accuracy(self) -> Share:
        """How often the bot would act on the right intent."""
        return Share.among(reading.is_right for reading in self.readings)

    @cached_property
    def fallback(self) -> Share:
        """How often it would say that it did not understand."""
        return Share.among(reading.is_fallback for reading in self.readings)

    @cached_property
    def macro_f1(self) -> float:
        """The mean of all intents' F1: a rare intent counts as much as a frequent one."""
        return sum(score.f1 for score in self.intents) / len(self.intents) if self.intents else 0.0

    @cached_property
    def intents(self) -> list[Score]:
        """Every intent that was asked for, the worst first."""
        pairs = [({reading.example.intent}, {reading.intent}) for reading in self.readings]
        lost = Counter(reading.example.intent for reading in self.readings if reading.is_fallback)
        return _scores(pairs, lost)

    @cached_property
    def entities(self) -> list[Score]:
        """Every entity that the examples mark, the worst first; none where they mark none."""
        marked = {span.entity for reading in self.readings for span in reading.example.entities}
        return _scores(
            (
                (reading.example.entities, {span for span in reading.entities if span.entity in marked})
                for reading in self.readings
            ),
            Counter(),
        )

    @cached_property
    def confusions(self) -> list[Confusion]:
        """What is taken for what, the commonest first; what was not understood is confused with nothing."""
        found = defaultdict(list)
        for reading in self.readings:
            if not reading.is_right and not reading.is_fallback:
                found[reading.example.intent, reading.intent].append(reading)
        support = Counter(reading.example.intent for reading in self.readings)
        confusions = [
            Confusion(expected=expected, got=got, count=len(each), of=support[expected], sentences=_surest(each))
            for (expected, got), each in found.items()
        ]
        return sorted(confusions, key=lambda each: (-each.count, each.expected, each.got))

    @cached_property
    def bins(self) -> list[Bin]:
        """How right the bot is, by how sure it is."""
        return bins_of(self.readings)

    @cached_property
    def calibration_error(self) -> float:
        """How far confidence and share of right guesses lie apart, on average."""
        return calibration_error(self.bins)

    @cached_property
    def thresholds(self) -> list[Threshold]:
        """What answering only from a confidence on would bring."""
        return thresholds_of(self.readings)


def _scores(pairs: Iterable[tuple[Iterable[object], Iterable[object]]], lost: Counter[str]) -> list[Score]:
    hits, support, told = Counter[str](), Counter[str](), Counter[str]()
    for expected, got in pairs:
        wanted, given = set(expected), set(got)
        support.update(map(_name, wanted))
        told.update(map(_name, given))
        hits.update(map(_name, wanted & given))
    scores = [
        Score(name=name, hits=hits[name], support=support[name], told=told[name], fallback=lost[name])
        for name in support
    ]
    return sorted(scores, key=lambda score: (score.f1, -score.support, score.name))


def _name(thing: object) -> str:
    return str(getattr(thing, "entity", thing))


def _surest(readings: Sequence[Reading]) -> tuple[str, ...]:
    ordered = sorted(readings, key=lambda reading: (-reading.confidence, reading.example.text))
    return tuple(reading.example.text for reading in ordered[:_MOST_SENTENCES])
