"""The REST door: Rasa's REST contract, for trusted systems that name the sender themselves.

A message is kept, then its turn is waited for. Who asks again with the same ``message_id`` gets the same answer, so a
lost answer, a restart or a timeout costs nothing but a second request.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import UUID

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.store import Received, Reply
from relevo.domain.attachments import Attachment
from relevo.domain.messages import Button, Entry, clean_text
from relevo.errors import AccessDenied, NotAuthenticated, TooLarge, TurnPending, Unavailable, Unreadable
from relevo.flow.receive import arrival, external_id_of, receive
from relevo.web.attached import file_answer
from relevo.web.bodies import read_body, streamed
from relevo.web.limits import Rate
from relevo.web.origins import bearer, is_from_browser_page, is_from_this_machine, is_same_secret
from relevo.web.rest_attachments import MAX_BODY_BYTES, FileSaid, keep_files, take_files
from relevo.web.services import WebServices, services_of
from relevo.web.settings import WebSettings
from relevo.web.wire import json_answer, read_json

CHANNEL = "rest"
_PAUSE_SECONDS = 1.0
"""How long a waiting caller listens before looking anyway: what a lost wake-up costs."""


class Said(msgspec.Struct):
    """What the caller posts."""

    sender: str | None = None
    message: str | None = None
    message_id: str | None = None
    metadata: dict[str, Any] | None = None


class Heard(msgspec.Struct, omit_defaults=True):
    """One message of the answer."""

    recipient_id: str
    text: str | None = None
    buttons: Sequence[Button] | None = None
    image: str | None = None
    custom: Any = None
    attachments: Sequence[Attachment] | None = None


_decoder = msgspec.json.Decoder(Said)


def add_rest_door(app: Sanic) -> None:
    """Open ``POST /webhooks/rest/webhook``."""
    settings: WebSettings = app.ctx.services.settings
    rate = Rate(settings.rest_messages_per_second, settings.rest_burst)

    async def post_message(request: Request) -> HTTPResponse:
        services = services_of(request)
        _admit(request, settings)
        said, files = await _read(request)
        sender = said.sender or ""
        message_id = secrets.token_urlsafe(16) if said.message_id is None else said.message_id
        external_id = external_id_of(sender, message_id)
        rate.demand(sender, "This sender writes faster than allowed; wait a moment.")
        message = arrival(
            channel=CHANNEL,
            address=sender,
            message_id=message_id,
            text=said.message,
            metadata=said.metadata,
            attachments=await keep_files(services.store.attachments, CHANNEL, sender, external_id, files),
        )
        received = await receive(services.store.inbox, services.live, message)
        reply = await _reply(services, received)
        return json_answer([_heard(sender, entry) for entry in reply.entries])

    async def get_attachment(request: Request, attachment_id: UUID) -> HTTPResponse:
        _admit(request, settings)
        sender = request.args.get("sender", "")
        rate.demand(sender, "This sender asks faster than allowed; wait a moment.")
        attachments = services_of(request).store.attachments
        return file_answer(await attachments.read(CHANNEL, clean_text(sender), attachment_id), is_thumbnail=False)

    path = "/webhooks/rest/attachments/<attachment_id:uuid>"
    app.add_route(get_attachment, path, methods=["GET"], name="rest_attachment")
    app.add_route(streamed(post_message), "/webhooks/rest/webhook", methods=["POST"], name="rest", stream=True)


def _admit(request: Request, settings: WebSettings) -> None:
    """Let in who may name a sender: the token's holders, or where there is none, programs on this machine."""
    if settings.rest_token is not None:
        if not is_same_secret(bearer(request) or "", settings.rest_token):
            raise NotAuthenticated("Send the token of RELEVO_REST_TOKEN as “Authorization: Bearer …”.")
        return
    if is_from_browser_page(request):
        # Any page may make a browser on this machine ask 127.0.0.1; only browsers send these headers.
        raise AccessDenied(
            "This door is for programs; web pages use the visitor API at /widget/api/v1.", code="browser"
        )
    if not is_from_this_machine(request):
        raise AccessDenied(
            "This door answers on the machine that Relevo runs on. Set RELEVO_REST_TOKEN to use it from elsewhere.",
            code="not_local",
        )


async def _read(request: Request) -> tuple[Said, list[FileSaid]]:
    if request.query_string and request.args.get("stream", "false").lower() not in ("false", "0"):
        raise Unreadable(
            "“stream=true” is not offered; leave it out, and the answer comes whole.", code="stream_unsupported"
        )
    body = await read_body(request, MAX_BODY_BYTES, _too_large())
    said = read_json(body, _decoder)
    files = take_files(said.metadata)
    if len(body) - sum(len(file.data_base64) for file in files) > services_of(request).settings.max_body_bytes:
        raise _too_large()
    return said, files


def _too_large() -> TooLarge:
    return TooLarge("The request is larger than this door accepts: send less at once, of files at most 10 MB together.")


async def _reply(services: WebServices, received: Received) -> Reply:
    """Wait for the turn's end; raises TurnPending when it takes longer than the caller is kept waiting.

    Subscribed before the first look, so that an end between the two is not missed; a lost wake-up costs a pause.
    """
    deadline = monotonic() + services.settings.rest_wait_seconds
    pause = _PAUSE_SECONDS if received.is_new else 0.0
    with services.live.conversation(received.conversation_id) as news:
        while True:
            if pause:
                await news.wait(max(0.0, min(pause, deadline - monotonic())))
            reply = await _look(services, received)
            if reply is not None:
                return reply
            if services.stopping.is_set():
                deadline = min(deadline, monotonic() + services.settings.shutdown_seconds / 2)
            if monotonic() >= deadline:
                raise TurnPending
            pause = _PAUSE_SECONDS


async def _look(services: WebServices, received: Received) -> Reply | None:
    try:
        return await services.store.inbox.reply(received.inbox_id)
    except Unavailable:
        return None  # the message is kept: a database that comes back in time still answers


def _heard(sender: str, entry: Entry) -> Heard:
    content = entry.content
    return Heard(
        recipient_id=sender,
        text=content.text,
        buttons=content.buttons or None,
        image=content.image,
        custom=content.custom,
        attachments=content.attachments or None,
    )
