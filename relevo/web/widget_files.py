"""Serves the widget's built files to pages of every origin, read once when the app is made.

The loader and the manifest are good for five minutes; whatever has its hash or its version in its address for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.web.origins import header
from relevo.web.static_files import reads_encoding

_SHORT = frozenset({"widget.js", "manifest.json"})
_FULL = "widget.full.js"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".mp3": "audio/mpeg",
    ".woff2": "font/woff2",
}
_TEXTS = frozenset({".js", ".css", ".json", ".svg"})
_FOR_EVERYBODY = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}


class WidgetFile(msgspec.Struct, frozen=True):
    """One file as it is served."""

    body: bytes
    content_type: str
    etag: str
    is_kept: bool
    """Whether browsers may keep it for good."""
    packed: dict[str, bytes] = msgspec.field(default_factory=dict)
    """The same by encoding, the shortest first."""


def add_widget_files(app: Sanic, folder: Path) -> None:
    """Open ``/widget/v1/…`` and ``/widget/<version>/widget.full.js``."""
    for number, (address, file) in enumerate(_files(folder)):
        app.add_route(_door(file), address, methods=["GET", "HEAD"], name=f"widget_file_{number}")


def _door(file: WidgetFile) -> Callable[[Request], Coroutine[Any, Any, HTTPResponse]]:
    async def give(request: Request) -> HTTPResponse:
        age = "public, max-age=31536000, immutable" if file.is_kept else "public, max-age=300"
        headers = {**_FOR_EVERYBODY, "ETag": file.etag, "Cache-Control": age}
        if header(request, "if-none-match") == file.etag:
            return HTTPResponse(None, 304, headers)
        for encoding, packed in file.packed.items():
            if reads_encoding(request, encoding):
                return HTTPResponse(packed, 200, headers | {"Content-Encoding": encoding}, file.content_type)
        return HTTPResponse(file.body, 200, headers, file.content_type)

    return give


def _files(folder: Path) -> Iterator[tuple[str, WidgetFile]]:
    for path in sorted(folder.glob("*")):
        if path.suffix in _TYPES and _NAME.fullmatch(path.name):
            yield f"/widget/v1/{path.name}", _read(path, is_kept=path.name not in _SHORT)
    for path in sorted(folder.glob(f"*/{_FULL}")):
        if _VERSION.fullmatch(path.parent.name):
            yield f"/widget/{path.parent.name}/{_FULL}", _read(path, is_kept=True)


def _read(path: Path, *, is_kept: bool) -> WidgetFile:
    body = path.read_bytes()
    packed = {
        encoding: beside.read_bytes()
        for encoding, ending in (("br", ".br"), ("gzip", ".gz"))
        if (beside := path.with_name(path.name + ending)).is_file()
    }
    if path.suffix in _TEXTS and "gzip" not in packed:
        packed["gzip"] = gzip.compress(body, mtime=0)
    shorter = {encoding: short for encoding, short in packed.items() if len(short) < len(body)}
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    return WidgetFile(body, _TYPES[path.suffix], etag, is_kept, shorter)
