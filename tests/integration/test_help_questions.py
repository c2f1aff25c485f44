"""How well questions are answered by the articles there are: measured on questions that nothing was chosen by.

``help_questions/*.yml`` was written before the articles; ``help_questions/tuning`` is what thresholds were chosen by.
Numbers are printed with ``pytest -s``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from relevo.configuration import read_configuration
from relevo.configuration.documents import Mistakes
from relevo.help.answers import HelpFromArticles
from relevo.help.index import index
from relevo.help.markup import as_paragraphs
from relevo.help.shelf import Shelf, read_shelf
from relevo.help.words import language
from tests.integration.talking import BOT

LANGUAGES = read_configuration(BOT, {}).bot.languages
MISTAKES = Mistakes()
ARTICLES = read_shelf(BOT / "data" / "help", MISTAKES)
HELP = HelpFromArticles(articles=Shelf(BOT / "data" / "help"), address="")


@dataclass(kw_only=True)
class Measured:
    """What became of a language's questions."""

    answered: int = 0
    right: int = 0
    wrong: int = 0
    declined: int = 0
    unanswerable: int = 0
    failures: list[str] = field(default_factory=list)

    def hear(self, question: str, expected: list[str], code: str) -> None:
        """Ask a question that is answered by one of these articles, or by none."""
        found = HELP.find(question, code)
        self.answered += bool(expected)
        self.unanswerable += not expected
        self.declined += found is None and not expected
        self.right += found is not None and found.slug in expected
        if found is not None and found.slug not in expected:
            self.wrong += bool(expected)
            self.failures.append(f"{question} → {found.slug}")


def _questions(code: str) -> dict[str, Any]:
    file = Path(__file__).parent / "help_questions" / f"{code}.yml"
    written: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return written


def _slugs(each: dict[str, Any]) -> list[str]:
    return [each["article"]] if isinstance(each["article"], str) else list(each["article"])


def _with_a_slip(question: str) -> str:
    """Swap two letters in the middle of the longest word."""
    word = max(question.split(), key=len)
    at = len(word) // 2
    return question.replace(word, word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :])


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_right_article_comes_first(code: str) -> None:
    """For seventeen of twenty questions at least, whether it is then told or not."""
    ready = index(ARTICLES[code], language(code))
    found = [(ready.best(each["ask"]), _slugs(each)) for each in _questions(code)["answered"]]
    first = [best is not None and best.article.slug in slugs for best, slugs in found]
    assert len(first) >= 80
    share = sum(first) / len(first)
    print(f"\n{code}: the right article comes first for {share:.1%} of {len(first)} questions")
    assert share >= 0.85


@pytest.mark.parametrize("code", LANGUAGES)
def test_questions_are_answered_right_or_declined(code: str) -> None:
    """Four of five are answered right, few wrong; what no article answers is mostly declined."""
    measured, written = Measured(), _questions(code)
    for each in written["answered"]:
        measured.hear(each["ask"], _slugs(each), code)
    for question in written["declined"]:
        measured.hear(question, [], code)
    right, wrong = measured.right / measured.answered, measured.wrong / measured.answered
    declined = measured.declined / measured.unanswerable
    print(f"\n{code}: {right:.1%} right, {wrong:.1%} wrong; of what no article answers {declined:.1%} declined")
    assert measured.unanswerable >= 60
    assert right >= 0.8, measured.failures
    assert wrong <= 0.07, measured.failures
    assert declined >= 0.85, measured.failures


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_slip_in_the_longest_word_is_mostly_forgiven(code: str) -> None:
    """The longest word is the one that tells most."""
    measured = Measured()
    for each in _questions(code)["answered"]:
        measured.hear(_with_a_slip(each["ask"]), _slugs(each), code)
    right, wrong = measured.right / measured.answered, measured.wrong / measured.answered
    print(f"\n{code}: with a slip {right:.1%} right, {wrong:.1%} wrong")
    assert right >= 0.6
    assert wrong <= 0.08, measured.failures


def test_every_topic_is_written_in_every_language() -> None:
    """At least forty, none broken, each short enough to be read in a chat."""
    assert MISTAKES.lines == []
    topics = {code: {article.slug for article in articles} for code, articles in ARTICLES.items()}
    assert topics.keys() == set(LANGUAGES)
    first, *others = topics.values()
    assert len(first) >= 40
    assert all(other == first for other in others)
    for articles in ARTICLES.values():
        for article in articles:
            paragraphs = as_paragraphs(article.text)
            assert 60 <= len(" ".join(paragraphs).split()) <= 170, article.slug
            assert max(map(len, paragraphs)) <= 600, article.slug
            assert article.title not in article.asks


def test_every_article_is_found_by_its_own_title_and_ways_of_asking() -> None:
    """What is written above an answer leads to it, or to one where somebody asks in nearly the same words."""
    for code, articles in ARTICLES.items():
        asks = [(article.slug, ask) for article in articles for ask in (article.title, *article.asks[::4])]
        found = [(slug, ask, HELP.find(ask, code)) for slug, ask in asks]
        elsewhere = [(slug, ask) for slug, ask, passage in found if passage is not None and passage.slug != slug]
        assert len(elsewhere) <= 0.03 * len(asks), elsewhere
