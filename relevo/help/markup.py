"""An article's Markdown: as HTML for its page, and as plain paragraphs for messages.

HTML in an article is shown as it is written and does nothing. Pictures are left out: pages load none from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_BULLET = "• "


def as_html(text: str) -> str:
    """Give Markdown as HTML that holds no script, no style and no dangerous link, whoever wrote it."""
    return str(_reader().render(text))


def as_paragraphs(text: str) -> list[str]:
    """Give Markdown as plain text in the pieces that it is read in; a list belongs to the sentence that opens it."""
    pieces: list[str] = []
    for kind, written in _blocks(_reader().parse(text)):
        is_continued = bool(pieces) and (kind == "list" or pieces[-1].endswith(":"))
        if is_continued:
            pieces[-1] += "\n" + written
        else:
            pieces.append(written + (":" if kind == "heading" else ""))
    return pieces


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).disable("image")


def _blocks(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    lists, opened = 0, "paragraph"
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists -= 1
        elif token.type in ("paragraph_open", "heading_open"):
            opened = token.type.partition("_")[0]
        elif token.type in ("fence", "code_block"):
            yield "paragraph", token.content.strip()
        elif token.type == "inline":
            text = "".join(_spoken(token.children or ())).strip()
            yield ("list", _BULLET + text) if lists else (opened, text)


def _spoken(tokens: Iterable[Token]) -> Iterator[str]:
    """Give what is read of a line; a link's address follows its words."""
    addresses: list[str] = []
    for token in tokens:
        if token.type == "link_open":
            addresses.append(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            yield f" ({addresses.pop()})"
        elif token.type in ("softbreak", "hardbreak"):
            yield " " if token.type == "softbreak" else "\n"
        else:
            yield token.content
