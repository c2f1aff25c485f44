"""Finds the passage that answers a question, among the articles as they stand in their files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from relevo.contracts.help import Article, Articles, Passage
from relevo.help.index import Found, Index, index
from relevo.help.markup import as_paragraphs
from relevo.help.words import Language, language

CERTAIN_ENOUGH = 0.35
"""For whom has asked: of questions that no article answers, nearly nine of ten are declined."""
SURE = 0.45
"""For whom has perhaps asked nothing: hardly any is answered that no article answers."""

_SHORT = 400
"""Characters up to which an answer is told whole."""
_TELLS, _OPENS = 0.4, 1.25
"""How much of the question a later paragraph must hold, and how much more than the first, which opens the answer."""


@dataclass(kw_only=True)
class HelpFromArticles:
    """Answers from articles; see contracts.help.Help. It makes itself ready again when an article has changed."""

    articles: Articles
    address: str
    """Where the articles' pages are, such as ``https://example.com``."""
    _ready: dict[str, tuple[Sequence[Article], Index]] = field(default_factory=dict)

    def find(self, question: str, language: str) -> Passage | None:
        """Give what answers a question in a language; None where no article surely does."""
        index = self._index(language)
        found = index.best(question) if index else None
        if index is None or found is None or found.certainty < CERTAIN_ENOUGH:
            return None
        article = found.article
        return Passage(
            slug=article.slug,
            title=article.title,
            text=_passage(found, index.language),
            link=f"{self.address}/help/{language}/{article.slug}",
            is_sure=found.certainty >= SURE,
        )

    def _index(self, code: str) -> Index | None:
        articles = self.articles.by_language().get(code)
        if not articles:
            return None
        ready = self._ready.get(code)
        if ready is None or ready[0] is not articles:
            self._ready[code] = ready = (articles, index(articles, language(code)))
        return ready[1]


def _passage(found: Found, spoken: Language) -> str:
    """Give the paragraph in which most of the question is."""
    first, *others = as_paragraphs(found.article.text)
    whole = "\n\n".join([first, *others])
    if len(whole) <= _SHORT:
        return whole
    shares = {paragraph: found.share_in(spoken.stems(paragraph)) for paragraph in (first, *others)}
    best = max(shares, key=lambda paragraph: shares[paragraph])
    return best if shares[best] >= max(_TELLS, _OPENS * shares[first]) else first
