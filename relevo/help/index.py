"""Which article answers a question: one language's articles, compared with it word by word.

What counts is how much of the question an article covers, each word weighed by how few articles have it. A word that no
article has weighs most, so a question about something else is declined however well its other words fit. Words are
met by stem, by near meaning, by a common beginning, and with a slip of the pen.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from rapidfuzz.distance import OSA, Prefix

from relevo.contracts.help import Article
from relevo.help.words import Language

# Chosen by tests/integration/help_questions/tuning; what they achieve is measured by the questions beside that folder.
_IN_ANSWER = 0.8
"""What a word in the answer is worth, against 1 in the title and the other ways of asking."""
_ALIKE, _NEAR = 0.8, 0.7
"""What a word is worth that means nearly the same, and one that begins or is spelled nearly the same."""
_DOUBT = 2.0
"""How much has to be known of a question before it is taken for understood: one common word is not enough."""
_RIVAL = 0.3
"""How much a second article that fits nearly as well takes from the first."""
_BEGINNING, _LEAST_COMMON = 4, 0.75
"""Letters that words which begin alike have in common, and the share of the longer one that these must be."""

_FEWEST = 50
"""Articles that words are weighed as among, where there are fewer: else nothing would be rare."""
_LONGEST_QUESTION = 500
_MOST_WORDS = 40

Met = Mapping[str, float]
"""Stems that a word of the question may mean, with how near each is."""


class _Asked(msgspec.Struct, frozen=True):
    """One word of a question."""

    met: Met
    weight: float

    def met_in(self, worth: Mapping[str, float]) -> float:
        """Give how well it is met by words of some worth, weighed."""
        return self.weight * max((near * worth[stem] for stem, near in self.met.items() if stem in worth), default=0.0)


class Found(msgspec.Struct, frozen=True):
    """The best article for a question."""

    article: Article
    certainty: float
    """From 0 to 1; near 0.35 it is as likely wrong as right to answer."""
    asked: Sequence[_Asked]

    def share_in(self, stems: Iterable[str]) -> float:
        """Give how much of the question is in words, from 0 to 1."""
        worth = dict.fromkeys(stems, 1.0)
        return sum(word.met_in(worth) for word in self.asked) / sum(word.weight for word in self.asked)


class _Entry(msgspec.Struct, frozen=True):
    """An article's words."""

    article: Article
    worth: Mapping[str, float]
    asks: tuple[Mapping[str, float], ...]


@dataclass(kw_only=True)
class Index:
    """One language's articles, made ready for questions."""

    language: Language
    entries: Sequence[_Entry]
    weights: Mapping[str, float]
    """By stem: the rarer, the more."""
    beginnings: Mapping[str, Sequence[str]]
    """Stems by their first letters."""
    spellings: Mapping[str, Sequence[str]]
    """Words, as they are written, by their first letter."""

    def best(self, question: str) -> Found | None:
        """Give the article that fits best; None when no word is met."""
        asked = self._asked(question)
        whole = sum(word.weight for word in asked)
        scored = sorted(((self._score(entry, asked, whole), entry) for entry in self.entries), key=lambda one: -one[0])
        if not scored or not scored[0][0]:
            return None
        second = scored[1][0] if len(scored) > 1 else 0.0
        return Found(scored[0][1].article, scored[0][0] - _RIVAL * second, asked)

    def _score(self, entry: _Entry, asked: Sequence[_Asked], whole: float) -> float:
        covered = sum(word.met_in(entry.worth) for word in asked)
        if not covered:
            return 0.0
        likest = max((self._likeness(ask, asked, whole) for ask in entry.asks), default=0.0)
        return (covered / whole + likest) / 2 * whole / (whole + _DOUBT)

    def _likeness(self, ask: Mapping[str, float], asked: Sequence[_Asked], whole: float) -> float:
        common = sum(word.met_in(ask) for word in asked)
        return 2 * common / (whole + sum(self.weights[stem] for stem in ask)) if common else 0.0

    def _asked(self, question: str) -> list[_Asked]:
        words = list(dict.fromkeys(self.language.words(question[:_LONGEST_QUESTION])))[:_MOST_WORDS]
        unknown = _weight(len(self.entries), 0)
        return [
            _Asked(met, max((self.weights[stem] for stem in met), default=unknown)) for met in map(self._meet, words)
        ]

    def _meet(self, word: str) -> Met:
        stem = self.language.stem(word)
        met = {other: _NEAR for other in self.beginnings.get(stem[:_BEGINNING], ()) if _begin_alike(stem, other)}
        met |= {other: _ALIKE for other in self.language.alike.get(stem, ()) if other in self.weights}
        if stem in self.weights:
            met[stem] = 1.0
        return met or {
            self.language.stem(meant): _NEAR for meant in self.spellings.get(word[0], ()) if _is_slip(word, meant)
        }


def index(articles: Iterable[Article], language: Language) -> Index:
    """Make articles of one language ready for questions."""
    known = list(articles)
    entries = [_entry(article, language) for article in known]
    having = Counter(stem for entry in entries for stem in entry.worth)
    return Index(
        language=language,
        entries=entries,
        weights={stem: _weight(len(entries), count) for stem, count in having.items()},
        beginnings=_by_beginning(having, _BEGINNING),
        spellings=_by_beginning({word for one in known for text in _texts(one) for word in language.words(text)}, 1),
    )


def _by_beginning(words: Iterable[str], letters: int) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for word in words:
        found[word[:letters]].append(word)
    return dict(found)


def _entry(article: Article, language: Language) -> _Entry:
    asks = tuple(dict.fromkeys(language.stems(ask), 1.0) for ask in (article.title, *article.asks))
    worth = dict.fromkeys(language.stems(article.text), _IN_ANSWER)
    worth |= {stem: 1.0 for ask in asks for stem in ask}
    return _Entry(article, worth, tuple(ask for ask in asks if ask))


def _texts(article: Article) -> tuple[str, ...]:
    return (article.title, *article.asks, article.text)


def _weight(articles: int, having: int) -> float:
    return math.log(1 + (max(articles, _FEWEST) - having + 0.5) / (having + 0.5))


def _begin_alike(one: str, other: str) -> bool:
    longer = max(len(one), len(other))
    if one == other or len(one) < _BEGINNING or not (one.isalpha() and other.isalpha()):
        return False
    return Prefix.similarity(one, other) >= _LEAST_COMMON * longer


def _is_slip(word: str, meant: str) -> bool:
    if min(len(word), len(meant)) < 5 or not (word.isalpha() and meant.isalpha()):
        return False
    slips = 1 if len(word) < 9 else 2
    return OSA.distance(word, meant, score_cutoff=slips) <= slips
