"""The visitor API: sessions, messages and events of the web chat, by one cursor that survives everything.

A visitor is a random token, whose hash alone is kept; it stands for one address on the channel ``widget``. Pages of
other origins get in only when they are on their site's list; the token travels in a header, so no page can borrow it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.store import Received
from relevo.domain.messages import Arrival, clean_text
from relevo.errors import Unreadable
from relevo.flow.receive import arrival, demand_few, receive
from relevo.web.events import give_events
from relevo.web.limits import Rate, Streams
from relevo.web.origins import client_address
from relevo.web.services import WebServices, services_of
from relevo.web.settings import WebSettings
from relevo.web.visitor_chat import end_chat, rate_chat, read_messages, tell_typing
from relevo.web.visitor_doors import CHANNEL, PREFIX, Visitor, demand_visitor, visitor_door
from relevo.web.visitor_sessions import begin_session, demand_language, end_session, identify_visitor
from relevo.web.visitor_transcripts import give_transcript, mail_transcript
from relevo.web.wire import json_answer, read_json

_MOST_URL, _MOST_TITLE = 500, 200


class Page(msgspec.Struct):
    """Where a visitor is."""

    url: str
    title: str | None = None


class Written(msgspec.Struct):
    """What a visitor posts; ``cid`` is the page's own id of the message, the same in every retry."""

    cid: str | None = None
    text: str | None = None
    payload: str | None = None
    language: str | None = None
    attachments: list[UUID] = []
    """Ids that uploads were given."""
    page: Page | None = None


_written_decoder = msgspec.json.Decoder(Written)
Handler = Callable[[Request, Visitor], Coroutine[Any, Any, HTTPResponse]]


class VisitorLimits:
    """How often one visitor, everybody behind one address, and everybody on one site may ask."""

    def __init__(self, settings: WebSettings) -> None:
        self.messages = Rate(settings.visitor_messages_per_second, settings.visitor_burst)
        self.of_address = Rate(settings.address_messages_per_second, settings.address_burst)
        self.of_site = Rate(settings.site_messages_per_second, settings.site_burst)
        self.reads = Rate(settings.reads_per_second, settings.reads_burst)
        self.signs = Rate(settings.signs_per_second, settings.signs_burst)
        self.streams = Streams(settings.streams_per_visitor, settings.streams_in_all)

    def demand_message(self, request: Request, visitor: Visitor) -> None:
        """Count a message; raises TooMany."""
        self.messages.demand(visitor.address, "You write faster than we can read; wait a moment.")
        caller = client_address(request, services_of(request).settings.trusted_proxies)
        self.of_address.demand(caller, "Too many messages come from here right now; wait a moment.")
        self.of_site.demand(visitor.site.name, "Very many people write right now; wait a moment.")


def add_visitor_api(app: Sanic) -> None:
    """Open the visitor API under ``/widget/api/v1``."""
    limits = VisitorLimits(app.ctx.services.settings)

    async def post_message(request: Request) -> HTTPResponse:
        return await _post_message(request, limits)

    async def get_events(request: Request) -> HTTPResponse | None:
        visitor = await demand_visitor(request)
        limits.reads.demand(visitor.address, "Events are asked for too often; wait a moment.")
        with limits.streams.place(visitor.address) as stream:
            return await give_events(request, visitor, stream)

    for path, methods, handler in (
        ("session", ["POST"], begin_session),
        ("identify", ["POST"], identify_visitor),
        ("logout", ["POST"], end_session),
        ("messages", ["POST"], post_message),
        ("events", ["GET"], get_events),
    ):
        _open(app, path, methods, handler)
    for path, handle in (("typing", tell_typing), ("read", read_messages), ("rating", rate_chat), ("end", end_chat)):
        _open(app, path, ["POST"], _limited(handle, limits))
    _open(app, "transcript", ["GET", "POST"], _limited(_transcript, limits))


def _open(app: Sanic, path: str, methods: list[str], handler: Callable[..., Any]) -> None:
    door = visitor_door(handler)
    app.add_route(door, f"{PREFIX}/{path}", methods=[*methods, "OPTIONS"], name=f"visitor_{path}")


def _limited(handle: Handler, limits: VisitorLimits) -> Callable[[Request], Coroutine[Any, Any, HTTPResponse]]:
    async def door(request: Request) -> HTTPResponse:
        visitor = await demand_visitor(request)
        limits.signs.demand(visitor.address, "This is asked for too often; wait a moment.")
        return await handle(request, visitor)

    return door


async def _transcript(request: Request, visitor: Visitor) -> HTTPResponse:
    return await (give_transcript if request.method == "GET" else mail_transcript)(request, visitor)


async def _post_message(request: Request, limits: VisitorLimits) -> HTTPResponse:
    services, visitor = services_of(request), await demand_visitor(request)
    written = read_json(request.body, _written_decoder)
    message = await _arrival(services, visitor, written)
    limits.demand_message(request, visitor)
    if not visitor.visit.is_introduced:
        await services.store.visits.introduce(visitor.token_hash)
    received = await receive(services.store.inbox, services.live, message)
    if received.is_new:
        _tell(services, visitor, received)
    return json_answer({"id": written.cid, "position": received.position})


def _tell(services: WebServices, visitor: Visitor, received: Received) -> None:
    services.live.changed(received.conversation_id)  # other windows of this visitor show it at once
    if received.position == 1 or not visitor.visit.is_introduced:
        services.live.visitor_moved(visitor.address)


async def _arrival(services: WebServices, visitor: Visitor, written: Written) -> Arrival:
    if written.text is not None and written.payload is not None:
        raise Unreadable("Send either “text” or “payload”, not both.", code="text_and_payload")
    if written.attachments and written.payload is not None:
        raise Unreadable("Files go with a text or alone, not with a “payload”.", code="attachments_and_payload")
    language = demand_language(written.language)
    if not (written.cid or "").strip():
        raise Unreadable("“cid” is missing; send an id of your own, the same in every retry.", code="missing_cid")
    ids = list(dict.fromkeys(written.attachments))
    demand_few(ids)
    attachments = services.store.attachments
    return arrival(
        channel=CHANNEL,
        address=visitor.address,
        message_id=written.cid or "",
        text=written.text if written.payload is None else written.payload,
        metadata=_metadata(visitor, language, written.page),
        attachments=await attachments.uploaded(CHANNEL, visitor.address, ids) if ids else (),
    )


def _metadata(visitor: Visitor, language: str | None, page: Page | None) -> dict[str, Any]:
    told: dict[str, Any] = {"language": language} if language else {}
    if visitor.visit.prechat and not visitor.visit.is_introduced:
        told["prechat"] = dict(visitor.visit.prechat)
    if page is not None and (url := _address(page.url)):
        told["page"] = {"url": url, **({"title": clean_text(page.title)[:_MOST_TITLE]} if page.title else {})}
    return told


def _address(url: str) -> str | None:
    """Give a page's address without what may be somebody's secret; nothing of what is no page."""
    try:
        parts = urlsplit(clean_text(url)[:_MOST_URL])
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
