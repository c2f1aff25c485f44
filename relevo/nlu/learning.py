"""Makes linear classifiers from labelled texts, in seconds; what answers needs none of the libraries of this.

One margin classifier is learnt for each class against all others (liblinear), from the texts and from the class's own
name. What is held back meanwhile, in three parts, tells how often the best class is right.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from relevo.nlu.grams import words_of_name
from relevo.nlu.linear import Array, Grams, LinearClassifier, odds_of, shares_of

_COST = 1.0
_NAMES_COUNT = 2
"""How often a class's name is learnt. Chosen 2026-11 by cross-validation within training parts of public sets."""
_FOLDS, _FEWEST = 3, 30

Places = npt.NDArray[Any]


def learn(texts: Sequence[str], labels: Sequence[str], *, unnamed: Collection[str] = ()) -> LinearClassifier:
    """Learn from labelled texts of two classes at least; the same texts in the same order give the same model.

    The names of the ``unnamed`` are not learnt.
    """
    classes = sorted(set(labels))
    named_classes = [each for each in classes if each not in unnamed] * _NAMES_COUNT
    names = [" ".join(words_of_name(each)) for each in named_classes]
    grams = Grams.of([*texts, *names])
    rows, named = _matrix(grams, texts), _matrix(grams, names or [""])[: len(names)]
    places, named_places = np.searchsorted(classes, labels), np.searchsorted(classes, named_classes)
    slope, shift = _calibration(rows, places, named, named_places)
    weights, biases = _margins(vstack([rows, named]), np.concatenate([places, named_places]))
    return LinearClassifier(grams=grams, classes=classes, weights=weights, biases=biases, slope=slope, shift=shift)


def _matrix(grams: Grams, texts: Sequence[str]) -> csr_matrix:
    rows = [grams.row(text) for text in texts]
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    places, weights = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return csr_matrix((weights, places, ends), shape=(len(texts), len(grams.places)))


def _margins(rows: csr_matrix, places: Places) -> tuple[Array, Array]:
    """Learn a column of weights for each class; of two classes liblinear learns one, which stands for both."""
    learnt = LinearSVC(C=_COST, random_state=0).fit(rows, places)
    weights, biases = learnt.coef_, learnt.intercept_
    if len(learnt.classes_) == 2:
        weights, biases = np.concatenate([-weights, weights]), np.concatenate([-biases, biases])
    return np.ascontiguousarray(weights.T, dtype=np.float32), biases.astype(np.float32)


def _calibration(rows: csr_matrix, places: Places, named: csr_matrix, named_places: Places) -> tuple[float, float]:
    """Find how often the best class was right of what was held back, by its share; of too little, take the share."""
    if len(places) < _FEWEST:
        return 1.0, 0.0
    odds, is_right = np.zeros(len(places)), np.zeros(len(places), dtype=bool)
    for learnt, held in KFold(_FOLDS, shuffle=True, random_state=0).split(rows):
        weights, biases = _margins(vstack([rows[learnt], named]), np.concatenate([places[learnt], named_places]))
        shares = shares_of(rows[held] @ weights + biases)
        odds[held], is_right[held] = odds_of(shares.max(axis=1)), shares.argmax(axis=1) == places[held]
    if is_right.all() or not is_right.any():
        return 1.0, 0.0
    fitted = LogisticRegression(C=100).fit(odds[:, None], is_right)
    slope = float(fitted.coef_[0, 0])
    return (slope, float(fitted.intercept_[0])) if slope > 0 else (1.0, 0.0)
