"""The articles that questions are answered from: where they are, and whether they can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relevo.bootstrap.everything import Settings
from relevo.bootstrap.serve import address
from relevo.configuration.documents import Mistakes
from relevo.contracts.help import Article, Help
from relevo.help.answers import HelpFromArticles
from relevo.help.shelf import Shelf, read_shelf


def shelf(settings: Settings) -> Shelf:
    """Give the project's articles."""
    return Shelf(settings.places.articles)


def help_from_articles(settings: Settings) -> Help:
    """Give what answers questions, with links to where everybody finds the articles' pages."""
    where = settings.web.public_url or address(settings)
    return HelpFromArticles(articles=shelf(settings), address=where.rstrip("/"))


def articles_found(settings: Settings) -> Mapping[str, Sequence[Article]]:
    """Give the articles of each language.

    Raises ConfigurationError with what is wrong with any of them, one a line, with file and line.
    """
    mistakes = Mistakes()
    found = read_shelf(settings.places.articles, mistakes)
    mistakes.raise_if_any()
    return found


def not_everywhere(found: Mapping[str, Sequence[Article]]) -> list[str]:
    """Name the topics that a language lacks, one sentence for each language that lacks any."""
    topics = {code: {article.slug for article in articles} for code, articles in found.items()}
    everything: set[str] = set().union(*topics.values())
    lacking = {code: ", ".join(sorted(everything - slugs)) for code, slugs in topics.items()}
    return [f"Not written in {code}: {slugs}." for code, slugs in lacking.items() if slugs]
