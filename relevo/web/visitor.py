"""The visitor API: sessions, messages and events of the web chat, by one cursor that survives everything.

A visitor is a random token, whose hash alone is kept; it stands for one address on the channel ``widget``. Pages of
other origins get in only when they are on the list; the token travels in a header, so no page can borrow it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import AccessDenied, NotAuthenticated, RequestError, TooMany, Unreadable
from relevo.flow.receive import arrival, demand_few, receive
from relevo.web.channel_refusals import count_refusal
from relevo.web.errors import refusal
from relevo.web.events import give_events
from relevo.web.limits import Rate, Streams, whole_seconds
from relevo.web.origins import bearer, client_address, header, is_same_origin, token_hash
from relevo.web.services import services_of
from relevo.web.settings import WebSettings
from relevo.web.wire import json_answer, read_json

CHANNEL = "widget"
PREFIX = "/widget/api/v1"
_LANGUAGE_CHARACTERS = 35
"""Longest language tag that RFC 5646 asks implementations to hold."""

Door = Callable[..., Coroutine[Any, Any, HTTPResponse | None]]


class SessionAsked(msgspec.Struct):
    """What a page posts to begin."""

    language: str | None = None


class Written(msgspec.Struct):
    """What a visitor posts; ``cid`` is the page's own id of the message, the same in every retry."""

    cid: str | None = None
    text: str | None = None
    payload: str | None = None
    language: str | None = None
    attachments: list[UUID] = []
    """Ids that uploads were given."""


_session_decoder = msgspec.json.Decoder(SessionAsked)
_written_decoder = msgspec.json.Decoder(Written)


class VisitorLimits:
    """How often one visitor, and everybody behind one address, may ask."""

    def __init__(self, settings: WebSettings) -> None:
        self.messages = Rate(settings.visitor_messages_per_second, settings.visitor_burst)
        self.of_address = Rate(settings.address_messages_per_second, settings.address_burst)
        self.reads = Rate(settings.reads_per_second, settings.reads_burst)
        self.streams = Streams(settings.streams_per_visitor, settings.streams_in_all)


def add_visitor_api(app: Sanic) -> None:
    """Open the visitor API under ``/widget/api/v1``."""
    limits = VisitorLimits(app.ctx.services.settings)

    async def post_message(request: Request) -> HTTPResponse:
        return await _post_message(request, limits)

    async def get_events(request: Request) -> HTTPResponse | None:
        address = await demand_visitor(request)
        limits.reads.demand(address, "Events are asked for too often; wait a moment.")
        with limits.streams.place(address) as stream:
            return await give_events(request, CHANNEL, address, stream)

    for path, methods, handler in (
        ("session", ["POST", "OPTIONS"], _post_session),
        ("messages", ["POST", "OPTIONS"], post_message),
        ("events", ["GET", "OPTIONS"], get_events),
    ):
        app.add_route(visitor_door(handler), f"{PREFIX}/{path}", methods=methods, name=f"visitor_{path}")


def visitor_door(handler: Door) -> Door:
    """Check the page's origin, and let pages of allowed origins read the answer, refusals too."""

    @wraps(handler)
    async def door(request: Request, **named: Any) -> HTTPResponse | None:
        request.ctx.cors = _cors(request)
        if request.method == "OPTIONS":
            return HTTPResponse(None, 204, request.ctx.cors)
        try:
            response = await handler(request, **named)
        except RequestError as error:
            response = refusal(error)
            count_refusal(request, response)
        if response is not None:
            response.headers.update(request.ctx.cors)
        return response

    return door


def _cors(request: Request) -> dict[str, str]:
    origin = header(request, "origin")
    if not origin or is_same_origin(request, origin):
        return {}
    if origin not in services_of(request).settings.allowed_origins:
        raise AccessDenied("Pages of this origin may not use the chat; the site's owner can allow it.", code="origin")
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": "authorization, content-type, last-event-id, x-file-name",
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


async def _post_session(request: Request) -> HTTPResponse:
    services = services_of(request)
    settings = services.settings
    if request.body:
        _language(read_json(request.body, _session_decoder).language)
    caller = client_address(request, settings.trusted_proxies)
    wait = await services.store.accounts.take(
        f"visit:{caller}", settings.sessions_per_address, settings.sessions_window_seconds
    )
    if wait:
        raise TooMany("Too many chats were begun from here; wait a moment.", retry_after_seconds=whole_seconds(wait))
    token = secrets.token_urlsafe(32)
    expires_at = services.clock() + timedelta(seconds=settings.visit_lifetime_seconds)
    await services.store.accounts.open_visit(token_hash(token), str(uuid4()), expires_at)
    return json_answer({"token": token, "expires_at": expires_at, "position": 0}, 201)


async def _post_message(request: Request, limits: VisitorLimits) -> HTTPResponse:
    services = services_of(request)
    address = await demand_visitor(request)
    written = read_json(request.body, _written_decoder)
    if written.text is not None and written.payload is not None:
        raise Unreadable("Send either “text” or “payload”, not both.", code="text_and_payload")
    if written.attachments and written.payload is not None:
        raise Unreadable("Files go with a text or alone, not with a “payload”.", code="attachments_and_payload")
    language = _language(written.language)
    if not (written.cid or "").strip():
        raise Unreadable("“cid” is missing; send an id of your own, the same in every retry.", code="missing_cid")
    ids = list(dict.fromkeys(written.attachments))
    demand_few(ids)
    message = arrival(
        channel=CHANNEL,
        address=address,
        message_id=written.cid or "",
        text=written.text if written.payload is None else written.payload,
        metadata={"language": language} if language else None,
        attachments=await services.store.attachments.uploaded(CHANNEL, address, ids) if ids else (),
    )
    limits.messages.demand(address, "You write faster than we can read; wait a moment.")
    caller = client_address(request, services.settings.trusted_proxies)
    limits.of_address.demand(caller, "Too many messages come from here right now; wait a moment.")
    received = await receive(services.store.inbox, services.live, message)
    if received.is_new:
        services.live.changed(received.conversation_id)  # other windows of this visitor show it at once
    return json_answer({"id": written.cid, "position": received.position})


async def demand_visitor(request: Request) -> str:
    """Give the address that the request's token stands for; raises NotAuthenticated."""
    token = bearer(request)
    address = await services_of(request).store.accounts.visit(token_hash(token)) if token else None
    if address is None:
        raise NotAuthenticated("This chat session has ended or never was; begin one with POST /widget/api/v1/session.")
    return address


def _language(tag: str | None) -> str | None:
    if tag is not None and not (
        0 < len(tag) <= _LANGUAGE_CHARACTERS and tag.isascii() and tag.replace("-", "").isalnum()
    ):
        raise Unreadable("“language” must be a language tag such as “es” or “en-GB”.", code="bad_language")
    return tag
