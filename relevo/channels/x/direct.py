"""Makes direct messages of a delivery: words and a numbered menu, cut at sentences where they are long, one file each.

X takes plain text of up to 10,000 characters (known from vendors and libraries, August 2026) and one photo, GIF or
video.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from relevo.contracts.channel import Delivery
from relevo.domain.attachments import Attachment
from relevo.domain.messages import Content
from relevo.errors import SendRefused

LONGEST = 10_000
"""Characters of one message."""
PICTURES: Mapping[str, int] = {
    "image/jpeg": 5 << 20,
    "image/png": 5 << 20,
    "image/webp": 5 << 20,
    "image/gif": 15 << 20,
}
"""What a message carries, with the most bytes of each."""
Say = Callable[..., str]
"""Gives a text by language and key (flow.texts.say)."""
_ENDS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?…])[\"'”»)]*\s+"), re.compile(r"\s+"))
"""Where to cut, best first: between paragraphs, lines, sentences, words."""
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One direct message."""

    text: str
    file: Attachment | None = None


def messages_of(delivery: Delivery, say: Say) -> list[Message]:
    """Give the messages that a delivery leaves as, the same in every attempt; raises SendRefused."""
    files = delivery.content.attachments
    for file in files:
        _demand_fit(file)
    texts = list(cut(_text(delivery.content, delivery.language, say)))
    if not texts and not files:
        raise SendRefused("There is nothing to send.")
    messages = [Message(text=text) for text in texts or [""]]
    if files:  # the first goes with the last words, as people do it
        messages[-1] = Message(text=messages[-1].text, file=files[0])
    return [*messages, *(Message(text="", file=file) for file in files[1:])]


def cut(text: str, longest: int = LONGEST) -> Iterator[str]:
    """Cut a text into pieces that fit, each as long as it may be and ended where a reader would end it."""
    rest = text.strip()
    while len(rest) > longest:
        at = _end_within(rest, longest)
        yield rest[:at].rstrip()
        rest = rest[at:].lstrip()
    if rest:
        yield rest


def _end_within(text: str, longest: int) -> int:
    """Give where to cut: at the best end that leaves at least half of a piece."""
    for pattern in _ENDS:
        ends = [found.start() for found in pattern.finditer(text, 0, longest + 1) if 0 < found.start() <= longest]
        if ends and ends[-1] * 2 >= longest:
            return ends[-1]
    return longest


def _demand_fit(file: Attachment) -> None:
    most = PICTURES.get(file.mime)
    if most is None:
        raise SendRefused(
            f"Direct messages on X carry photos and no other files, so “{file.name}” was not sent, and neither were the"
            " words with it. Send it by mail, or send a photo of it."
        )
    if file.size_bytes > most:
        raise SendRefused(
            f"X takes photos of at most {most >> 20} MB, so “{file.name}” was not sent. Send a smaller one."
        )


def _text(content: Content, language: str | None, say: Say) -> str:
    parts = [content.text or "", *_lines(content.custom or {}), content.image or ""]
    if content.buttons:
        menu = [f"{number}. {button.title}" for number, button in enumerate(content.buttons, 1)]
        parts.append("\n".join([*menu, say(language, "reply_with_number")]))
    text = "\n\n".join(part.strip() for part in parts if part.strip())
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _lines(custom: Mapping[str, Any]) -> Iterator[str]:
    """Give what can be read of cards, forms and the like."""
    words = (custom.get(name) for name in ("title", "subtitle", "text", "description", "label"))
    yield "\n".join(word for word in words if isinstance(word, str))
    for name in ("cards", "fields", "elements", "buttons"):
        for each in custom.get(name) or ():
            if isinstance(each, Mapping):
                yield from _lines(each)
