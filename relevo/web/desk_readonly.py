"""What is left of a page for somebody who may only look: no forms that change, and nobody's particulars.

It works on the finished page, so that a room of the desk that is built later is covered like the others.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TypeVar, cast

from relevo.domain.covering import masked, masked_text
from relevo.domain.roles import READONLY
from relevo.web.markup import text
from relevo.web.sign_in import Session

Found = TypeVar("Found")

_SHOWN_ATTRIBUTES = ("title", "alt", "placeholder", "aria-label", "value", "data-who")
_OF_WORKERS = ("composer", "looked")
_EMPTY = frozenset({"input", "img", "br", "hr", "meta", "link", "wbr", "source"})


def for_reader(session: Session, found: Found, field: str = "") -> Found:
    """Give what was read, or what a field of it holds, as this agent may see it."""
    return cast(Found, masked(found, field)) if session.agent.role == READONLY else found


def for_reading(body: str) -> str:
    """Give a page's HTML without what changes something, its words masked."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    return "".join(reader.kept)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self._left_out = 0
        self._boxes: list[tuple[int, bool]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if self._left_out:
            self._left_out += tag not in _EMPTY
        elif _changes(tag, dict(attributes)):
            self._left_out = int(tag not in _EMPTY)
            self._boxes = [(start, True) for start, _ in self._boxes]
        else:
            if tag == "details":
                self._boxes.append((len(self.kept), False))
            self.kept.append(f"<{tag}{''.join(_attribute(*one) for one in attributes)}>")

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            self._left_out -= 1
            return
        self.kept.append(f"</{tag}>")
        if tag == "details" and self._boxes:
            start, was_a_form = self._boxes.pop()
            if was_a_form and "<li" not in "".join(self.kept[start:]):
                del self.kept[start:]

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self.kept.append(text(masked_text(data)))

    def handle_comment(self, data: str) -> None:
        return


def _changes(tag: str, attributes: dict[str, str | None]) -> bool:
    is_for_workers = tag == "dialog" or (tag == "button" and "disabled" in attributes)
    return (
        is_for_workers or "data-api" in attributes or "data-opens" in attributes or attributes.get("id") in _OF_WORKERS
    )


def _attribute(name: str, value: str | None) -> str:
    if value is None:
        return f" {name}"
    return f' {name}="{text(masked_text(value) if name in _SHOWN_ATTRIBUTES else value)}"'
