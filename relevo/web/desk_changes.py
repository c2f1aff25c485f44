"""Tells an agent's pages that something changed, so that they look again; and that the agent is still there.

An event says "look", and at which conversations: a lost one costs a page's next look. A page answers each ``here``
with its presence, because browsers let the timers of pages that nobody looks at sleep, but not what arrives.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sanic.response import HTTPResponse

from relevo.contracts.live import MOVED, Subscription
from relevo.errors import Unavailable
from relevo.web.desk_doors import Call
from relevo.web.errors import log, where
from relevo.web.events import STREAM_HEADERS
from relevo.web.limits import Stream
from relevo.web.origins import bearer, token_hash
from relevo.web.sign_in import session_of

_PAUSE_SECONDS = 1.0
"""Between two events: many changes at once are one look."""


async def give_changes(call: Call) -> HTTPResponse | None:
    """Answer with a stream that stays open: ``changed``, ``here`` when nothing does, ``ended`` when the session has."""
    with call.limits.streams.place(str(call.agent.id)) as place:
        response = await call.request.respond(headers=STREAM_HEADERS, content_type="text/event-stream; charset=utf-8")
        assert response is not None
        await _stream(call, response, place)
    return None


async def _stream(call: Call, response: Any, place: Stream) -> None:
    transport: Any = call.request.transport
    streaming: set[Any] = call.request.app.ctx.streaming
    streaming.add(transport)
    try:
        with call.services.live.desk() as news:
            await response.send("retry: 3000\n: welcome\n\n")
            await response.send(_event(await _follow(call, response, place, news)))
        await response.eof()
    except Unavailable:
        await response.eof()  # the page comes back
    except Exception as error:  # noqa: BLE001 (the head is sent: nobody behind us could still make this an answer)
        log.error("web.stream_failed", error=type(error).__qualname__, trace=where(error))
        transport.close()
    finally:
        streaming.discard(transport)


async def _follow(call: Call, response: Any, place: Stream, news: Subscription) -> str:
    told_at, heartbeat = time.monotonic(), call.services.settings.heartbeat_seconds
    while not place.is_replaced:
        if await news.wait(heartbeat):
            if told := await _told(call, news.heard()):
                await response.send(told)
                told_at = time.monotonic()
            await asyncio.sleep(_PAUSE_SECONDS)
            if time.monotonic() - told_at < heartbeat:  # what one does not see keeps nobody from saying "here"
                continue
        if not await _still_holds(call):
            return "ended"
        await response.send(_event("here"))
        told_at = time.monotonic()
    return "replaced"


async def _told(call: Call, heard: Collection[str]) -> bytes:
    """Tell what grew, and apart from it where a contact types or has read: that is no reason to read anything again."""
    stirred = [about.removeprefix(MOVED) for about in heard if about.startswith(MOVED)]
    grown = [about for about in heard if not about.startswith(MOVED)]
    parts = []
    if stirred and (seen := await _seen(call, stirred)):
        parts.append(_event("stirred", seen))
    if (grown or not stirred) and (about := await _seen(call, grown)) is not None:
        parts.append(_event("changed", about))
    return b"".join(parts)


async def _seen(call: Call, heard: Collection[str]) -> list[str] | None:
    """Give which of the conversations its reader sees; None where they see nothing of what changed."""
    named = [UUID(each) for each in heard if each]
    seen = sorted(map(str, await call.eyes.among_conversations(named)))
    if "" in heard:
        return ["", *seen]
    return seen if seen or not heard else None


async def _still_holds(call: Call) -> bool:
    if call.session.token is None:
        return await session_of(call.request) is not None
    return await call.services.store.tokens.find(token_hash(bearer(call.request) or "")) is not None


def _event(name: str, about: Sequence[str] = ()) -> bytes:
    """Tell what it is about: conversations, or an empty word for whatever else the desk shows."""
    data = msgspec.json.encode({"conversations": about} if about else {}).decode()
    return f"event: {name}\ndata: {data}\n\n".encode()
