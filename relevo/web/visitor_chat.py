"""What a visitor says without words: that they type, how far they have read, how it was, and that it is over."""

from __future__ import annotations

from uuid import UUID

import msgspec
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.domain.messages import clean_text
from relevo.domain.ratings import MAX_COMMENT_CHARACTERS
from relevo.errors import Conflict, Unreadable
from relevo.flow.texts import say
from relevo.web.services import services_of
from relevo.web.visitor_doors import CHANNEL, Visitor
from relevo.web.wire import read_json

_LARGEST = 2**53


class Read(msgspec.Struct):
    """How far a visitor has read."""

    position: int


class Rated(msgspec.Struct):
    """How it was."""

    score: int
    comment: str | None = None


_read_decoder = msgspec.json.Decoder(Read)
_rated_decoder = msgspec.json.Decoder(Rated)


async def tell_typing(request: Request, visitor: Visitor) -> HTTPResponse:
    """Tell agents that the visitor types; what comes oftener than they look says nothing new."""
    is_known = request.app.ctx.typing_told.take(visitor.address)
    conversation_id = None if is_known else await _conversation(request, visitor)
    if conversation_id is not None:
        services = services_of(request)
        await services.store.chats.contact_types(conversation_id)
        services.live.contact_stirred(conversation_id)
    return HTTPResponse(None, 204)


async def read_messages(request: Request, visitor: Visitor) -> HTTPResponse:
    """Note how far the visitor has read."""
    position = read_json(request.body, _read_decoder).position
    if not 0 <= position < _LARGEST:
        raise Unreadable("“position” must be the position of an event.", code="bad_position")
    services, conversation_id = services_of(request), await _conversation(request, visitor)
    if conversation_id is not None and await services.store.chats.contact_read(conversation_id, position):
        services.live.contact_stirred(conversation_id)
    return HTTPResponse(None, 204)


async def rate_chat(request: Request, visitor: Visitor) -> HTTPResponse:
    """Keep how it was."""
    rated = read_json(request.body, _rated_decoder)
    if not 1 <= rated.score <= 5:
        raise Unreadable("“score” must be a whole number from 1 to 5.", code="bad_score")
    comment = clean_text(rated.comment or "").strip()
    if len(comment) > MAX_COMMENT_CHARACTERS:
        raise Unreadable(f"“comment” may have {MAX_COMMENT_CHARACTERS} characters.", code="text_too_long")
    services, conversation_id = services_of(request), await _conversation(request, visitor)
    if conversation_id is None:
        raise Conflict("Nobody has asked how it was; there is nothing to rate.", code="no_rating")
    await services.store.chats.rate(conversation_id, rated.score, comment or None)
    services.live.changed(conversation_id)
    return HTTPResponse(None, 204)


async def end_chat(request: Request, visitor: Visitor) -> HTTPResponse:
    """End what the visitor wanted; their next message begins anew."""
    services = services_of(request)
    found = await services.store.conversations.find(CHANNEL, visitor.address)
    if found is not None:
        language = found.language or visitor.site.default_language
        await services.store.chats.end(found.id, say(language, "chat_ended"))
        services.live.changed(found.id)
        services.live.wake_routers()
    return HTTPResponse(None, 204)


async def _conversation(request: Request, visitor: Visitor) -> UUID | None:
    found = await services_of(request).store.conversations.find(CHANNEL, visitor.address)
    return found.id if found else None
