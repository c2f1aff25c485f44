"""The desk's pages: agents sign in, and see to cases and conversations."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any
from urllib.parse import quote
from uuid import UUID

from msgspec.structs import replace
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.domain.covering import masked
from relevo.domain.roles import READONLY
from relevo.errors import NotAuthenticated, RequestError, TooMany
from relevo.web import desk_team
from relevo.web.desk_board import board_of
from relevo.web.desk_box import read_box
from relevo.web.desk_html import SignInForm, overview_page, refusal_page, sign_in_page
from relevo.web.desk_list import list_fragment
from relevo.web.desk_listing import CaseListing, read_listing
from relevo.web.desk_offer import offer_of, reading_language
from relevo.web.desk_reading import CaseReading, Reading, read_case, read_conversation
from relevo.web.desk_readonly import for_reader, for_reading
from relevo.web.desk_replies import mentions_page, replies_page
from relevo.web.desk_report_pages import PAGES as REPORT_PAGES
from relevo.web.desk_search import search_page
from relevo.web.desk_sight import eyes_of
from relevo.web.desk_teaching_pages import PAGES as TEACHING_PAGES
from relevo.web.desk_verbs import ways_of
from relevo.web.desk_work import work_page
from relevo.web.languages import WORDS, language_of
from relevo.web.markup import WITH_FILES, etag_of, is_same, not_modified, page_answer
from relevo.web.passwords import PasswordChecks
from relevo.web.services import services_of
from relevo.web.sign_in import (
    Session,
    demand_own_form,
    demand_session,
    forget_session,
    form_token,
    read_sign_in,
    remember_session,
    remember_visit,
    session_of,
    sign_in,
    sign_out,
    visit_token,
)

_OF_ONE = (
    *("/desk/cases/", "/desk/conversations/", "/desk/contacts/", "/desk/reports", "/desk/teaching"),
    "/desk/posts",
    "/desk/admin",
    "/desk/audit",
)
_SEEN = frozenset({"conversation_id", "case_id", "contact_id"})
Page = Callable[..., Coroutine[Any, Any, HTTPResponse]]
_ROOMS = ("/desk", "/desk/search", "/desk/queue", "/desk/team", "/desk/replies", "/desk/mentions")


def add_desk_pages(app: Sanic) -> None:
    """Open ``/desk``."""
    checks = PasswordChecks()

    async def post_sign_in(request: Request) -> HTTPResponse:
        return await _post_sign_in(request, checks)

    app.add_route(_page(_get_sign_in), "/desk/login", methods=["GET"], name="desk_sign_in")
    app.add_route(_page(post_sign_in), "/desk/login", methods=["POST"], name="desk_post_sign_in")
    app.add_route(_page(_post_sign_out), "/desk/logout", methods=["POST"], name="desk_sign_out")
    app.add_route(_page(_overview), "/desk", methods=["GET"], name="desk_overview")
    app.add_route(_page(_list), "/desk/list", methods=["GET"], name="desk_list")
    app.add_route(_page(_search), "/desk/search", methods=["GET"], name="desk_search")
    app.add_route(
        _page(_conversation),
        "/desk/conversations/<conversation_id:uuid>",
        methods=["GET"],
        name="desk_conversation",
    )
    app.add_route(_page(_replies), "/desk/replies", methods=["GET"], name="desk_replies")
    app.add_route(_page(_mentions), "/desk/mentions", methods=["GET"], name="desk_mentions")
    app.add_route(_page(_case), "/desk/cases/<case_id:str>", methods=["GET"], name="desk_case")
    for path, handler, name in (*desk_team.PAGES, *REPORT_PAGES, *TEACHING_PAGES):
        app.add_route(_page(handler), path, methods=["GET"], name=name)


def _page(handler: Page) -> Page:
    """Make a door that says refusals in a page; who is not signed in is sent to sign in, and from there back here."""

    @wraps(handler)
    async def page(request: Request, *values: object, **named: object) -> HTTPResponse:
        try:
            await _demand_seen(request, named)
            return await handler(request, *values, **named)
        except NotAuthenticated:
            return go_to(f"/desk/login?next={quote(request.path)}")
        except RequestError as error:
            headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, TooMany) else {}
            return page_answer(refusal_page(language_of(request), error), error.status, headers)

    return page


async def _demand_seen(request: Request, named: Mapping[str, object]) -> None:
    """Refuse a page about what its reader does not see, like one about what there is not."""
    if _SEEN & named.keys():
        session = await demand_session(request)
        await eyes_of(services_of(request), session.agent).demand(named)


desk_door = _page
"""What other rooms open their pages with."""


async def _get_sign_in(request: Request) -> HTTPResponse:
    target = _own_page(request.args.get("next", ""))
    if await session_of(request):
        return go_to(target)
    token = visit_token(request)
    notice = WORDS[language_of(request)]["password.done"] if request.args.get("done") == "password" else ""
    form = SignInForm(token=form_token(token), target=target, mails_links=services_of(request).mails_links)
    page = sign_in_page(language_of(request), form, notice=notice)
    return remember_visit(request, page_answer(page), token)


async def _post_sign_in(request: Request, checks: PasswordChecks) -> HTTPResponse:
    form = read_sign_in(request)
    target = _own_page(form.get("next", ""))
    session_token = await sign_in(request, form, checks)
    if session_token is not None:
        return remember_session(request, go_to(target), session_token)
    language, token = language_of(request), visit_token(request)
    again = SignInForm(
        token=form_token(token),
        target=target,
        email=form.get("email", "")[:254],
        mails_links=services_of(request).mails_links,
    )
    page = sign_in_page(language, again, problem=WORDS[language]["desk.wrong"])
    return page_answer(page, 401)


async def _post_sign_out(request: Request) -> HTTPResponse:
    demand_own_form(request)
    await sign_out(request)
    return forget_session(request, go_to("/desk/login"))


async def _list(request: Request) -> HTTPResponse:
    """Answer with what changes of the list; where nothing did since the reader's last look, with nothing."""
    session = await demand_session(request)
    board, language = board_of(request), language_of(request)
    stamp, key = board.stamp(session.agent.id), (session.agent.id, language, request.query_string)
    if is_same(request, board.etag(key, stamp)):
        return not_modified(request)
    fragment = list_fragment(WORDS[language], await _listing(request, session))
    fragment = for_reading(fragment) if session.agent.role == READONLY else fragment
    etag = etag_of(fragment)
    board.remember(key, stamp, etag)
    return not_modified(request) if is_same(request, etag) else page_answer(fragment, headers={"ETag": etag})


async def _overview(request: Request) -> HTTPResponse:
    session = await demand_session(request)
    sight = eyes_of(services_of(request), session.agent).sight
    conversations = for_reader(session, await board_of(request).conversations(sight))
    listing = await _listing(request, session)
    return page_answer(overview_page(language_of(request), session, listing, conversations))


async def _search(request: Request) -> HTTPResponse:
    session = await demand_session(request)
    return await search_page(request, session, await _listing(request, session))


async def _conversation(request: Request, conversation_id: UUID) -> HTTPResponse:
    session = await demand_session(request)
    services = services_of(request)
    eyes = eyes_of(services, session.agent)
    reads = reading_language(session.agent, language_of(request))
    reading = await read_conversation(eyes, conversation_id, _after(request), reads)
    about = await read_case(eyes, reading.cases[0], session.agent.id) if reading.cases else None
    listing = replace(await _listing(request, session), selected=about.case.id if about else None)
    shown = _offered(request, session, reading, about)
    ways = ways_of(services, session.agent)
    box = replace(await read_box(ways, conversation_id, session.agent), intents=services.intents)
    return page_answer(work_page(language_of(request), session, listing, *shown, box), headers=WITH_FILES)


async def _replies(request: Request) -> HTTPResponse:
    session = await demand_session(request)
    ready, agent = services_of(request).store.composer.ready, session.agent
    replies, macros = await ready.replies(agent.id), await ready.macros(agent.id)
    return page_answer(replies_page(language_of(request), session, replies, macros))


async def _mentions(request: Request) -> HTTPResponse:
    session = await demand_session(request)
    mentions = await services_of(request).store.composer.desktop.mentions(session.agent.id)
    return page_answer(mentions_page(language_of(request), session, mentions))


async def _case(request: Request, case_id: str) -> HTTPResponse:
    session = await demand_session(request)
    services = services_of(request)
    eyes = eyes_of(services, session.agent)
    case = await services.store.desk.case(case_id)
    about = await read_case(eyes, case, session.agent.id)
    spoken = case.conversation_id if await eyes.among_conversations([case.conversation_id]) else None
    reads = reading_language(session.agent, language_of(request))
    reading = await read_conversation(eyes, spoken, _after(request), reads) if spoken else None
    listing = replace(await _listing(request, session), selected=case.id)
    shown = _offered(request, session, reading, about)
    ways = ways_of(services, session.agent)
    box = replace(await read_box(ways, spoken, session.agent), intents=services.intents) if spoken else None
    return page_answer(work_page(language_of(request), session, listing, *shown, box), headers=WITH_FILES)


def _offered(
    request: Request, session: Session, reading: Reading | None, about: CaseReading | None
) -> tuple[Reading | None, CaseReading | None]:
    """Add what may be asked of a model about what is shown."""
    reading, about = for_reader(session, reading), for_reader(session, about)
    offer = offer_of(services_of(request).assisting, session.agent, language_of(request))
    return reading and replace(reading, offer=offer), about and replace(about, offer=offer)


async def _listing(request: Request, session: Session) -> CaseListing:
    found = await read_listing(request, session.agent)
    return replace(found, cases=masked(found.cases), drawn={}) if session.agent.role == READONLY else found


def _after(request: Request) -> int | None:
    after = request.args.get("after", "")
    return int(after) if after.isascii() and after.isdigit() and len(after) <= 18 else None


def _own_page(target: str) -> str:
    """Give a page of the desk to go to; never one of somebody else's."""
    is_ours = target in _ROOMS or target.startswith(_OF_ONE)
    return target if is_ours and target.isascii() and target.isprintable() and len(target) < 200 else "/desk"


def go_to(target: str) -> HTTPResponse:
    """Send a browser to another page."""
    return HTTPResponse(None, 303, {"Location": target, "Cache-Control": "no-store"})
