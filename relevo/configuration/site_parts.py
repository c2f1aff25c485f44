"""Reads the parts of a site: its looks, its words, what it asks before the first message, what may be sent."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from relevo.configuration.documents import Spot
from relevo.domain.attachments import MAX_FILE_BYTES, MAX_OF_MESSAGE
from relevo.domain.sites import Consent, Option, PrechatField, Proactive, Theme, Uploads, When, Words

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_CHARACTERS = 1_000
_MOST = 12
"""Suggestions, fields, options, proactive messages."""
_NUMBERS = {"seconds": 3_600, "scroll_percent": 100, "visits": 1_000}


def read_words(spot: Spot, languages: Collection[str]) -> Words:
    """Read a text: one for all languages, or one for each."""
    if spot.is_scalar:
        return dict.fromkeys(languages, _short(spot))
    parts = spot.fields(required=tuple(languages))
    return {language: _short(part) for language, part in parts.items()}


def read_theme(spot: Spot, languages: Collection[str]) -> Theme:
    """Read how the widget looks."""
    parts = spot.fields(optional=("color", "color_dark", "position", "launcher", "title", "greeting"))
    given: dict[str, object] = {name: _color(parts[name]) for name in ("color", "color_dark") if name in parts}
    for name, choices in (("position", ("end", "start")), ("launcher", ("bubble", "none"))):
        if name in parts:
            given[name] = parts[name].choice(choices)
    for name in ("title", "greeting"):
        if name in parts:
            given[name] = read_words(parts[name], languages)
    return Theme(**{name: value for name, value in given.items() if value})  # type: ignore[arg-type]


def read_suggestions(spot: Spot, languages: Collection[str]) -> tuple[Words, ...]:
    """Read the questions that an empty chat suggests."""
    return tuple(read_words(item, languages) for item in _few(spot))


def read_prechat(spot: Spot, languages: Collection[str]) -> tuple[PrechatField, ...]:
    """Read what is asked before the first message."""
    fields = [_field(item, languages) for item in _few(spot)]
    names = [one.name for one in fields]
    for name in sorted({name for name in names if names.count(name) > 1}):
        spot.wrong(f"prechat asks for '{name}' twice; give one of the fields another name.")
    return tuple(fields)


def read_consent(spot: Spot, languages: Collection[str]) -> Consent | None:
    """Read what a visitor agrees to before the first message."""
    parts = spot.fields(required=("text",), optional=("url",))
    url = read_address(parts["url"]) if "url" in parts else None
    return Consent(text=read_words(parts["text"], languages), url=url) if "text" in parts else None


def read_uploads(spot: Spot) -> Uploads:
    """Read what visitors may send; ``false`` is nothing."""
    if spot.is_scalar:
        return Uploads() if spot.switch() else Uploads(at_once=0)
    parts = spot.fields(optional=("max_mb", "types", "at_once"))
    most = _number(parts["max_mb"], MAX_FILE_BYTES // 1_000_000) * 1_000_000 if "max_mb" in parts else MAX_FILE_BYTES
    known = Uploads().types
    types = [item.choice(known) for item in parts["types"].items()] if "types" in parts else list(known)
    at_once = _number(parts["at_once"], MAX_OF_MESSAGE) if "at_once" in parts else MAX_OF_MESSAGE
    return Uploads(max_bytes=most, types=tuple(kind for kind in types if kind), at_once=at_once)


def read_proactive(spot: Spot, languages: Collection[str]) -> tuple[Proactive, ...]:
    """Read the messages that the closed widget shows by itself."""
    return tuple(one for item in _few(spot) if (one := _proactive(item, languages)))


def read_address(spot: Spot) -> str | None:
    """Read a link that visitors may follow."""
    text = (spot.text() or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or not text.isprintable() or " " in text:
        spot.wrong(f"{spot.name} must be a whole address, such as https://www.shop.example/privacy.")
        return None
    return text


def _field(spot: Spot, languages: Collection[str]) -> PrechatField:
    parts = spot.fields(required=("name", "label"), optional=("type", "required", "options"))
    name = (parts["name"].text() if "name" in parts else None) or ""
    if name and not _FIELD.fullmatch(name):
        parts["name"].wrong(f"'{name}' is no name of a field; write small letters, digits and _, such as order_number.")
    kind = (parts["type"].choice(("text", "email", "choice")) if "type" in parts else None) or "text"
    options = tuple(_option(item, languages) for item in _few(parts["options"])) if "options" in parts else ()
    if (kind == "choice") != bool(options):
        spot.wrong("'options' belong to a field of the type 'choice', and it needs at least one.")
    return PrechatField(
        name=name,
        label=read_words(parts["label"], languages) if "label" in parts else {},
        type=kind,
        is_required=bool("required" in parts and parts["required"].switch()),
        options=options,
    )


def _option(spot: Spot, languages: Collection[str]) -> Option:
    parts = spot.fields(required=("value", "title"))
    value = (parts["value"].text() if "value" in parts else None) or ""
    return Option(value=value, title=read_words(parts["title"], languages) if "title" in parts else {})


def _proactive(spot: Spot, languages: Collection[str]) -> Proactive | None:
    parts = spot.fields(required=("id", "text"), optional=("when",))
    if "id" not in parts or "text" not in parts:
        return None
    name = parts["id"].text() or ""
    if not _FIELD.fullmatch(name):
        parts["id"].wrong(f"'{name}' is no id; write small letters, digits and _, such as checkout_help.")
    when = _when(parts["when"]) if "when" in parts else When()
    return Proactive(id=name, text=read_words(parts["text"], languages), when=when)


def _when(spot: Spot) -> When:
    parts = spot.fields(optional=("path", *_NUMBERS))
    numbers = {name: _number(parts[name], most) for name, most in _NUMBERS.items() if name in parts}
    path = parts["path"].text() if "path" in parts else None
    if path is not None and not path.startswith("/"):
        parts["path"].wrong("path must begin with /, such as /checkout*.")
    return When(path=path, **numbers)


def _number(spot: Spot, most: int) -> int:
    number = spot.whole_number(least=1) or 1
    if number > most:
        spot.wrong(f"{spot.name} must be at most {most}.")
    return min(number, most)


def _few(spot: Spot) -> list[Spot]:
    items = list(spot.items())
    if len(items) > _MOST:
        spot.wrong(f"{spot.name} has {len(items)}, and at most {_MOST} make sense.")
    return items[:_MOST]


def _short(spot: Spot) -> str:
    text = (spot.text() or "").strip()
    if len(text) > _MOST_CHARACTERS:
        spot.wrong(f"{spot.name} has more than {_MOST_CHARACTERS} characters.")
    return text[:_MOST_CHARACTERS]


def _color(spot: Spot) -> str | None:
    text = (spot.text() or "").strip()
    if not _COLOR.fullmatch(text):
        spot.wrong(f'{spot.name} must be a colour in quotes, such as "#1f4fd8".')
        return None
    return text.lower()
