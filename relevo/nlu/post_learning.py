"""Learns the sorts of posts from the examples in ``posts/`` and writes what they come to beside them.

    python -m relevo.nlu.post_learning

A linear model (logistic regression) of words, letter groups and telling words; how right it is with posts that it has
not seen is measured by tests/unit/nlu/test_post_judge.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from relevo.domain.post_urgency import SORTS
from relevo.nlu.post_judge import CUE_WEIGHS, WEIGHTS, Learnt, cues_of, grams_of, weighed
from relevo.nlu.post_words import CUES, digest, post_words

_COST = 20.0
_LEAST_TEXTS = 2
"""What stands in one text alone tells nothing of another."""
_ALL_CUES = (*CUES, "topic", "question_mark")


def learn(examples: Sequence[tuple[str, str]]) -> Learnt:
    """Learn from pairs of sort and text."""
    texts = [text for _, text in examples]
    seen = Counter(gram for text in texts for gram in set(grams_of(text)))
    rarity = {
        gram: [round(100 * float(np.log((1 + len(texts)) / (1 + number)) + 1))]
        for gram, number in seen.items()
        if number >= _LEAST_TEXTS
    }
    rows = [{**weighed(text, rarity), **dict.fromkeys(map(_cue, cues_of(text)), CUE_WEIGHS)} for text in texts]
    vectors = DictVectorizer()
    model = LogisticRegression(C=_COST, max_iter=1000, class_weight="balanced")
    model.fit(vectors.fit_transform(rows), [sort for sort, _ in examples])
    weights = dict(zip(vectors.get_feature_names_out(), _hundredfold(model.coef_.T), strict=True))
    none = [0] * len(model.classes_)
    return Learnt(
        sources=digest(),
        sorts=[str(sort) for sort in model.classes_],
        biases=_hundredfold(model.intercept_),
        grams={gram: [*rare, *weights[gram]] for gram, rare in sorted(rarity.items())},
        cues={cue: weights.get(_cue(cue), none) for cue in _ALL_CUES},
    )


def examples() -> list[tuple[str, str]]:
    """Give all examples as pairs of sort and text."""
    return [(sort, text) for words in post_words().values() for sort in SORTS for text in words.sorts[sort]]


def _cue(name: str) -> str:
    return f"cue {name}\x00"


def _hundredfold(values: object) -> list[int]:
    found: list[int] = np.rint(np.asarray(values) * 100).astype(int).tolist()
    return found


def main() -> None:
    """Learn, and write it."""
    file = Path(__file__).parent / "posts" / WEIGHTS
    file.write_bytes(msgspec.json.encode(learn(examples())).replace(b'],"', b'],\n"') + b"\n")


if __name__ == "__main__":
    main()
