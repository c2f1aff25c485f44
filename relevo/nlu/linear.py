"""Answers with a linear classifier of short texts, in a fraction of a millisecond; relevo.nlu.learning makes one.

Words and letter groups are weighed by how few texts have them. How far the best class's margin is from the others'
becomes the probability that it is right. docs/understanding.md tells more.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from relevo.nlu.grams import letter_grams, letter_grams_of, word_grams, words_in

_WORDS_WEIGH = 0.7
"""Beside the letter groups' 1."""
_MANY = 5000
"""Of more texts than these, grams that only one has are left out: three of four, and nothing is understood worse."""
_KEPT_WORDS = 10_000
_LEAST = 1e-6
"""Nothing is less, or more than 1 less it, likely."""
_SHARPNESS = 4.0
"""What margins are multiplied by before they are compared. Both were chosen as relevo.nlu.learning tells."""

Array = npt.NDArray[np.float32]


class Grams:
    """Turns texts into sparse rows, by the grams of the texts that were learnt from."""

    def __init__(self, places: Mapping[str, int], rarity: Array, usual: float) -> None:
        self.places = places
        self.rarity = rarity
        self.usual = usual
        """How much the words of half the texts tell, at least."""
        self._words: dict[str, tuple[int, ...]] = {}

    @classmethod
    def of(cls, texts: Iterable[str]) -> Grams:
        """Learn which grams there are, and how rare each is."""
        said = [words_in(text) for text in texts]
        seen = Counter(gram for words in said for gram in {*word_grams(words), *letter_grams(words)})
        if len(said) > _MANY:
            seen = Counter({gram: number for gram, number in seen.items() if number > 1})
        places = {gram: place for place, gram in enumerate(["", *sorted(seen)])}  # no gram is at 0, which is no answer
        counts = np.fromiter((seen[gram] for gram in places), dtype=np.float32, count=len(places))
        learnt = cls(places, (np.log((1 + len(said)) / (1 + counts)) + 1).astype(np.float32), 0.0)
        learnt.usual = float(np.median([learnt._told(words) for words in said]))
        return learnt

    def row(self, text: str) -> tuple[npt.NDArray[np.int32], Array]:
        """Give the places and weights of a text's grams; none where nothing in it is known.

        Whatever tells little weighs little: of "I'm" nothing can be sure.
        """
        words = words_in(text)
        said = filter(None, map(self.places.get, word_grams(words)))
        letters = chain.from_iterable(map(self._letters_of, words))
        parts = [self._weighed(said, _WORDS_WEIGH), self._weighed(letters, 1.0)]
        places = np.concatenate([places for places, _ in parts])
        weights = np.concatenate([weights for _, weights in parts])
        length = float(np.sqrt(weights @ weights)) or 1.0
        share = min(1.0, self._told(words) / self.usual) if self.usual else 1.0
        return places, weights * (np.sqrt(share) / length)

    def _told(self, words: Sequence[str]) -> float:
        """Give how much the words tell that are known."""
        known = filter(None, map(self.places.get, {*words}))
        return float(np.sqrt(sum(float(self.rarity[place]) ** 2 for place in known)))

    def _letters_of(self, word: str) -> tuple[int, ...]:
        """Give the places of a word's letter groups; people say the same words again and again."""
        places = self._words.get(word)
        if places is None:
            if len(self._words) >= _KEPT_WORDS:
                self._words.clear()
            places = self._words[word] = tuple(filter(None, map(self.places.get, letter_grams_of(word))))
        return places

    def _weighed(self, known_places: Iterable[int], weight: float) -> tuple[npt.NDArray[np.int32], Array]:
        known = Counter(known_places)
        places = np.fromiter(known.keys(), dtype=np.int32, count=len(known))
        counts = np.fromiter(known.values(), dtype=np.float32, count=len(known))
        weights = (1 + np.log(counts)) * self.rarity[places]
        length = float(np.sqrt(weights @ weights))
        return places, (weights * (weight / length)).astype(np.float32) if length else weights


class LinearClassifier(msgspec.Struct, frozen=True, kw_only=True):
    """Tells which class a text is of, and how likely each is."""

    grams: Grams
    classes: Sequence[str]
    weights: npt.NDArray[np.float16]
    """A row for each gram, a column for each class: half as precise as what is learnt, and half as large."""
    biases: Array
    slope: float
    shift: float
    """How the best class's share becomes the probability that it is right."""

    def probabilities(self, text: str) -> Array:
        """Give how likely each class is, in the order of ``classes``."""
        places, weights = self.grams.row(text)
        shares: Array = shares_of((weights @ self.weights[places] + self.biases)[None])[0]
        best, alike = int(shares.argmax()), 1 / len(shares)
        share = float(shares[best])
        sure = 1 / (1 + math.exp(-(self.slope * _odds(share) + self.shift)))
        if sure < share:  # as far towards all being alike as it takes: the order stays
            kept = max(0.0, sure - alike) / max(share - alike, 1e-9)
            return np.asarray(shares * kept + alike * (1 - kept))
        shares *= (1 - sure) / max(1 - share, 1e-9)
        shares[best] = sure
        return shares

    def save(self, file: Path) -> None:
        """Write everything into a ``.npz`` file."""
        names = {"grams": "\n".join(self.grams.places), "classes": "\n".join(self.classes)}
        texts = {name: np.frombuffer(text.encode(), dtype=np.uint8) for name, text in names.items()}
        calibration = np.array([self.slope, self.shift, self.grams.usual])
        np.savez(
            file, rarity=self.grams.rarity, weights=self.weights, biases=self.biases, calibration=calibration, **texts
        )

    @classmethod
    def load(cls, file: Path) -> LinearClassifier:
        """Read what ``save`` wrote."""
        with np.load(file, allow_pickle=False) as kept:
            grams, classes = (bytes(kept[name]).decode().split("\n") for name in ("grams", "classes"))
            places = {gram: place for place, gram in enumerate(grams)}
            slope, shift, usual = map(float, kept["calibration"])
            return cls(
                grams=Grams(places, kept["rarity"], usual),
                classes=classes,
                weights=kept["weights"],
                biases=kept["biases"],
                slope=slope,
                shift=shift,
            )


def shares_of(margins: Array) -> Array:
    """Give each class's share, a row for each text."""
    powers = np.exp(_SHARPNESS * (margins - margins.max(axis=1, keepdims=True)))
    found: Array = powers / powers.sum(axis=1, keepdims=True)
    return found


def _odds(share: float) -> float:
    kept = min(max(share, _LEAST), 1 - _LEAST)
    return math.log(kept / (1 - kept))


def odds_of(shares: Any) -> Any:
    """Give the logarithm of the odds."""
    kept = np.clip(shares, _LEAST, 1 - _LEAST)
    return np.log(kept / (1 - kept))
