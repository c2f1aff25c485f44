"""A visitor's events: what was said, whole and in order, after the visitor's own cursor.

The cursor is the timeline's position. The same events come as a stream (server-sent events) or, with ``wait``, as JSON;
a wake-up only says "look again", so a lost one costs a heartbeat at most. What a visitor may see is messages alone, and
whether the bot or a person answers: so a page knows whose words to wait for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

import msgspec
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.live import Subscription
from relevo.domain.attachments import Attachment
from relevo.domain.conversations import Conversation
from relevo.domain.messages import Author, Button, Entry
from relevo.errors import Unavailable, Unreadable
from relevo.flow.receive import message_id_of
from relevo.web.errors import log, where
from relevo.web.limits import Stream
from relevo.web.origins import header
from relevo.web.services import WebServices, services_of
from relevo.web.wire import json_answer

_PAGE = 200
_STRANGER_PAUSE_SECONDS = 0.5
"""How often a stream looks whether its visitor has written for the first time: until then there is no timeline."""

_ANSWERS = {
    "bot": "bot",
    "requested": "queue",
    "queued": "queue",
    "offered": "queue",
    "agent": "person",
    "wrap_up": "person",
}
STREAM_HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}


class Message(msgspec.Struct, omit_defaults=True):
    """One message as a visitor sees it."""

    position: int
    author: Author
    at: datetime
    text: str | None = None
    buttons: Sequence[Button] | None = None
    image: str | None = None
    custom: Any = None
    attachments: Sequence[Attachment] | None = None
    cid: str | None = None
    """The page's own id, on what the visitor wrote."""


_encode = msgspec.json.Encoder().encode


async def give_events(request: Request, channel: str, address: str, place: Stream) -> HTTPResponse | None:
    """Answer with events after the cursor: as JSON when ``wait`` was given, else as a stream that stays open."""
    reader = Reader(services_of(request), channel, address, _cursor(request))
    wait = request.args.get("wait")
    if wait is not None:
        return await _poll(reader, _wait_seconds(wait, reader.services.settings.long_poll_seconds))
    await _stream(request, reader, place)
    return None


class Reader:
    """Reads one visitor's timeline from a cursor on."""

    def __init__(self, services: WebServices, channel: str, address: str, position: int) -> None:
        self.services = services
        self.position = position
        self._channel = channel
        self._address = address
        self._conversation_id: UUID | None = None
        self.answers: str | None = None
        """Who answers by now, where that has changed on what was read: ``bot``, ``queue``, ``person`` or ``nobody``."""

    async def find(self) -> UUID | None:
        """Give the visitor's conversation, or None while they have not written."""
        if self._conversation_id is None:
            found = await self._find()
            self._conversation_id = found.id if found else None
        return self._conversation_id

    async def is_beyond_the_end(self) -> bool:
        """Tell whether the cursor points behind everything there is: it belongs to another timeline."""
        if self.position == 0:
            return False
        found = await self._find()
        return found is None or self.position > found.last_position

    async def read(self) -> list[Message]:
        """Give the next messages, advance the cursor, and have them marked as delivered."""
        found: list[Message] = []
        conversation_id = await self.find()
        while conversation_id is not None and not found:
            entries = await self.services.store.conversations.entries(conversation_id, self.position, _PAGE)
            found = [_message(entry) for entry in entries if entry.kind == "message"]
            self.answers = next((told for entry in reversed(entries) if (told := _answering(entry))), self.answers)
            self.position = entries[-1].position if entries else self.position
            if len(entries) < _PAGE:
                break
        if conversation_id is not None and any(message.author is not Author.CONTACT for message in found):
            await self.services.store.outbox.collect(conversation_id, self.position)
        return found

    async def _find(self) -> Conversation | None:
        return await self.services.store.conversations.find(self._channel, self._address)


class Waiter:
    """Waits until a reader's timeline may have grown."""

    def __init__(self, reader: Reader, stack: ExitStack) -> None:
        self._reader = reader
        self._stack = stack
        self._news: Subscription | None = None

    async def subscribe(self) -> None:
        """Listen to the timeline as soon as there is one; call it before looking."""
        if self._news is None and (conversation_id := await self._reader.find()) is not None:
            self._news = self._stack.enter_context(self._reader.services.live.conversation(conversation_id))

    async def wait(self, seconds: float) -> None:
        """Wait for news, or for so long."""
        if self._news is not None:
            await self._news.wait(seconds)
        else:
            await asyncio.sleep(min(seconds, _STRANGER_PAUSE_SECONDS))


async def _poll(reader: Reader, seconds: float) -> HTTPResponse:
    was_reset = await reader.is_beyond_the_end()
    if was_reset:
        reader.position = 0
    deadline = monotonic() + seconds
    with ExitStack() as stack:
        waiter = Waiter(reader, stack)
        while True:
            await waiter.subscribe()
            found = await reader.read()
            left = deadline - monotonic()
            if found or was_reset or left <= 0:
                told = {"answers": reader.answers} if reader.answers else {}
                return json_answer({"events": found, "position": reader.position, "reset": was_reset, **told})
            await waiter.wait(left)


async def _stream(request: Request, reader: Reader, place: Stream) -> None:
    was_reset = await reader.is_beyond_the_end()  # while an error can still be an answer
    response = await request.respond(
        headers={**STREAM_HEADERS, **request.ctx.cors}, content_type="text/event-stream; charset=utf-8"
    )
    assert response is not None
    streaming: set[Any] = request.app.ctx.streaming
    transport: Any = request.transport
    streaming.add(transport)
    try:
        await response.send("retry: 2000\n: welcome\n\n")
        if was_reset:
            reader.position = 0
            await response.send(b'event: reset\ndata: {"position":0}\n\n')
        await _follow(response, reader, place)
        await response.send(b"event: replaced\ndata: {}\n\n")
        await response.eof()
    except Unavailable:
        await response.eof()  # the page comes back with its cursor
    except Exception as error:  # noqa: BLE001 (the head is sent: nobody behind us could still make this an answer)
        log.error("web.stream_failed", error=type(error).__qualname__, trace=where(error))
        transport.close()
    finally:
        streaming.discard(transport)


async def _follow(response: Any, reader: Reader, place: Stream) -> None:
    heartbeat = reader.services.settings.heartbeat_seconds
    spoke_at = monotonic()
    with ExitStack() as stack:
        waiter = Waiter(reader, stack)
        while not place.is_replaced:
            await waiter.subscribe()
            known = reader.answers
            found = await reader.read()
            if reader.answers != known:
                await response.send(b'event: answers\ndata: {"by":"%b"}\n\n' % (reader.answers or "bot").encode())
            if found:
                await response.send(b"".join(_event(message) for message in found))
            elif monotonic() - spoke_at >= heartbeat:
                await response.send(b": still here\n\n")
            else:
                await waiter.wait(max(0.01, heartbeat - (monotonic() - spoke_at)))
                continue
            spoke_at = monotonic()


def _event(message: Message) -> bytes:
    return b"id: %d\nevent: message\ndata: %b\n\n" % (message.position, _encode(message))


def _answering(entry: Entry) -> str | None:
    """Give who answers from an entry on, where it passes control."""
    after = (entry.content.custom or {}).get("to") if entry.kind == "control" else None
    return None if after is None else _ANSWERS.get(str(after), "nobody")


def _message(entry: Entry) -> Message:
    content = entry.content
    return Message(
        position=entry.position,
        author=entry.author,
        at=entry.created_at,
        text=content.text,
        buttons=content.buttons or None,
        image=content.image,
        custom=content.custom,
        attachments=content.attachments or None,
        cid=message_id_of(entry.external_id) if entry.author is Author.CONTACT else None,
    )


def _cursor(request: Request) -> int:
    given = header(request, "last-event-id") or request.args.get("after", "0")
    if not (given.isascii() and given.isdigit()) or len(given) > 18:
        raise Unreadable("The cursor must be the position of an event, a whole number.", code="bad_cursor")
    return int(given)


def _wait_seconds(given: str, longest: float) -> float:
    if not (given.isascii() and given.isdigit()) or len(given) > 9:
        raise Unreadable("“wait” must be a whole number of seconds.", code="bad_wait")
    return min(float(given), longest)
