"""Hands out what an attachment holds, so that no browser runs it, keeps it, or takes it for something else."""

from __future__ import annotations

from urllib.parse import quote

from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.attachments import OpenedAttachment

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors {}"
_HEADERS = {
    "Content-Security-Policy": _POLICY.format("'none'"),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def asks_for_thumbnail(request: Request) -> bool:
    """Tell whether a small picture is enough."""
    return bool(request.query_string) and request.args.get("thumbnail") == "1"


def asks_in_place(request: Request) -> bool:
    """Tell whether a page of the desk wants to show it in a frame."""
    return bool(request.query_string) and request.args.get("in_place") == "1"


def file_answer(opened: OpenedAttachment, *, is_thumbnail: bool, is_in_place: bool = False) -> HTTPResponse:
    """Answer with a file. Pictures, which we wrote ourselves, are shown; others are saved.

    In place, a PDF is handed to the browser's own viewer: in a frame of ours alone, under an origin that is nobody's.
    """
    attachment = opened.attachment
    is_framed = is_in_place and attachment.is_pdf
    how = "inline" if attachment.is_image or is_framed else "attachment"
    disposition = f"{how}; filename*=UTF-8''{quote(attachment.name, safe='')}"
    mime = "image/jpeg" if is_thumbnail else attachment.mime
    framed = {"Content-Security-Policy": _POLICY.format("'self'")} if is_framed else {}
    return HTTPResponse(opened.body, 200, {**_HEADERS, **framed, "Content-Disposition": disposition}, mime)
