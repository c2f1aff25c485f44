"""Where questions are answered from: articles that the business writes, in as many languages as it likes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """One question of the business's customers, with its answer."""

    language: str
    slug: str
    """Its name in addresses, the same in every language."""
    title: str
    asks: tuple[str, ...]
    """Other ways of asking it; looked at, never shown."""
    text: str
    """The answer, in Markdown."""


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """What answers a question: the part of an article that fits it best, as plain text."""

    slug: str
    title: str
    text: str
    link: str
    """Address of the whole article."""
    is_sure: bool
    """Whether it fits so well that it may be told to somebody who perhaps asked nothing."""


class Help(Protocol):
    """Finds answers."""

    def find(self, question: str, language: str) -> Passage | None:
        """Give what answers a question in a language; None where no article surely does."""
        ...


class Articles(Protocol):
    """All articles, as they stand in the business's files by now."""

    def by_language(self) -> Mapping[str, Sequence[Article]]:
        """Give the articles of each language, by title."""
        ...
