"""Says in a page what browsers at the desk would otherwise read as JSON: addresses that are none, and our mistakes."""

from __future__ import annotations

import re

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import RequestError
from relevo.web.desk_html import refusal_page
from relevo.web.errors import on_error
from relevo.web.languages import WORDS, language_of
from relevo.web.markup import page_answer
from relevo.web.origins import header

_KEPT = ("Allow", "Retry-After")


def add_desk_refusals(app: Sanic) -> None:
    """Answer browsers at ``/desk`` with a page, whatever was raised."""
    app.error_handler.add(Exception, _answer)


def _answer(request: Request, error: Exception) -> HTTPResponse:
    answer = on_error(request, error)
    return _as_page(request, answer) if _wants_page(request) else answer


def _wants_page(request: Request) -> bool:
    path = request.path or ""
    is_page = path.startswith("/desk") and not path.startswith("/desk/api")
    return is_page and "text/html" in header(request, "accept")


def _as_page(request: Request, answer: HTTPResponse) -> HTTPResponse:
    said = msgspec.json.decode(answer.body or b"{}")["error"]
    language, sentence = language_of(request), str(said["message"])
    if incident := re.search(r"incident (\w+)", sentence):
        sentence = WORDS[language]["desk.incident"].format(incident=incident[1])
    refusal = RequestError(sentence, code=said["code"])
    headers = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
    return page_answer(refusal_page(language, refusal, answer.status), answer.status, headers)
