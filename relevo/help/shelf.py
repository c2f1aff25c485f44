"""All articles of a project, read again when their files change: by whoever asks, at most once a second.

    data/help/es/pets.md     one folder for each language; the same name in each is the same topic
    data/help/en/pets.md

A file that cannot be read is left out and named in the log; the others go on answering.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import structlog

from relevo.configuration.documents import Mistakes
from relevo.contracts.help import Article
from relevo.help.articles import read_article
from relevo.help.words import fold

LOOK_SECONDS = 1.0
"""How long an answer may rest on what the files said: nobody who has just saved one waits for longer."""

_log = structlog.get_logger()
_Look = Mapping[Path, tuple[int, int, int]]
"""By file, what changes with it: when it was changed, its size, and which file it is."""


class Shelf:
    """The articles in a folder; see contracts.help.Articles."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._looked_at: float | None = None
        self._look: _Look = {}
        self._articles: Mapping[str, Sequence[Article]] = MappingProxyType({})

    def by_language(self) -> Mapping[str, Sequence[Article]]:
        """Give the articles of each language, by title; another object whenever a file has changed."""
        now = self._clock()
        if self._looked_at is None or now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._look_again()
        return self._articles

    def _look_again(self) -> None:
        try:
            look = dict(_files(self._folder))
        except OSError as error:
            _log.warning("help.not_looked_at", error=error.strerror)  # what was read before goes on answering
            return
        if look == self._look:
            return
        self._look = look
        mistakes = Mistakes()
        self._articles = MappingProxyType(_read(look, mistakes))
        if mistakes.lines:
            _log.warning("help.left_out", mistakes=mistakes.lines)


def read_shelf(folder: Path, mistakes: Mistakes) -> Mapping[str, Sequence[Article]]:
    """Read all articles once; what is wrong with any of them is noted."""
    try:
        return _read(dict(_files(folder)), mistakes)
    except OSError as error:
        mistakes.note(str(error.filename), 1, f"this cannot be read ({error.strerror}); give access to it.")
        return {}


def _read(files: _Look, mistakes: Mistakes) -> dict[str, Sequence[Article]]:
    found: dict[str, list[Article]] = {}
    for file in files:
        if article := read_article(file, file.parent.name, mistakes):
            found.setdefault(article.language, []).append(article)
    return {code: sorted(articles, key=lambda one: fold(one.title).strip("¿¡ ")) for code, articles in found.items()}


def _files(folder: Path) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    for language in _entries(folder):
        for entry in _entries(Path(language.path)) if language.is_dir() else ():
            if entry.name.endswith(".md") and entry.is_file():
                state = entry.stat()
                yield Path(entry.path), (state.st_mtime_ns, state.st_size, state.st_ino)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((one for one in entries if not one.name.startswith(".")), key=lambda one: one.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
