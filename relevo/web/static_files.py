"""Serves our own scripts, styles and pictures, read and compressed once when the app is made.

Pages are not compressed: beside what others wrote they hold a form's token, whose letters lengths would tell.
"""

from __future__ import annotations

import gzip
import hashlib
from mimetypes import guess_type
from pathlib import Path

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import NotFound
from relevo.web.origins import header

_FOLDER = Path(__file__).parent / "static"
_ELSEWHERE = "widget/"
"""Served by ``widget_files``, to pages of other origins, too."""


class StaticFile(msgspec.Struct, frozen=True):
    """One file as it is served."""

    body: bytes
    packed: bytes | None
    """The same, compressed, where that makes it shorter."""
    content_type: str
    etag: str


def add_static_files(app: Sanic) -> None:
    """Open ``/static/…``."""
    names = {path.relative_to(_FOLDER).as_posix(): path for path in _FOLDER.rglob("*.*") if path.is_file()}
    files = {name: _read(path) for name, path in names.items() if not name.startswith(_ELSEWHERE)}

    async def give(request: Request, name: str) -> HTTPResponse:
        file = files.get(name)
        if file is None:
            raise NotFound
        headers = {
            "ETag": file.etag,
            "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        if header(request, "if-none-match") == file.etag:
            return HTTPResponse(None, 304, headers)
        if file.packed is not None and reads_encoding(request, "gzip"):
            return HTTPResponse(file.packed, 200, headers | {"Content-Encoding": "gzip"}, file.content_type)
        return HTTPResponse(file.body, 200, headers, file.content_type)

    app.add_route(give, "/static/<name:path>", methods=["GET", "HEAD"])


def _read(path: Path) -> StaticFile:
    body = path.read_bytes()
    content_type = "text/javascript" if path.suffix == ".js" else guess_type(path.name)[0] or "application/octet-stream"
    is_text = content_type.startswith("text/") or path.suffix == ".svg"
    packed = gzip.compress(body, mtime=0) if is_text else body
    return StaticFile(
        body,
        packed if len(packed) < len(body) else None,
        f"{content_type}; charset=utf-8" if is_text else content_type,
        f'W/"{hashlib.sha256(body).hexdigest()[:20]}"',
    )


def reads_encoding(request: Request, encoding: str) -> bool:
    """Tell whether a browser takes an encoding."""
    named = [part.replace(" ", "").lower().partition(";") for part in header(request, "accept-encoding").split(",")]
    return any(name == encoding and rest not in ("q=0", "q=0.0") for name, _, rest in named)
