"""Between bytes and typed values: what a body may be, and how answers are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

import msgspec
from sanic.response import HTTPResponse

from relevo.errors import Unreadable

Body = TypeVar("Body")

_encode = msgspec.json.Encoder().encode


def read_json(body: bytes, decoder: msgspec.json.Decoder[Body]) -> Body:
    """Read a JSON body; raises Unreadable with a sentence that never repeats what was sent.

    The content type is not asked: a body is JSON or it is not.
    """
    if not body:
        raise Unreadable("The request has no body; send a JSON object.", code="empty_body")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _wrong_shape(error) from None
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8 text; send JSON encoded as UTF-8.", code="not_utf8") from None
    except RecursionError:
        raise _too_deep() from None
    except msgspec.DecodeError:
        return _read_leniently(body, decoder)


def converted(value: Any, kind: type[Body]) -> Body:
    """Give a part of a body that was read already as what it must be; raises Unreadable."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _wrong_shape(error) from None


def _read_leniently(body: bytes, decoder: msgspec.json.Decoder[Body]) -> Body:
    # msgspec refuses escapes of lone surrogates, into which some clients cut emoji; they are cleaned later instead.
    try:
        return msgspec.convert(json.loads(body.decode(), parse_constant=_no_constant), decoder.type)
    except msgspec.ValidationError as error:
        raise _wrong_shape(error) from None
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8 text; send JSON encoded as UTF-8.", code="not_utf8") from None
    except ValueError:
        raise Unreadable("The body is not JSON; send a JSON object.", code="malformed_json") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _wrong_shape(error: msgspec.ValidationError) -> Unreadable:
    return Unreadable(f"The JSON is not what this door expects: {error}.", code="wrong_type")


def _too_deep() -> Unreadable:
    return Unreadable("The JSON is nested too deeply.", code="too_deep")


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    """Answer with JSON that nothing keeps and no browser takes for something else."""
    return HTTPResponse(
        _encode(value),
        status,
        {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})},
        "application/json",
    )
