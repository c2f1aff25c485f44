"""The visitor API's photos and files: uploaded first, sent with a message later, shown again to their sender only."""

from __future__ import annotations

from urllib.parse import unquote
from uuid import UUID

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.domain.attachments import MAX_FILE_BYTES
from relevo.errors import AccessDenied, Conflict, TooMany
from relevo.flow.attach import SentFile, attach, too_large
from relevo.web.attached import asks_for_thumbnail, file_answer
from relevo.web.bodies import read_body, streamed
from relevo.web.limits import Places, Rate, whole_seconds
from relevo.web.origins import client_address, header
from relevo.web.services import services_of
from relevo.web.settings import WebSettings
from relevo.web.visitor_doors import CHANNEL, PREFIX, Visitor, demand_visitor, visitor_door
from relevo.web.wire import json_answer


def add_visitor_attachments(app: Sanic) -> None:
    """Open ``/widget/api/v1/attachments``."""
    settings: WebSettings = app.ctx.services.settings
    uploads = Places(settings.uploads_at_once)
    reads = Rate(settings.reads_per_second, settings.reads_burst)

    async def post_attachment(request: Request) -> HTTPResponse:
        return await _post_attachment(request, uploads)

    async def one_attachment(request: Request, attachment_id: UUID) -> HTTPResponse:
        visitor = await demand_visitor(request)
        reads.demand(visitor.address, "Files are asked for too often; wait a moment.")
        handle = _delete_attachment if request.method == "DELETE" else _get_attachment
        return await handle(request, visitor, attachment_id)

    path, post = f"{PREFIX}/attachments", streamed(visitor_door(post_attachment))
    app.add_route(post, path, methods=["POST", "OPTIONS"], name="visitor_attachments", stream=True)
    one, methods = visitor_door(one_attachment, "GET", "DELETE"), ["GET", "DELETE", "OPTIONS"]
    app.add_route(one, f"{path}/<attachment_id:uuid>", methods=methods, name="visitor_attachment")


async def _post_attachment(request: Request, uploads: Places) -> HTTPResponse:
    visitor = await demand_visitor(request)
    uploading = visitor.site.uploads
    if not uploading.at_once:
        raise AccessDenied("Files are not taken here; write what is in them.", code="no_uploads")
    await _demand_uploads(request, visitor.address)
    most = min(uploading.max_bytes, MAX_FILE_BYTES)
    with uploads.place("Too many files arrive right now; try again in a moment."):
        sent = SentFile(
            channel=CHANNEL,
            address=visitor.address,
            name=unquote(header(request, "x-file-name"), errors="replace"),
            claimed_mime=header(request, "content-type").partition(";")[0].strip().lower(),
            data=await read_body(request, most, too_large(most)),
            taken=frozenset(uploading.types),
        )
        return json_answer(await attach(services_of(request).store.attachments, sent), 201)


async def _get_attachment(request: Request, visitor: Visitor, attachment_id: UUID) -> HTTPResponse:
    is_thumbnail = asks_for_thumbnail(request)
    attachments = services_of(request).store.attachments
    opened = await attachments.read(CHANNEL, visitor.address, attachment_id, is_thumbnail=is_thumbnail)
    return file_answer(opened, is_thumbnail=is_thumbnail)


async def _delete_attachment(request: Request, visitor: Visitor, attachment_id: UUID) -> HTTPResponse:
    """Forget a file that was not sent with a message."""
    if not await services_of(request).store.attachments.discard(CHANNEL, visitor.address, attachment_id):
        raise Conflict("This file went with a message already, and stays with it.", code="attachment_used")
    return HTTPResponse(None, 204)


async def _demand_uploads(request: Request, address: str) -> None:
    """Count uploads where all processes see it: what is stored is limited, not only how fast."""
    services = services_of(request)
    settings = services.settings
    caller = client_address(request, settings.trusted_proxies)
    for bucket, most in (
        (f"upload:{address}", settings.uploads_per_visitor),
        (f"upload_from:{caller}", settings.uploads_per_address),
    ):
        wait = await services.store.accounts.take(bucket, most, settings.uploads_window_seconds)
        if wait:
            raise TooMany(
                "Many files came from here lately; wait a moment and send the next one then.",
                retry_after_seconds=whole_seconds(wait),
            )
