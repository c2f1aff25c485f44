"""The websites that the web chat stands on: which pages may use it, and how it looks and behaves on each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import msgspec

from relevo.domain.attachments import MAX_FILE_BYTES, MAX_OF_MESSAGE
from relevo.domain.calendar import Calendar

DEFAULT = "default"
"""The site of an installation that names none."""
MAX_ORIGIN_CHARACTERS = 200
LEAST_KEY_BYTES = 32
"""A shorter key of HS256 can be guessed from one token."""
_PORTS = {"http": 80, "https": 443}

Words = Mapping[str, str]
"""A text in each language of its site."""


class Theme(msgspec.Struct, frozen=True, kw_only=True):
    """How the widget looks."""

    color: str = "#1f4fd8"
    color_dark: str | None = None
    position: str = "end"
    launcher: str = "bubble"
    title: Words = msgspec.field(default_factory=dict)
    greeting: Words = msgspec.field(default_factory=dict)


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One choice of a pre-chat field."""

    value: str
    title: Words


class PrechatField(msgspec.Struct, frozen=True, kw_only=True):
    """One question that is asked before the first message."""

    name: str
    label: Words
    type: str = "text"
    is_required: bool = False
    options: tuple[Option, ...] = ()


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor agrees to before the first message."""

    text: Words
    url: str | None = None


class Uploads(msgspec.Struct, frozen=True, kw_only=True):
    """What visitors may send."""

    max_bytes: int = MAX_FILE_BYTES
    types: tuple[str, ...] = ("image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf")
    at_once: int = MAX_OF_MESSAGE
    """None is allowed where it is 0."""


class When(msgspec.Struct, frozen=True, kw_only=True):
    """When a proactive message is shown; all that is given must hold."""

    path: str | None = None
    seconds: int | None = None
    scroll_percent: int | None = None
    visits: int | None = None


class Proactive(msgspec.Struct, frozen=True, kw_only=True):
    """A message that the closed widget shows by itself."""

    id: str
    text: Words
    when: When = When()


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """One website with the widget on it."""

    name: str = DEFAULT
    title: str = "Relevo"
    """Whose chat it is, as visitors read it."""
    origins: tuple[str, ...] = ()
    """Origins of its pages, beside the installation's own: ``https://shop.example``, ``https://*.shop.example``."""
    may_have_no_origin: bool = False
    """Whether pages with the origin ``null`` may use it: apps that show local files."""
    frames: tuple[str, ...] = ()
    """Origins whose pages may show ``/chat/<site>`` in a frame."""
    images: tuple[str, ...] = ()
    """Other origins of pictures that ``/chat/<site>`` may show."""
    languages: tuple[str, ...] = ("es", "en")
    default_language: str = "es"
    calendar: Calendar | None = None
    """When people are there; None: when they are there for everybody."""
    theme: Theme = field(default_factory=Theme)
    suggestions: tuple[Words, ...] = ()
    prechat: tuple[PrechatField, ...] = ()
    consent: Consent | None = None
    visit_seconds: float | None = None
    """How long a visitor who does not come back is known; None: as the installation has it."""
    retention_days: int | None = None
    """Days of silence after which what a visitor said who was never verified is erased; None: it is kept."""
    identity_keys: tuple[str, ...] = field(default=(), repr=False)
    """Keys that its pages' owner signs identities with, the one to come or to go among them."""
    uploads: Uploads = field(default_factory=Uploads)
    proactive: tuple[Proactive, ...] = ()
    has_sound: bool = False
    is_branded: bool = True

    def allows(self, origin: str) -> bool:
        """Tell whether pages of an origin may use it."""
        if origin == "null":
            return self.may_have_no_origin
        return any(matches(pattern, origin) for pattern in self.origins)


class Sites(msgspec.Struct, frozen=True, kw_only=True):
    """All of them; one called ``default`` where none is named."""

    named: tuple[Site, ...] = (Site(),)

    def get(self, name: str | None) -> Site | None:
        """Give a site by name; the first one where no name is given."""
        if name is None:
            return self.named[0]
        return next((site for site in self.named if site.name == name), None)

    def allow(self, origin: str) -> bool:
        """Tell whether pages of an origin may use any of them."""
        return any(site.allows(origin) for site in self.named)


def matches(pattern: str, origin: str) -> bool:
    """Tell whether an origin is the one that is written, or below it where ``*.`` is."""
    if "://*." not in pattern:
        return pattern == origin
    scheme, _, end = pattern.partition("://*")
    return origin.startswith(f"{scheme}://") and origin.endswith(end) and len(origin) > len(scheme) + 3 + len(end)


def origin_problem(text: str) -> str | None:
    """Say what is wrong with an origin as somebody wrote it; None where it is as browsers send it."""
    try:
        parts = urlsplit(text.replace("://*.", "://any.", 1))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"“{text}” is no origin; write scheme and host, such as https://www.shop.example."
    if parts.scheme not in _PORTS or not host or "*" in parts.netloc or not text.isascii() or not text.isprintable():
        return f"“{text}” is no origin; write scheme and host, such as https://www.shop.example."
    rebuilt = _as_browsers_send(parts, host, port)
    wanted = rebuilt.replace("://any.", "://*.", 1) if "://*." in text else rebuilt
    if text == wanted:
        return None
    return f"“{text}” is not what browsers send; write exactly {wanted}."


def _as_browsers_send(parts: SplitResult, host: str, port: int | None) -> str:
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + ("" if port is None or port == _PORTS[parts.scheme] else f":{port}")


def in_language(words: Words, *languages: str) -> str:
    """Give a text in the first of these languages that it has, else in any."""
    return next((words[language] for language in languages if language in words), next(iter(words.values()), ""))


def missing_fields(site: Site, answers: Mapping[str, str]) -> Iterable[str]:
    """Give the pre-chat fields that must be answered and are not."""
    return [one.name for one in site.prechat if one.is_required and not answers.get(one.name, "").strip()]
