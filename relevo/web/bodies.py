"""Reads the bodies that may be larger than most: never more than a door allows, whatever length was announced."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from sanic.exceptions import PayloadTooLarge
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import RequestError, TooLarge
from relevo.web.errors import read_away

Door = Callable[..., Coroutine[Any, Any, HTTPResponse]]


def streamed(door: Door) -> Door:
    """Let the sender of a body that nobody reads hear why; the door must be added with ``stream=True``."""

    @wraps(door)
    async def polite(request: Request, **named: Any) -> HTTPResponse:
        try:
            return await door(request, **named)
        except RequestError:
            await read_away(request)
            raise

    return polite


async def read_body(request: Request, most_bytes: int, refusal: TooLarge) -> bytes:
    """Read the body of a streaming door; raises the refusal as soon as it is known to be too large."""
    stream = request.stream
    if stream is None:
        return b""
    stream.request_max_size = most_bytes
    try:
        return b"".join([part async for part in stream])
    except PayloadTooLarge:
        raise refusal from None
