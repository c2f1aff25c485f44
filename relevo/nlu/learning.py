"""Makes linear classifiers from labelled texts, in seconds; what answers needs none of the libraries of this.

Two learners look at the same rows, from the texts and from the classes' own names: one margin for each class against
all others (liblinear), and all classes at once (softmax.py). Their weights are added, so a message costs what one
costs. What is held back meanwhile tells how often the best class is right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from relevo.nlu.grams import words_of_name
from relevo.nlu.linear import Array, Grams, LinearClassifier, odds_of, shares_of
from relevo.nlu.softmax import Places, kinship_of, softmax

_COST = 1.0
_MARGINS_COUNT, _SOFTMAX_COUNTS = 0.35, 0.08
_NAMES_COUNT = 2
"""How often a class's name is learnt. All of these were chosen 2026-11 by cross-validation within training parts."""
_FOLDS, _FEWEST, _MANY = 3, 30, 4000
"""In how many parts examples are held back; of more than so many, one part is enough."""


def learn(texts: Sequence[str], labels: Sequence[str], *, unnamed: Collection[str] = ()) -> LinearClassifier:
    """Learn from labelled texts of two classes at least; the same texts in the same order give the same model.

    The names of the ``unnamed`` are not learnt.
    """
    classes = sorted(set(labels))
    named_classes = [each for each in classes if each not in unnamed] * _NAMES_COUNT
    names = [" ".join(words_of_name(each)) for each in named_classes]
    grams = Grams.of([*texts, *names])
    rows = _matrix(grams, [*texts, *names])
    places = np.concatenate([np.searchsorted(classes, labels), np.searchsorted(classes, named_classes)]).astype(int)
    kinship = kinship_of(classes, unnamed)
    slope, shift = _calibration(rows, places, len(texts), kinship)
    weights, biases = _weights(rows, places, kinship)
    return LinearClassifier(
        grams=grams,
        classes=classes,
        weights=weights.astype(np.float16),
        biases=biases,
        slope=slope,
        shift=shift,
    )


def _matrix(grams: Grams, texts: Sequence[str]) -> csr_matrix:
    rows = [grams.row(text) for text in texts]
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    places, weights = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return csr_matrix((weights, places, ends), shape=(len(texts), len(grams.places)))


def _weights(rows: csr_matrix, places: Places, kinship: Array) -> tuple[Array, Array]:
    """Learn a column of weights for each class, and its bias; a class without an example gets no margin."""
    weights, biases = (_SOFTMAX_COUNTS * found for found in softmax(rows, places, kinship))
    known = np.unique(places)
    if len(known) > 1:
        margins, margin_biases = _margins(rows, places)
        weights[:, known] += _MARGINS_COUNT * margins
        biases[known] += _MARGINS_COUNT * margin_biases
        biases[np.setdiff1d(np.arange(len(kinship)), known)] -= _MARGINS_COUNT
    return np.ascontiguousarray(weights, dtype=np.float32), biases.astype(np.float32)


def _margins(rows: csr_matrix, places: Places) -> tuple[Array, Array]:
    """Learn each class that has examples against all others; of two liblinear learns one, which stands for both."""
    learnt = LinearSVC(C=_COST, random_state=0).fit(rows, places)
    weights, biases = learnt.coef_, learnt.intercept_
    if len(learnt.classes_) == 2:
        weights, biases = np.concatenate([-weights, weights]), np.concatenate([-biases, biases])
    return weights.T, biases


def _calibration(rows: csr_matrix, places: Places, count: int, kinship: Array) -> tuple[float, float]:
    """Find how often the best class was right of what was held back, by its share; of too little, take the share.

    The first ``count`` rows are texts, the others names, which are always learnt.
    """
    tried = list(_held_back(rows, places, count, kinship)) if count >= _FEWEST else []
    odds, is_right = (np.concatenate(parts) for parts in zip(*tried, strict=True)) if tried else ([], np.ones(0, bool))
    if is_right.all() or not is_right.any():
        return 1.0, 0.0
    fitted = LogisticRegression(C=100).fit(odds[:, None], is_right)
    slope = float(fitted.coef_[0, 0])
    return (slope, float(fitted.intercept_[0])) if slope > 0 else (1.0, 0.0)


def _held_back(rows: csr_matrix, places: Places, count: int, kinship: Array) -> Iterator[tuple[Places, Places]]:
    """Give the best classes' odds, and whether they were right, of one part after another."""
    for learnt, held in KFold(_FOLDS, shuffle=True, random_state=0).split(np.arange(count)):
        known = np.concatenate([learnt, np.arange(count, len(places))])
        weights, biases = _weights(rows[known], places[known], kinship)
        shares = shares_of(rows[held] @ weights + biases)
        yield odds_of(shares.max(axis=1)), shares.argmax(axis=1) == places[held]
        if count > _MANY:
            return
