"""Learns all classes of texts at once, where classes share what the words of their names have in common.

What tells "transfer" from the rest is learnt once for all the transfers. That is exact by one small matrix: scores are
``x V R`` with ``R = (I + H'H)^(1/2)``, where ``H`` says which class has which shared word, and the penalty is on ``V``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from relevo.nlu.grams import words_of_name
from relevo.nlu.linear import Array

_COST = 20.0
_BATCH, _STEP = 32, 1.0
_SHOWN, _PASSES_LEAST, _PASSES_MOST = 25_000, 10, 40
"""How many examples are looked at in all, within bounds on how often each is."""

Places = npt.NDArray[Any]


def kinship_of(classes: Sequence[str], unnamed: Collection[str]) -> Array:
    """Give the root of how much classes have in common: one with itself, and one for each word of both names."""
    names = [set() if each in unnamed else set(words_of_name(each)) for each in classes]
    counts = Counter(word for name in names for word in name)
    shared = sorted(word for word, count in counts.items() if 1 < count < len(classes))
    groups = sorted({tuple(word in name for name in names) for word in shared})
    has = np.array(groups, dtype=float).reshape(len(groups), len(classes))
    values, vectors = np.linalg.eigh(np.eye(len(classes)) + has.T @ has)
    return np.asarray((vectors * np.sqrt(values)) @ vectors.T, dtype=np.float32)


def softmax(rows: csr_matrix, places: Places, kinship: Array) -> tuple[Array, Array]:
    """Learn a column of weights for each class, and its bias, by small steps that become smaller.

    ``places`` are the rows' classes. A class with few examples counts as much as one with many.
    """
    count, classes = len(places), len(kinship)
    shrink, shrunk = 1 / (_COST * count), 1.0  # all weights times a number, instead of all of them at each step
    weights, biases = np.zeros((rows.shape[1], classes), dtype=np.float32), np.zeros(classes, dtype=np.float32)
    for batch, step in _batches(places, classes):
        some = rows[batch]
        columns, inverse = np.unique(some.indices, return_inverse=True)
        some = csr_matrix((some.data, inverse, some.indptr), shape=(len(batch), len(columns)))
        old = weights[columns]
        wrong = _wrong(((some @ old) * np.float32(shrunk) + biases) @ kinship, places[batch]) @ kinship
        shrunk *= 1 - step * len(batch) * shrink
        weights[columns] = old - np.float32(step / shrunk) * (some.T @ wrong)
        biases -= np.float32(step) * (wrong.sum(axis=0) + np.float32(len(batch) * shrink) * biases)
    weights *= np.float32(shrunk)
    return np.asarray(weights @ kinship), np.asarray(biases @ kinship)


def _batches(places: Places, classes: int) -> Iterator[tuple[Places, float]]:
    shown = 1 / np.bincount(places, minlength=classes)[places]
    passes = int(np.clip(_SHOWN / len(places), _PASSES_LEAST, _PASSES_MOST))
    drawn = np.random.default_rng(0).choice(len(places), passes * len(places), p=shown / shown.sum())
    batches = np.array_split(drawn, -(-len(drawn) // _BATCH))
    for number, batch in enumerate(batches):
        yield batch, _STEP * (1 - number / len(batches))


def _wrong(scores: Array, places: Places) -> Array:
    """Give how far each class's share is from what it should be."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    shares[np.arange(len(places)), places] -= 1
    return shares
