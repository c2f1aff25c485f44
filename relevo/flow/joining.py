"""Makes one message of all that a turn says, for channels that take few messages and only words, files and menus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from relevo.domain.messages import Button, Content

_MOST = 50
"""Cards, fields and choices of one message that are read."""


def joined(messages: Sequence[Content]) -> tuple[Content, ...]:
    """Give one message for all of them, in their order; its buttons are those of messages and cards."""
    if len(messages) < 2 and not any(message.custom for message in messages):
        return tuple(messages)
    texts = [text for message in messages for text in _texts(message) if text.strip()]
    first = messages[0]
    return (
        replace(
            first,
            text="\n\n".join(texts) or None,
            buttons=tuple(button for message in messages for button in _buttons(message)),
            image=None,
            custom=None,
            attachments=tuple(file for message in messages for file in message.attachments),
        ),
    )


def _texts(message: Content) -> Iterator[str]:
    yield message.text or ""
    custom = message.custom or {}
    if custom.get("kind") == "cards":
        yield from (_lines(card.get("title"), card.get("text")) for card in _list(custom, "cards"))
    elif custom.get("kind") == "form":
        fields = (_field(field) for field in _list(custom, "fields"))
        yield _lines(custom.get("title"), *fields)
    yield message.image or ""


def _field(field: Mapping[str, Any]) -> str:
    titles = ", ".join(str(option.get("title")) for option in _list(field, "options"))
    return f"– {field.get('label') or field.get('name')}{f' ({titles})' if titles else ''}"


def _buttons(message: Content) -> Iterator[Button]:
    yield from message.buttons
    custom = message.custom or {}
    for card in _list(custom, "cards") if custom.get("kind") == "cards" else ():
        for button in _list(card, "buttons"):
            if isinstance(button.get("title"), str) and isinstance(button.get("payload"), str):
                yield Button(title=button["title"], payload=button["payload"])


def _lines(*parts: Any) -> str:
    return "\n".join(part for part in parts if isinstance(part, str) and part)


def _list(custom: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = custom.get(name)
    return [each for each in found[:_MOST] if isinstance(each, Mapping)] if isinstance(found, list) else []
