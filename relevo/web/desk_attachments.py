"""Photos and files at the desk: opened by agents who signed in, and each view is written down."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.domain.roles import READONLY
from relevo.errors import AccessDenied, NotAuthenticated, RequestError
from relevo.web.attached import asks_for_thumbnail, asks_in_place, file_answer
from relevo.web.desk_html import refusal_page
from relevo.web.desk_sight import eyes_of
from relevo.web.languages import WORDS, language_of
from relevo.web.markup import document, page_answer, text
from relevo.web.services import services_of
from relevo.web.sign_in import demand_session

_STYLE = '<link rel="stylesheet" href="/static/desk/desk.css">'
_IN_FRAME = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}


def add_desk_attachments(app: Sanic) -> None:
    """Open ``/desk/attachments/…``."""
    app.add_route(_get_attachment, "/desk/attachments/<attachment_id:uuid>", methods=["GET"], name="desk_attachment")


async def _get_attachment(request: Request, attachment_id: UUID) -> HTTPResponse:
    try:
        return await _view(request, attachment_id)
    except NotAuthenticated as error:
        if asks_in_place(request):
            return _framed(request, error)
        target = f"/desk/login?next={quote(request.path)}"
        return HTTPResponse(None, 303, {"Location": target, "Cache-Control": "no-store"})
    except RequestError as error:
        if asks_in_place(request):
            return _framed(request, error)
        return page_answer(refusal_page(language_of(request), error), error.status)


def _framed(request: Request, error: RequestError) -> HTTPResponse:
    """Say a refusal within the frame that the file would have been shown in; it leads nowhere and runs nothing."""
    words = WORDS[language_of(request)]
    sentence = words.get(f"problem.{error.reason}", str(error))
    body = f'<body class="sign-in"><p class="alert" role="alert">{text(sentence)}</p></body>'
    page = document(language_of(request), words["desk.error"], _STYLE, body)
    return page_answer(page, error.status, _IN_FRAME)


async def _view(request: Request, attachment_id: UUID) -> HTTPResponse:
    session = await demand_session(request)
    if session.agent.role == READONLY:
        raise AccessDenied("With your role files are not shown: they may identify somebody.", code="no_file_for_role")
    await eyes_of(services_of(request), session.agent).demand_attachment(attachment_id)
    is_thumbnail = asks_for_thumbnail(request)
    opened = await services_of(request).store.attachments.view(
        attachment_id, session.agent.id, is_thumbnail=is_thumbnail
    )
    return file_answer(opened, is_thumbnail=is_thumbnail, is_in_place=asks_in_place(request))
