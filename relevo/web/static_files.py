"""Serves our own scripts, styles and pictures, read once when the app is made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import NotFound
from relevo.web.origins import header

_FOLDER = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is served."""

    body: bytes
    content_type: str
    etag: str


def add_static_files(app: Sanic) -> None:
    """Open ``/static/…``."""
    files = {path.relative_to(_FOLDER).as_posix(): _read(path) for path in _FOLDER.rglob("*.*") if path.is_file()}

    async def give(request: Request, name: str) -> HTTPResponse:
        file = files.get(name)
        if file is None:
            raise NotFound
        headers = {"ETag": file.etag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        if header(request, "if-none-match") == file.etag:
            return HTTPResponse(None, 304, headers)
        return HTTPResponse(file.body, 200, headers, file.content_type)

    app.add_route(give, "/static/<name:path>", methods=["GET", "HEAD"])


def _read(path: Path) -> StaticFile:
    body = path.read_bytes()
    content_type = "text/javascript" if path.suffix == ".js" else guess_type(path.name)[0] or "application/octet-stream"
    is_text = content_type.startswith("text/") or path.suffix == ".svg"
    return StaticFile(
        body,
        f"{content_type}; charset=utf-8" if is_text else content_type,
        f'"{hashlib.sha256(body).hexdigest()[:20]}"',
    )
