"""Reads the bodies that may be larger than most: never more than a door allows, whatever length was announced."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from sanic.exceptions import PayloadTooLarge
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import RequestError, TooLarge
from relevo.web.errors import answer_to, read_away

Door = Callable[..., Coroutine[Any, Any, HTTPResponse | None]]


def streamed(door: Door) -> Door:
    """Make a door that reads its own body, and answers a body that it does not want before its end.

    The door must be added with ``stream=True``.
    """

    @wraps(door)
    async def answering_early(request: Request, **named: Any) -> HTTPResponse | None:
        try:
            response = await door(request, **named)
        except RequestError as error:
            response = answer_to(request, error)
        if response is None or request.stream is None or not request.stream.request_body:
            return response
        await (await request.respond(response)).send(end_stream=True)
        await read_away(request)
        return None

    return answering_early


async def read_body(request: Request, most_bytes: int, refused: TooLarge) -> bytes:
    """Read the body of a streamed door; raises the refusal as soon as it is known to be too large."""
    stream = request.stream
    if stream is None:
        return b""
    stream.request_max_size = most_bytes
    try:
        return b"".join([part async for part in stream])
    except PayloadTooLarge:
        raise refused from None
