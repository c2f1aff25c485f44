"""Tells what a public post is: its language, whether somebody complains, praises, asks or advertises, and about what.

What relevo.nlu.post_learning learnt from the posts in ``posts/`` is read here without Rasa, scikit-learn or numpy, so
that the process that hears of posts judges them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import log, sqrt
from typing import Any

import msgspec

from relevo.domain.post_urgency import COMPLAINT, OTHER, TOPICS, Judgement
from relevo.nlu.alarms import alarm_in
from relevo.nlu.evidence import language_of
from relevo.nlu.grams import letter_grams, word_grams, words_in
from relevo.nlu.patterns import NAMELESS, find
from relevo.nlu.post_words import CUES, FOLDER, PostWords, post_words
from relevo.nlu.words import fold

CUE_WEIGHS = 0.3
"""Beside a text's grams, which together weigh 1; of 0.2 to 0.5 it sorted most rightly, 2026-11."""
WEIGHTS = "weights.json"
_NAMES = re.compile(r"(?<!\w)@\w+")
_LINKS = re.compile(r"https?://\S+|www\.\S+")
_DANGERS = frozenset({"report_emergency", "self_harm", "report_injury"})
_CARRIER_FLIGHT = re.compile(r"\b[A-Z][A-Z0-9] ?\d{3,4}\b")


class Learnt(msgspec.Struct, kw_only=True):
    """What was learnt: a hundredfold, so that it is short."""

    sources: str
    sorts: list[str]
    biases: list[int]
    grams: dict[str, list[int]]
    """How rare each is, and how much it tells for each sort."""
    cues: dict[str, list[int]]


class Judge:
    """Judges posts; see contracts.posts.PostJudge."""

    def __init__(self, languages: Sequence[str], default_language: str) -> None:
        """``languages`` are the bot's; a post in another one is taken as one in the default language."""
        self._languages = languages
        self._default = default_language
        self._words: Sequence[PostWords] = list(post_words().values())
        self._learnt = read_learnt()

    def judge(self, text: str, hint: str | None = None) -> Judgement:
        """Judge a text."""
        said = plain(text)
        topic = self._topic(said)
        return Judgement(
            language=self._language(said, hint),
            sort=COMPLAINT if topic == "safety" else sort_of(text, self._learnt),
            topic=topic,
            flight=_flight(text),
            is_opt_out=self._is_opt_out(said),
            is_bare_opt_out=self._is_bare_opt_out(said),
        )

    def _language(self, said: str, hint: str | None) -> str:
        found = language_of(said) or hint
        return found if found is not None and found in self._languages else self._default

    def _topic(self, said: str) -> str | None:
        if alarm_in(said) in _DANGERS:
            return "safety"
        folded = fold(said)
        return next((topic for topic in TOPICS if any(each.topics[topic].search(folded) for each in self._words)), None)

    def _is_opt_out(self, said: str) -> bool:
        folded = fold(said)
        return self._is_bare_opt_out(said) or any(words.within.search(folded) for words in self._words)

    def _is_bare_opt_out(self, said: str) -> bool:
        alone = " ".join(words_in(said))
        return any(alone in words.alone for words in self._words)


def read_learnt() -> Learnt:
    """Read what was learnt."""
    return msgspec.json.decode(FOLDER.joinpath(WEIGHTS).read_bytes(), type=Learnt)


def sort_of(text: str, learnt: Learnt) -> str:
    """Give the likeliest sort; OTHER for a text of which nothing is known."""
    grams, cues = weighed(text, learnt.grams), cues_of(text)
    if not grams and not cues:
        return OTHER
    told = [(weight, learnt.grams[gram][1:]) for gram, weight in grams.items()]
    told += [(CUE_WEIGHS, learnt.cues[cue]) for cue in cues]
    totals = [bias + sum(weight * each[place] for weight, each in told) for place, bias in enumerate(learnt.biases)]
    return learnt.sorts[totals.index(max(totals))]


def weighed(text: str, grams: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Give a text's known grams, rare ones weighing more, and all of them together 1."""
    counts = Counter(gram for gram in grams_of(text) if gram in grams)
    weights = {gram: (1 + log(number)) * grams[gram][0] for gram, number in counts.items()}
    length = sqrt(sum(weight * weight for weight in weights.values()))
    return {gram: weight / length for gram, weight in weights.items()}


def grams_of(text: str) -> Iterator[str]:
    """Give what a text is compared by: its words without whom it names, and whether it has links."""
    words = words_in(_NAMES.sub(" ", _LINKS.sub(" linkword ", text)))
    yield from word_grams(words)
    yield from letter_grams(words)
    yield from (mark for mark in "?!" if mark in text)


def cues_of(text: str) -> list[str]:
    """Give what a text has of what often tells by itself."""
    folded = fold(plain(text))
    found = [cue for cue in CUES if any(words.cues[cue].search(folded) for words in post_words().values())]
    has_topic = any(topic.search(folded) for words in post_words().values() for topic in words.topics.values())
    return [*found, *(["topic"] if has_topic else []), *(["question_mark"] if "?" in text else [])]


def plain(text: str) -> str:
    """Give a text without names of accounts and links."""
    return _NAMES.sub(" ", _LINKS.sub(" ", text))


def _flight(text: str) -> str | None:
    spans: list[Any] = [span for span in find(plain(text), NAMELESS) if span.entity == "flight"]
    carrier = _CARRIER_FLIGHT.search(plain(text))
    return spans[0].value if spans else carrier[0].replace(" ", "") if carrier else None
