"""Whether a confidence means what it says, and what a threshold on it costs and brings."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate

import msgspec

from relevo.evaluation.examples import Reading
from relevo.evaluation.shares import Share

BINS = 10
_STEPS = 100


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """The readings with a confidence from one tenth to the next."""

    low: float
    high: float
    confidence: float
    """Their mean."""

    right: Share
    """How many guesses are right, whether the bot trusts them or not."""


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """What comes of it if the bot acts on a guess only from this confidence on."""

    confidence: float
    answered: Share
    right: Share
    """Of those that are answered."""


def bins_of(readings: Sequence[Reading]) -> list[Bin]:
    """Give the ten bins, empty ones too; a confidence of 1 is in the last."""
    held = defaultdict(list)
    for reading in readings:
        held[min(int(reading.confidence * BINS), BINS - 1)].append(reading)
    return [_bin(place, held[place]) for place in range(BINS)]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Give the expected calibration error: the mean distance, each bin by its size."""
    total = sum(each.right.of for each in bins)
    return sum(each.right.of * abs(each.right.value - each.confidence) for each in bins) / total if total else 0.0


def thresholds_of(readings: Sequence[Reading]) -> list[Threshold]:
    """Give every threshold from 0 to 1 in steps of a hundredth."""
    ordered = sorted(readings, key=lambda reading: reading.confidence)
    confidences = [reading.confidence for reading in ordered]
    right_below = [0, *accumulate(reading.is_guessed for reading in ordered)]
    found = []
    for step in range(_STEPS + 1):
        below = bisect_left(confidences, step / _STEPS)
        answered = len(ordered) - below
        right = Share(right_below[-1] - right_below[below], answered)
        found.append(Threshold(confidence=step / _STEPS, answered=Share(answered, len(ordered)), right=right))
    return found


def _bin(place: int, readings: Sequence[Reading]) -> Bin:
    confidence = sum(reading.confidence for reading in readings) / len(readings) if readings else 0.0
    right = Share.among(reading.is_guessed for reading in readings)
    return Bin(low=place / BINS, high=(place + 1) / BINS, confidence=confidence, right=right)
