"""Carries a request with an Idempotency-Key out once, and gives the same answer to whoever sends it again."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.api_access import Answers, AskedOnce, GivenAnswer
from relevo.errors import Gone, RequestError, Unreadable
from relevo.web.callers import idempotency_key
from relevo.web.errors import answer_to
from relevo.web.services import services_of
from relevo.web.sign_in import Session

_HOLD_SECONDS = 120.0
"""How long a key is held for who carries it out; whoever died meanwhile is not waited for any longer."""
_LONGEST = 255


async def answered_once(
    request: Request, session: Session, carry_out: Callable[[], Awaitable[HTTPResponse]]
) -> HTTPResponse:
    """Carry out, or answer as before; raises Conflict for another body under the same key, or while it is under way."""
    key = idempotency_key(request)
    if key is None:
        return await carry_out()
    if len(key) > _LONGEST or not (key.isascii() and key.isprintable()):
        raise Unreadable(
            f"“Idempotency-Key” must be 1 to {_LONGEST} printable ASCII characters.", code="bad_idempotency_key"
        )
    answers = services_of(request).store.answers
    asked = AskedOnce(
        caller=session.caller, path=request.path[:500], key=key, body_hash=hashlib.sha256(request.body).digest()
    )
    known = await answers.begin(asked, _HOLD_SECONDS)
    if known is not None:
        return _again(known)
    return await _carried_out(answers, asked, request, carry_out)


async def _carried_out(
    answers: Answers, asked: AskedOnce, request: Request, carry_out: Callable[[], Awaitable[HTTPResponse]]
) -> HTTPResponse:
    try:
        response = await carry_out()
    except RequestError as error:
        if error.status >= 500 or error.status == 429:
            await answers.forget(asked)
            raise
        response = answer_to(request, error)
    except BaseException:
        await answers.forget(asked)
        raise
    text = (response.body or b"").decode()
    await answers.keep(asked, GivenAnswer(status=response.status, content_type=response.content_type or "", text=text))
    return response


def _again(known: GivenAnswer) -> HTTPResponse:
    if known.text is None:
        raise Gone("This was done; what was answered has been erased with the person whom it was about.")
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Idempotency-Replayed": "true"}
    return HTTPResponse(known.text, known.status, headers, known.content_type)
