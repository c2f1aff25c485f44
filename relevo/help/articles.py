"""Reads one article: a title, other ways of asking, and the answer. What is wrong is noted with file and line.

# May I bring my dog?

? travelling with a cat
? pet carrier

The answer, in Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from relevo.configuration.documents import Mistakes
from relevo.contracts.help import Article
from relevo.help.markup import as_paragraphs

LONGEST = 20_000
"""Bytes that an article may have; a longer one is several."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class _Source(msgspec.Struct, frozen=True):
    file: Path
    mistakes: Mistakes

    def wrong(self, line: int, sentence: str) -> None:
        """Note a mistake under the names of the folder and the file."""
        self.mistakes.note("/".join(self.file.parts[-4:]).replace(":", "?"), line, sentence)


def read_article(file: Path, language: str, mistakes: Mistakes) -> Article | None:
    """Give the article in a file; None, with a mistake noted, when it is none."""
    source = _Source(file, mistakes)
    text = _text(source)
    if text is None or not _is_named_well(source):
        return None
    lines = text.splitlines()
    begin = next((number for number, line in enumerate(lines) if line.strip()), None)
    if begin is None:
        source.wrong(1, "the file is empty; write a title '# …' and the answer below it, or remove the file.")
        return None
    title = lines[begin].removeprefix("# ").strip()
    if not lines[begin].startswith("# ") or not title:
        source.wrong(begin + 1, "an article begins with its title, in a line of its own: '# …'.")
        return None
    return _below_title(source, language, title, lines, begin + 1)


def _below_title(source: _Source, language: str, title: str, lines: Sequence[str], after: int) -> Article | None:
    end = next((n for n, line in enumerate(lines) if n >= after and not _is_ask_or_blank(line)), len(lines))
    asks = tuple(ask for line in lines[after:end] if (ask := line.lstrip("? ").strip()))
    body = "\n".join(lines[end:]).strip()
    if not as_paragraphs(body):
        source.wrong(len(lines), "there is no answer below the title; write one.")
        return None
    stray = next((n for n, line in enumerate(lines) if n >= end and line.startswith("? ")), None)
    if stray is not None:
        source.wrong(stray + 1, "other ways of asking ('? …') stand directly below the title, before the answer.")
        return None
    return Article(language=language, slug=source.file.stem, title=title, asks=asks, text=body)


def _is_ask_or_blank(line: str) -> bool:
    return not line.strip() or line.startswith("? ")


def _is_named_well(source: _Source) -> bool:
    if _NAME.fullmatch(source.file.stem):
        return True
    source.wrong(1, "the file's name becomes an address: small letters a to z, digits and single hyphens only.")
    return False


def _text(source: _Source) -> str | None:
    try:
        with source.file.open("rb") as file:
            written = file.read(LONGEST + 1)
        if len(written) <= LONGEST:
            return written.decode("utf-8-sig").replace("\0", "")
        source.wrong(1, f"an article may have {LONGEST} bytes; make several of it.")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        source.wrong(line, "this is not UTF-8 text; save the file as UTF-8.")
    except OSError as error:
        source.wrong(1, f"the file cannot be read ({error.strerror}); give access to it.")
    return None
