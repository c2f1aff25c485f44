"""HTML by small functions: everything that is not our own words passes ``text``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from types import MappingProxyType
from typing import Any

from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.flow.amounts import amount_in
from relevo.web.languages import Words
from relevo.web.origins import header


def page_policy(*, images: str = "'self' data:", frames: str = "'none'") -> str:
    """Give what a page may load and do; ``images`` and ``frames`` are where its pictures and frames come from."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; connect-src 'self'; "
        f"frame-src {frames}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


_HEADERS = {
    "Content-Security-Policy": page_policy(),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # no-referrer would make browsers send our own forms with “Origin: null”
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
WITH_FILES: Mapping[str, str] = MappingProxyType({"Content-Security-Policy": page_policy(frames="'self'")})
"""Headers of the pages on which documents open in place; of all that is ours, only those may be framed."""
MONEY = frozenset(
    {"amount", "goods", "delivery", "total", "paid", "floor", "limit", "spent", "paid_before", "paid_for_flight"}
)
"""Facts that are amounts, in minor units of the ``unit`` or ``currency`` beside them."""
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def page_answer(page: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    """Answer with a page that runs our own scripts only, is never framed and never kept."""
    return HTTPResponse(page, status, {**_HEADERS, **(headers or {})}, "text/html; charset=utf-8")


def etag_of(page: str) -> str:
    """Give a tag that stays as long as a page does."""
    return f'"{hashlib.sha256(page.encode()).hexdigest()[:32]}"'


def is_same(request: Request, etag: str | None) -> bool:
    """Tell whether a browser has what would be answered."""
    return etag is not None and header(request, "if-none-match") == etag


def not_modified(request: Request) -> HTTPResponse:
    """Answer that nothing changed."""
    return HTTPResponse(None, 304, {"ETag": header(request, "if-none-match"), "Cache-Control": "no-store"})


def document(language: str, title: str, head: str, body: str) -> str:
    """Give a whole page; ``head`` and ``body`` are HTML."""
    return (
        f'<!doctype html>\n<html lang="{text(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{text(title)}</title>\n{head}\n</head>\n'
        f"{body}\n</html>\n"
    )


def text(value: object) -> str:
    """Give anything as text that is safe between tags and inside quoted attributes."""
    return escape(str(value), quote=True)


def moment(at: datetime) -> str:
    """Give a moment; a script shows it in the reader's own time zone."""
    return f'<time datetime="{at.isoformat()}">{at:%Y-%m-%d %H:%M} UTC</time>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Give a list of names and values; the values are HTML."""
    rows = "".join(f"<div><dt>{text(name)}</dt><dd>{value}</dd></div>" for name, value in pairs)
    return f'<dl class="facts">{rows}</dl>' if rows else ""


def known(words: Words, group: str, value: str) -> str:
    """Give a known value in the reader's words, and an unknown one as it is."""
    return text(words.get(f"{group}.{value}", value))


def told(words: Words, values: Mapping[str, Any], money: Mapping[str, Any] = MappingProxyType({})) -> str:
    """Give somebody's JSON for reading, known names in the reader's words, without what is empty."""
    unit = values.get("unit") or values.get("currency") or money.get("currency")
    return facts(
        (words.get(f"fact.{name}", name), _money(words, value, unit) if name in MONEY else _value(words, value))
        for name, value in values.items()
        if value not in _EMPTY
    )


def _money(words: Words, value: Any, unit: Any) -> str:
    """Write an amount in minor units with its currency, where that is known."""
    if isinstance(unit, str) and isinstance(value, int) and not isinstance(value, bool):
        return text(amount_in(words["tag"], value, unit))
    return _value(words, value)


def _value(words: Words, value: Any) -> str:
    if isinstance(value, Mapping):
        return told(words, value)
    if isinstance(value, list):
        between = "" if any(isinstance(item, Mapping) for item in value) else ", "
        return between.join(_value(words, item) for item in value)
    if isinstance(value, bool):
        return text(words["fact.yes" if value else "fact.no"])
    return text(value)
