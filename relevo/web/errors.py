"""Turns whatever is raised behind a door into a status and a sentence.

What callers see: ``{"error": {"code", "message"}}``, some with ``details``, at the desk's API within a problem (RFC
9457); never a traceback. What the log sees: the class and where it was raised, never the exception's own words, because
those may quote what somebody wrote.
"""

from __future__ import annotations

import logging
import secrets
import sys
import traceback
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
import structlog
from sanic import Sanic
from sanic.exceptions import (
    HeaderExpectationFailed,
    InvalidUsage,
    MethodNotSupported,
    NotFound,
    PayloadTooLarge,
    RequestTimeout,
    SanicException,
    ServiceUnavailable,
)
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import NotAuthenticated, RequestError, TooMany, TurnPending, Unavailable
from relevo.flow.password_links import LINK_PATH
from relevo.web.channel_refusals import count_refusal
from relevo.web.wire import json_answer

log = structlog.get_logger("relevo.web")

_WITH_PROBLEMS = "/desk/api/"
_AGAIN_SECONDS = "2"
"""When to try again while the database is away or takes nothing."""
_READ_AWAY_BYTES = 32_000_000
"""How much of a body is read that nobody wants: more than a photo, so that whoever sends one hears what was wrong."""

_OF_SANIC: Mapping[type[SanicException], tuple[int, str, str]] = {
    NotFound: (404, "not_found", "There is nothing at this address."),
    InvalidUsage: (400, "unreadable", "The request is not well-formed HTTP, or its body cannot be read."),
    PayloadTooLarge: (413, "too_large", "The request is larger than this door accepts; send less at once."),
    RequestTimeout: (408, "request_timeout", "The request did not arrive in time; send it again."),
    HeaderExpectationFailed: (417, "expectation_failed", "Only “Expect: 100-continue” is understood."),
    ServiceUnavailable: (503, "unavailable", "Relevo is stopping or too busy right now; send the request again."),
}


def add_error_answers(app: Sanic) -> None:
    """Make every error of this app an answer in the same form."""
    app.error_handler.add(PayloadTooLarge, _on_too_large)
    app.error_handler.add(Exception, on_error)
    logging.getLogger("sanic.error").addFilter(_without_words)
    logging.getLogger("sanic.root").addFilter(_without_words)


def on_error(request: Request, error: Exception) -> HTTPResponse:
    """Give the answer to anything that was raised."""
    return _given(request, _answer_to(request, error))


def _answer_to(request: Request, error: Exception) -> HTTPResponse:
    if isinstance(error, RequestError):
        return refusal(error)
    if isinstance(error, MethodNotSupported):
        allowed = ", ".join(sorted(error.headers["Allow"].split(", ")))
        return _answer(405, "method_not_allowed", f"This address understands {allowed} only.", {"Allow": allowed})
    if isinstance(error, SanicException):
        return _of_sanic(error)
    if request.method == "NONE":  # Sanic's stand-in for a request whose head could not be read
        return _of_sanic(InvalidUsage(""))
    return _incident(error)


def refusal(error: RequestError) -> HTTPResponse:
    """Give the answer to a request that cannot be served."""
    headers = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after_seconds)
    elif isinstance(error, Unavailable):
        headers["Retry-After"] = "1" if isinstance(error, TurnPending) else _AGAIN_SECONDS
    elif isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    said = {"code": error.reason, "message": str(error), **({"details": error.details} if error.details else {})}
    return json_answer({"error": said}, error.status, headers)


def answer_to(request: Request, error: RequestError) -> HTTPResponse:
    """Give the answer to a request that cannot be served, in the form of the door that it came to."""
    return _given(request, refusal(error))


def _given(request: Request, answer: HTTPResponse) -> HTTPResponse:
    count_refusal(request, answer)
    return as_problem(request, answer)


def as_problem(request: Request, answer: HTTPResponse) -> HTTPResponse:
    """Give a refusal of the desk's API as application/problem+json, with the member that its pages read."""
    if not (request.path or "").startswith(_WITH_PROBLEMS):
        return answer
    error = msgspec.json.decode(answer.body or b"{}")["error"]
    problem = {
        "type": f"urn:relevo:problem:{error['code']}",
        "title": HTTPStatus(answer.status).phrase,
        "status": answer.status,
        "detail": error["message"],
        "code": error["code"],
        "error": error,
    }
    answer.body, answer.content_type = msgspec.json.encode(problem), "application/problem+json"
    return answer


async def _on_too_large(request: Request, error: PayloadTooLarge) -> HTTPResponse:
    await read_away(request)
    return on_error(request, error)


async def read_away(request: Request) -> None:
    """Read on for a little: who closes a connection with unread bytes resets it, and the caller loses the answer."""
    stream = request.stream
    if stream is not None and stream.request_body and not stream.expecting_continue:
        stream.request_max_size, left = sys.maxsize, _READ_AWAY_BYTES
        async for part in stream:
            left -= len(part)
            if left < 0:
                log.info("web.body_cut_off", path=_without_secret(request.path))
                break


def _without_secret(path: str) -> str:
    """Give an address without what opens something."""
    return f"{LINK_PATH}…" if path.startswith(LINK_PATH) else path


def _of_sanic(error: SanicException) -> HTTPResponse:
    for kind, (status, code, sentence) in _OF_SANIC.items():
        if isinstance(error, kind):
            return _answer(status, code, sentence)
    return _incident(error)


def _incident(error: Exception) -> HTTPResponse:
    incident = secrets.token_hex(6)
    log.error("web.failed", incident=incident, error=type(error).__qualname__, trace=where(error))
    return _answer(
        500, "internal_error", f"Something went wrong on our side. Quote incident {incident}; then try again."
    )


def where(error: BaseException) -> list[str]:
    """Give the innermost places that an exception came through, without its words."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{'/'.join(f.filename.split('/')[-2:])}:{f.lineno} {f.name}" for f in frames]


def _answer(status: int, code: str, sentence: str, headers: Mapping[str, str] | None = None) -> HTTPResponse:
    return json_answer({"error": {"code": code, "message": sentence}}, status, headers)


def _without_words(record: logging.LogRecord) -> bool:
    """Keep Sanic's own logger from printing what an exception says."""
    if isinstance(record.msg, BaseException):
        record.msg = type(record.msg).__qualname__
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        record.msg = f"{record.getMessage()} ({type(error).__qualname__} at {'; '.join(where(error)[-2:])})"
        record.args, record.exc_info = (), None
    return True
