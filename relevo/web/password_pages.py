"""Sets passwords by one-time links: who has forgotten theirs asks for one by mail, who has a link chooses a new one.

Both pages work without scripts. Whether an account exists is told to nobody: asking takes the same steps, is answered
the same, and the mail is written by somebody else, later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.accounts import AgentAccount
from relevo.errors import NotFound, TooMany
from relevo.flow.password_links import LINK_PATH, secret_hash
from relevo.web.audit_beside import write_down
from relevo.web.desk_html import card_page
from relevo.web.desk_pages import desk_door, go_to
from relevo.web.languages import WORDS, Words, language_of
from relevo.web.limits import whole_seconds
from relevo.web.markup import page_answer, text
from relevo.web.origins import client_address
from relevo.web.passwords import MIN_CHARACTERS, hash_password_aside
from relevo.web.services import services_of
from relevo.web.sign_in import (
    LONGEST_EMAIL,
    LONGEST_PASSWORD,
    form_token,
    read_sign_in,
    remember_visit,
    visit_token,
)

_ASK = "/desk/forgotten"


def add_password_pages(app: Sanic) -> None:
    """Open ``/desk/forgotten`` and ``/desk/password/…``."""
    link = f"{LINK_PATH}<secret:str>"
    for path, door, method, name in (
        (_ASK, _get_ask, "GET", "desk_forgotten"),
        (_ASK, _post_ask, "POST", "desk_post_forgotten"),
        (link, _get_link, "GET", "desk_password"),
        (link, _post_link, "POST", "desk_post_password"),
    ):
        app.add_route(desk_door(door), path, methods=[method], name=name)


async def _get_ask(request: Request) -> HTTPResponse:
    _demand_mail(request)
    words = _words(request)
    fields = f"""<label>{text(words["desk.email"])}
<input type="email" name="email" autocomplete="username" maxlength="{LONGEST_EMAIL}" required autofocus></label>
<button>{text(words["password.ask"])}</button>"""
    return _form(request, _ASK, "password.forgotten", words["password.forgotten_lead"], fields)


async def _post_ask(request: Request) -> HTTPResponse:
    _demand_mail(request)
    form, services = read_sign_in(request), services_of(request)
    email = form.get("email", "").strip().lower()
    if len(email) <= LONGEST_EMAIL and email.isprintable():
        await _demand_asking(request, email)
        agent = await services.store.accounts.agent(email)
        await services.store.admin.links.ask(email, language_of(request))
        await write_down(request, "ask_password_link", agent, code=None if agent else "unknown_account")
    words = _words(request)
    inner = f'<p role="status">{text(words["password.asked"])}</p>{_back(words)}'
    return page_answer(card_page(language_of(request), words["password.forgotten"], inner))


async def _get_link(request: Request, secret: str) -> HTTPResponse:
    return _new_password(request, secret, await _owner(request, secret))


async def _post_link(request: Request, secret: str) -> HTTPResponse:
    form, links = read_sign_in(request), services_of(request).store.admin.links
    agent = await _owner(request, secret)
    password = form.get("password", "")
    problem = _problem(_words(request), password, form.get("again", ""))
    if problem:
        return _new_password(request, secret, agent, problem)
    owner = await links.use(secret_hash(secret), await hash_password_aside(password))
    if owner is None:
        raise _bad_link()
    await write_down(request, "set_password", owner)
    return go_to("/desk/login?done=password")


def _new_password(request: Request, secret: str, agent: AgentAccount, problem: str = "") -> HTTPResponse:
    words = _words(request)
    lead = words["password.lead"].format(email=agent.email, least=MIN_CHARACTERS)
    rules = f'autocomplete="new-password" minlength="{MIN_CHARACTERS}" maxlength="{LONGEST_PASSWORD}" required'
    fields = f"""<input type="text" name="email" value="{text(agent.email)}" autocomplete="username" readonly hidden>
<label>{text(words["password.new"])}<input type="password" name="password" {rules} autofocus></label>
<label>{text(words["password.again"])}<input type="password" name="again" {rules}></label>
<button>{text(words["password.set"])}</button>"""
    return _form(request, f"{LINK_PATH}{secret}", "password.title", lead, fields, problem)


def _form(request: Request, action: str, title: str, lead: str, fields: str, problem: str = "") -> HTTPResponse:
    words, token = _words(request), visit_token(request)
    alert = f'<p class="alert" role="alert">{text(problem)}</p>' if problem else ""
    inner = f"""<p class="lead">{text(lead)}</p>
{alert}
<form method="post" action="{text(action)}">
<input type="hidden" name="form_token" value="{text(form_token(token))}">
{fields}
</form>
{_back(words)}"""
    page = page_answer(card_page(language_of(request), words[title], inner), 400 if problem else 200)
    return remember_visit(request, page, token)


def _problem(words: Words, password: str, again: str) -> str:
    """Say what is wrong with a password, or nothing."""
    if len(password) < MIN_CHARACTERS:
        return words["password.too_short"].format(least=MIN_CHARACTERS)
    if len(password) > LONGEST_PASSWORD:
        return words["password.too_long"].format(most=LONGEST_PASSWORD)
    return "" if password == again else words["password.differ"]


async def _owner(request: Request, secret: str) -> AgentAccount:
    await _take(request, "password_link", services_of(request).settings.password_links_opened_per_address)
    agent = await services_of(request).store.admin.links.owner(secret_hash(secret))
    if agent is None:
        raise _bad_link()
    return agent


async def _demand_asking(request: Request, email: str) -> None:
    settings = services_of(request).settings
    await _take(request, "ask_link", settings.password_links_per_address)
    key = hashlib.sha256(email.encode("utf-8", "replace")).hexdigest()
    await _take(request, "ask_link", settings.password_links_per_email, key)


async def _take(request: Request, name: str, most: int, key: str | None = None) -> None:
    settings = services_of(request).settings
    bucket = f"{name}:{key or client_address(request, settings.trusted_proxies)}"
    wait = await services_of(request).store.accounts.take(bucket, most, settings.password_links_window_seconds)
    if wait:
        raise TooMany(retry_after_seconds=whole_seconds(wait))


def _demand_mail(request: Request) -> None:
    if not services_of(request).mails_links:
        raise NotFound("No mail is sent here; ask an administrator for a link.", code="mail_off")


def _bad_link() -> NotFound:
    return NotFound("This link does not hold any more: it was used, or a day has passed.", code="bad_link")


def _back(words: Words) -> str:
    return f'<p><a href="/desk/login">{text(words["password.back"])}</a></p>'


def _words(request: Request) -> Mapping[str, str]:
    return WORDS[language_of(request)]
