"""Hands out what an attachment holds, so that no browser runs it, keeps it, or takes it for something else."""

from __future__ import annotations

from urllib.parse import quote

from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.attachments import OpenedAttachment

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def asks_for_thumbnail(request: Request) -> bool:
    """Tell whether a small picture is enough."""
    return bool(request.query_string) and request.args.get("thumbnail") == "1"


def file_answer(opened: OpenedAttachment, *, is_thumbnail: bool) -> HTTPResponse:
    """Answer with a file; only pictures, which we wrote ourselves, are shown in place."""
    attachment = opened.attachment
    how = "inline" if attachment.is_image else "attachment"
    disposition = f"{how}; filename*=UTF-8''{quote(attachment.name, safe='')}"
    mime = "image/jpeg" if is_thumbnail else attachment.mime
    return HTTPResponse(opened.body, 200, {**_HEADERS, "Content-Disposition": disposition}, mime)
