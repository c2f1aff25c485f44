"""A visitor's events: what was said, whole and in order, after the visitor's own cursor.

The cursor is the timeline's position. The same events come as a stream (server-sent events) or, with ``wait``, as JSON;
a wake-up only says "look again", and one look for all pages makes up for a lost one within seconds. What a visitor may
see is messages alone, and the chat's state: who answers, whether they type, what they have read.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

import msgspec
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.live import MOVED, Subscription
from relevo.domain.attachments import Attachment
from relevo.domain.conversations import Conversation
from relevo.domain.messages import Author, Button, Entry
from relevo.errors import Unavailable, Unreadable
from relevo.flow.earlier import entries_of_contact
from relevo.flow.receive import message_id_of
from relevo.web.chat_state import ANSWERS, Snapshot, read_snapshot
from relevo.web.errors import log, where
from relevo.web.limits import Stream
from relevo.web.origins import header
from relevo.web.services import WebServices, services_of
from relevo.web.visitor_doors import CHANNEL, Visitor
from relevo.web.wire import json_answer

_PAGE = 200
_LOOK_SECONDS = 60.0
"""How often a stream looks by itself, for what no timeline tells: thousands of idle ones must cost next to nothing."""
_LIVELY_SECONDS = 5.0
"""How often it looks while somebody types: nobody tells that they stopped."""
_STOPPING_SECONDS = 0.5
"""How soon a poll notices that the process is about to end."""
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


async def give_events(request: Request, visitor: Visitor, place: Stream) -> HTTPResponse | None:
    """Answer with events after the cursor: as JSON when ``wait`` was given, else as a stream that stays open."""
    reader = Reader(services_of(request), visitor, _cursor(request))
    wait = request.args.get("wait")
    if wait is not None:
        seen = request.args.get("seen", "") if request.args.get("state") else None
        return await _poll(reader, _wait_seconds(wait, reader.services.settings.long_poll_seconds), seen)
    await _stream(request, reader, place)
    return None


class Reader:
    """Reads one visitor's timeline from a cursor on."""

    def __init__(self, services: WebServices, visitor: Visitor, position: int) -> None:
        self.services = services
        self.position = position
        self.address = visitor.address
        self._token_hash = visitor.token_hash
        self._conversation_id: UUID | None = None
        self._was_given = False
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
        """Give the next messages, and advance the cursor."""
        found: list[Message] = []
        conversation_id = await self.find()
        while conversation_id is not None and not found:
            store = self.services.store.conversations
            entries = await entries_of_contact(store, conversation_id, self.position, _PAGE)
            found = [_message(entry) for entry in entries if entry.kind == "message"]
            self.answers = next((told for entry in reversed(entries) if (told := _answering(entry))), self.answers)
            self.position = entries[-1].position if entries else self.position
            if len(entries) < _PAGE:
                break
        self._was_given = self._was_given or any(message.author is not Author.CONTACT for message in found)
        return found

    async def collect(self) -> None:
        """Have what was read marked as delivered."""
        if self._was_given and self._conversation_id is not None:
            self._was_given = False
            await self.services.store.outbox.collect(self._conversation_id, self.position)

    async def state(self) -> Snapshot:
        """Give what the chat shows beside messages."""
        return await read_snapshot(self.services.store, self._conversation_id)

    async def is_over(self) -> bool:
        """Tell whether the visitor's token has ended meanwhile."""
        return await self.services.store.visits.find(self._token_hash) is None

    async def _find(self) -> Conversation | None:
        return await self.services.store.conversations.find(CHANNEL, self.address)


class Waiter:
    """Waits until there may be something new for a reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.services = reader.services
        self._listening: AbstractContextManager[Subscription] | None = None
        self._news: Subscription | None = None
        self._about: UUID | None = None

    def __enter__(self) -> Waiter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.__exit__(None, None, None)

    async def subscribe(self) -> None:
        """Listen to all that concerns the visitor so far; call it before looking."""
        conversation_id = await self._reader.find()
        if self._news is None or conversation_id != self._about:
            self.__exit__()
            self._listening = self._reader.services.live.chat(self._reader.address, conversation_id)
            self._news, self._about = self._listening.__enter__(), conversation_id
            await self._reader.find()  # who wrote while nobody listened

    def wait(self, seconds: float) -> Coroutine[Any, Any, bool]:
        """Wait for news, or for so long; tell whether there were any."""
        assert self._news is not None
        self._news.position = self._reader.position
        return self._news.wait(seconds)

    def has_moved(self) -> bool:
        """Tell, once, whether the news was about the visitor's token."""
        assert self._news is not None
        return f"{MOVED}{self._reader.address}" in self._news.heard()


async def _poll(reader: Reader, seconds: float, seen: str | None) -> HTTPResponse:
    was_reset = await reader.is_beyond_the_end()
    if was_reset:
        reader.position = 0
    deadline = monotonic() + seconds
    with Waiter(reader) as waiter:
        while True:
            await waiter.subscribe()
            found = await reader.read()
            state = await reader.state() if seen is not None else None
            left = 0.0 if reader.services.stopping.is_set() else deadline - monotonic()
            if found or was_reset or left <= 0 or (state is not None and state.tag != seen):
                await reader.collect()
                told: dict[str, Any] = {"answers": reader.answers} if reader.answers else {}
                told |= {"state": state} if state is not None else {}
                return json_answer({"events": found, "position": reader.position, "reset": was_reset, **told})
            await _wait(waiter, min(left, _LIVELY_SECONDS) if state and state.typing else left)


async def _wait(waiter: Waiter, seconds: float) -> None:
    """Wait for news, for so long, or until this process is about to end."""
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0 and not waiter.services.stopping.is_set():
        if await waiter.wait(min(left, _STOPPING_SECONDS)):
            return


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
    with Waiter(reader) as waiter:
        teller = _Teller(reader, waiter)
        while not place.is_replaced and (parts := await teller.next()) is not None:
            if parts:
                await response.send(parts)


class _Teller:
    """What a stream has told its page, and when it looks or speaks again."""

    def __init__(self, reader: Reader, waiter: Waiter) -> None:
        self._reader, self._waiter = reader, waiter
        self._silence = reader.services.settings.heartbeat_seconds
        self._told, self._is_news = "", True
        self._pause, self._looked_at, self._spoke_at = _LOOK_SECONDS, 0.0, monotonic()

    async def next(self) -> bytes | None:
        """Give what is to be said now; nothing after a pause in which nothing was; None when the token is over."""
        await self._reader.collect()  # what was sent, and only then: the visitor waits for no disk
        if self._is_news or monotonic() - self._looked_at >= self._pause:
            await self._waiter.subscribe()
            if self._waiter.has_moved() and await self._reader.is_over():
                return None
            if parts := await self._news():
                return parts
        if said := self._heartbeat():
            return said
        now = monotonic()
        left = min(self._spoke_at + self._silence - now, self._looked_at + self._pause - now)
        self._is_news = await self._waiter.wait(max(0.01, left))
        return b""

    def _heartbeat(self) -> bytes:
        """Give what breaks a silence that has been long enough."""
        if monotonic() - self._spoke_at < self._silence:
            return b""
        self._spoke_at = monotonic()
        return b": still here\n\n"

    async def _news(self) -> bytes:
        """Give what the page does not know yet: who answers, messages, and the chat's state as it is after them."""
        reader, known = self._reader, self._reader.answers
        found = await reader.read()
        parts = [_event(message) for message in found]
        if reader.answers != known:
            parts.insert(0, b'event: answers\ndata: {"by":"%b"}\n\n' % (reader.answers or "bot").encode())
        state = await reader.state()
        if state.tag != self._told:
            parts.append(b"event: state\ndata: %b\n\n" % _encode(state))
        self._told, self._looked_at = state.tag, monotonic()
        self._pause = _LIVELY_SECONDS if state.typing else _LOOK_SECONDS
        self._spoke_at = self._looked_at if parts else self._spoke_at
        return b"".join(parts)


def _event(message: Message) -> bytes:
    return b"id: %d\nevent: message\ndata: %b\n\n" % (message.position, _encode(message))


def _answering(entry: Entry) -> str | None:
    """Give who answers from an entry on, where it passes control."""
    after = (entry.content.custom or {}).get("to") if entry.kind == "control" else None
    return None if after is None else ANSWERS.get(str(after), "nobody")


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
