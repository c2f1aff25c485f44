"""Opens the administration's pages, for administrators alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.configuration.desk import SECTIONS
from relevo.contracts.audit import OTHER_OPERATIONS
from relevo.domain.roles import ADMIN
from relevo.errors import AccessDenied, NotFound
from relevo.web import desk_admin_html as html
from relevo.web.desk_audit import PAGE, filter_of
from relevo.web.desk_audit_html import FILTERS, audit_part
from relevo.web.desk_channels import demand_channel, read_channels
from relevo.web.desk_channels_html import channel_log_part, channels_part
from relevo.web.desk_html import desk_page
from relevo.web.desk_pages import Page, desk_door
from relevo.web.languages import WORDS, language_of
from relevo.web.markup import page_answer
from relevo.web.openapi import Operation
from relevo.web.services import WebServices, services_of
from relevo.web.sign_in import Session, demand_session

_LOG_PAGE = 50
Part = Callable[[Request, WebServices, Session], Awaitable[str]]


def add_admin_pages(app: Sanic, operations: tuple[Operation, ...]) -> None:
    """Open ``/desk/admin`` and ``/desk/audit``."""
    changes = {operation.name for operation in operations if operation.changes and operation.is_audited}
    names = sorted({*changes, *OTHER_OPERATIONS})

    async def audit(request: Request, services: WebServices, _: Session) -> str:
        return await _audit(request, services, names)

    for path, title, part in (
        ("/desk/admin", "agents", _agents),
        ("/desk/admin/tokens", "tokens", _tokens),
        ("/desk/admin/webhooks", "webhooks", _webhooks),
        ("/desk/admin/channels", "channels", _channels),
        ("/desk/admin/settings", "settings", _settings),
        ("/desk/audit", "audit", audit),
    ):
        app.add_route(desk_door(_door(title, part)), path, methods=["GET"], name=f"desk_admin_{title}")
    app.add_route(desk_door(_channel_log), "/desk/admin/channels/<channel:str>", methods=["GET"], name="desk_channel")
    app.add_route(desk_door(_log), "/desk/admin/webhooks/<webhook_id:int>", methods=["GET"], name="desk_admin_log")


def _door(title: str, part: Part) -> Page:
    async def door(request: Request) -> HTTPResponse:
        session = await administrator(request)
        return answer_part(request, session, title, await part(request, services_of(request), session))

    return door


async def _agents(request: Request, services: WebServices, session: Session) -> str:
    accounts = html.Accounts(
        members=await services.store.admin.staff(),
        own_id=session.agent.id,
        queues=[queue.name for queue in services.service.queues.all],
        mails_links=services.mails_links,
    )
    return html.agents_part(WORDS[language_of(request)], accounts)


async def _tokens(request: Request, services: WebServices, _: Session) -> str:
    return html.tokens_part(WORDS[language_of(request)], await services.store.tokens.tokens(), services.clock())


async def _webhooks(request: Request, services: WebServices, _: Session) -> str:
    return html.webhooks_part(WORDS[language_of(request)], await services.store.webhooks.webhooks())


async def _channels(request: Request, services: WebServices, _: Session) -> str:
    return channels_part(WORDS[language_of(request)], await read_channels(services))


async def _settings(request: Request, services: WebServices, _: Session) -> str:
    current = services.current
    sections = [(name, current.section(name).is_from_desk) for name in SECTIONS] if current else []
    return html.settings_part(WORDS[language_of(request)], services.shown_settings, sections)


async def _log(request: Request, webhook_id: int) -> HTTPResponse:
    session = await administrator(request)
    if not 0 < webhook_id < 2**31:
        raise NotFound
    hooks = services_of(request).store.webhooks
    webhook = await hooks.get(webhook_id)
    found = await hooks.log(webhook_id, _cursor(request), _LOG_PAGE)
    older = found[-1].id if len(found) == _LOG_PAGE else None
    inner = html.log_part(WORDS[language_of(request)], webhook, found, older)
    return answer_part(request, session, "webhooks", inner)


async def _channel_log(request: Request, channel: str) -> HTTPResponse:
    session = await administrator(request)
    services, words = services_of(request), WORDS[language_of(request)]
    one = await demand_channel(services, channel)
    has_problems = request.args.get("show") == "problems"
    exchanges = services.store.exchanges
    found = await exchanges.read(channel, _cursor(request), _LOG_PAGE, only_problems=has_problems)
    older = found[-1].id if len(found) == _LOG_PAGE else None
    inner = channel_log_part(words, one, found, older, only_problems=has_problems)
    return answer_part(request, session, "channels", inner)


async def _audit(request: Request, services: WebServices, names: list[str]) -> str:
    found = await services.store.audit.read(filter_of(request), _cursor(request), PAGE)
    older = found[-1].id if len(found) == PAGE else None
    asked = {name: value for name in FILTERS if (value := str(request.args.get(name) or "")[:300])}
    authors = await services.store.audit.authors()
    return audit_part(WORDS[language_of(request)], found, authors, names, asked, older)


async def administrator(request: Request) -> Session:
    """Give the session of an administrator; raises AccessDenied and NotAuthenticated."""
    session = await demand_session(request)
    if session.agent.role != ADMIN:
        raise AccessDenied("Your role may not see this; ask an administrator.", code="role")
    return session


def answer_part(request: Request, session: Session, title: str, inner: str, status: int = 200) -> HTTPResponse:
    """Answer with a room of the administration."""
    language = language_of(request)
    words = WORDS[language]
    body = html.admin_body(words, title, inner)
    return page_answer(desk_page(language, words[f"admin.{title}"], session, body), status)


def _cursor(request: Request) -> int | None:
    given = request.args.get("cursor", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else None
