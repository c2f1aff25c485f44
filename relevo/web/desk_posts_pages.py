"""Opens the room of public posts: posted forms that need no script, each one operation of the desk's API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.domain.roles import WORKERS
from relevo.errors import AccessDenied, RequestError, Unreadable
from relevo.web import desk_posts as api
from relevo.web.desk_doors import Call, audited
from relevo.web.desk_html import desk_page
from relevo.web.desk_pages import desk_door
from relevo.web.desk_posts_html import HERE, PostPage, PostRoom
from relevo.web.desk_sight import eyes_of
from relevo.web.languages import WORDS, language_of
from relevo.web.markup import page_answer
from relevo.web.openapi import Operation
from relevo.web.services import services_of
from relevo.web.sign_in import Session, demand_session, read_own_form

_BY_NAME: Mapping[str, Operation] = {operation.name: operation for operation in api.OPERATIONS}
Form = Mapping[str, str]


def _nothing(_form: Form) -> Mapping[str, Any]:
    return {}


def _texts(form: Form) -> Mapping[str, Any]:
    return {"texts": {tag: form[f"texts.{tag}"] for tag in WORDS if form.get(f"texts.{tag}", "").strip()}}


_DOES: Mapping[str, tuple[str, Callable[[Form], Mapping[str, Any]]]] = {
    "answer": ("answer_post", lambda form: {"text": form.get("text", "")}),
    "invite": ("invite_author", _nothing),
    "case": ("open_post_case", _nothing),
    "handled": ("settle_post", lambda _form: {"state": "handled"}),
    "dismissed": ("settle_post", lambda _form: {"state": "dismissed"}),
    "waiting": ("settle_post", lambda _form: {"state": "waiting"}),
    "approve": ("approve_incident", _texts),
    "end": ("end_incident", _nothing),
}
"""What each button does: the operation, and its body out of the form."""


def add_post_pages(app: Sanic) -> None:
    """Open ``/desk/posts``."""
    app.add_route(desk_door(_get), HERE, methods=["GET"], name="desk_posts")
    app.add_route(desk_door(_post), HERE, methods=["POST"], name="desk_post_posts")


async def _get(request: Request) -> HTTPResponse:
    return await _page(request, await demand_session(request))


async def _post(request: Request) -> HTTPResponse:
    session = await demand_session(request)
    form = read_own_form(request)
    operation, body = _asked(form)
    if session.agent.role not in (operation.who or WORKERS):
        raise AccessDenied("Your role may not do this; ask somebody whose role may.", code="role")
    request.app.ctx.desk_limits.demand(session, changes=True)
    call = Call(request=request, services=services_of(request), session=session, limits=request.app.ctx.desk_limits)
    variable = "incident_id" if operation.path.startswith("/incidents") else "post_id"
    about = {variable: form.get("id", "")}
    try:
        await audited(operation, call, lambda: operation.handler(call, body, **about), body, about)
    except RequestError as refusal:
        return await _page(request, session, refusal)
    back = f"{HERE}?{request.query_string}" if request.query_string else HERE
    return HTTPResponse(None, 303, {"Location": back, "Cache-Control": "no-store"})


def _asked(form: Form) -> tuple[Operation, Any]:
    """Give what a form asks for; raises Unreadable for what no form of ours would send."""
    name, read = _DOES.get(form.get("do", ""), ("", _nothing))
    if not name:
        raise Unreadable("The form does not say what to do.")
    operation = _BY_NAME[name]
    try:
        return operation, msgspec.convert(read(form), operation.body)
    except msgspec.ValidationError as error:
        raise Unreadable(f"The form cannot be read: {error}.") from None


async def _page(request: Request, session: Session, refusal: RequestError | None = None) -> HTTPResponse:
    services, language = services_of(request), language_of(request)
    asked = api.asked_for(request)
    posts, following = await api.shown_posts(eyes_of(services, session.agent), asked.wanted)
    page = PostPage(
        asked=asked,
        posts=posts,
        following=following,
        incidents=await services.store.posts.incidents.open(),
        refusal=refusal,
    )
    body = PostRoom(WORDS[language], session, page).body()
    status = refusal.status if refusal else 200
    return page_answer(desk_page(language, WORDS[language]["posts.title"], session, body), status)
