"""Agents' sessions: who is signed in, and what a form must prove before it changes anything.

A session is a random token in a cookie that scripts cannot read and other sites cannot send; its hash is kept. Every
form carries a token derived from the cookie, and the browser's own word on where it was sent from is checked besides.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import msgspec
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.api_access import ApiToken
from relevo.contracts.clock import system_clock
from relevo.errors import AccessDenied, NotAuthenticated, TooMany, Unreadable
from relevo.web.audit_beside import write_down
from relevo.web.limits import whole_seconds
from relevo.web.origins import client_address, demand_own_page, header, is_https, is_same_secret, token_hash
from relevo.web.passwords import PasswordChecks
from relevo.web.services import services_of

_SESSION = "relevo_desk"
_VISIT = "relevo_desk_form"
SIGN_IN = "sign_in"
LONGEST_EMAIL = 254
LONGEST_PASSWORD = 1024


class Session(msgspec.Struct, frozen=True):
    """A signed-in agent, or the account that a program's token acts as."""

    agent: AgentAccount
    form_token: str
    token: ApiToken | None = None
    at: datetime = msgspec.field(default_factory=system_clock)
    """What time it was at the desk when the request came: whoever asks may have another clock."""

    @property
    def caller(self) -> str:
        """Whom limits and keys are counted for."""
        return f"token:{self.token.id}" if self.token else f"agent:{self.agent.id}"


async def session_of(request: Request) -> Session | None:
    """Give the session that a request belongs to, or None."""
    token = cookie(request, _SESSION)
    if not token:
        return None
    agent = await services_of(request).store.accounts.session(token_hash(token))
    return Session(agent, form_token(token), at=services_of(request).clock()) if agent else None


async def demand_session(request: Request) -> Session:
    """Give the session that a request belongs to; raises NotAuthenticated."""
    session = await session_of(request)
    if session is None:
        raise NotAuthenticated("Sign in at /desk/login first.")
    return session


def visit_token(request: Request) -> str:
    """Give the token that stands for a browser before it has signed in."""
    return cookie(request, _VISIT) or secrets.token_urlsafe(32)


def remember_visit(request: Request, response: HTTPResponse, token: str) -> HTTPResponse:
    """Keep that token in the browser."""
    return _set_cookie(request, response, _VISIT, token, max_age_seconds=3600)


def read_sign_in(request: Request) -> Mapping[str, str]:
    """Read the form of the sign-in page; raises AccessDenied and Unreadable."""
    return read_form(request, cookie(request, _VISIT))


async def sign_in(request: Request, form: Mapping[str, str], checks: PasswordChecks) -> str | None:
    """Check e-mail and password of a form and give a new session's token, or None when they do not match.

    Who does not exist is checked, and answered, like who does. Raises TooMany.
    """
    email, password = form.get("email", "").strip().lower(), form.get("password", "")
    if len(email) > LONGEST_EMAIL or len(password) > LONGEST_PASSWORD or not email.isprintable():
        return None
    await _demand_tries(request, email)
    services = services_of(request)
    agent = await services.store.accounts.agent(email)
    if not await checks.is_right(password, agent.password_hash if agent else None) or agent is None:
        code = "wrong_password" if agent else "unknown_account"
        await write_down(request, SIGN_IN, agent, status=401, code=code)
        return None
    await sign_out(request)
    await write_down(request, SIGN_IN, agent)
    token = secrets.token_urlsafe(32)
    expires_at = services.clock() + timedelta(seconds=services.settings.desk_session_seconds)
    await services.store.accounts.open_session(agent.id, token_hash(token), expires_at)
    return token


def remember_session(request: Request, response: HTTPResponse, token: str) -> HTTPResponse:
    """Keep a session in the browser."""
    seconds = int(services_of(request).settings.desk_session_seconds)
    return _set_cookie(request, response, _SESSION, token, max_age_seconds=seconds)


async def sign_out(request: Request) -> None:
    """End the session that a request belongs to, if any."""
    token, accounts = cookie(request, _SESSION), services_of(request).store.accounts
    if not token:
        return
    agent = await accounts.session(token_hash(token))
    await accounts.close_session(token_hash(token))
    if agent is not None:
        await write_down(request, "sign_out", agent)


def forget_session(request: Request, response: HTTPResponse) -> HTTPResponse:
    """Take the session out of the browser."""
    return _set_cookie(request, response, _SESSION, "", max_age_seconds=0)


def demand_own_form(request: Request) -> None:
    """Refuse a form that is not from a page of this session; raises AccessDenied."""
    read_own_form(request)


def demand_own_call(request: Request) -> None:
    """Refuse a call that is not from a page of this session, which carries its form token in a header."""
    demand_own_page(request)
    _demand_token(header(request, "x-form-token"), cookie(request, _SESSION))


def read_form(request: Request, secret: str | None) -> Mapping[str, str]:
    """Read a form that must have been made for the holder of this secret; raises AccessDenied and Unreadable."""
    return {name: values[0] for name, values in _fields(request, secret, most=20).items()}


def read_own_form(request: Request) -> Mapping[str, str]:
    """Read a small form from a page of this session; raises AccessDenied and Unreadable."""
    return read_form(request, cookie(request, _SESSION))


def own_form(request: Request, most: int) -> Mapping[str, Sequence[str]]:
    """Read a form from a page of this session, with every value of each of at most so many fields."""
    return _fields(request, cookie(request, _SESSION), most)


def _fields(request: Request, secret: str | None, most: int) -> Mapping[str, Sequence[str]]:
    demand_own_page(request)
    try:
        fields = parse_qs(request.body.decode(), keep_blank_values=True, strict_parsing=False, max_num_fields=most)
    except ValueError:
        raise Unreadable("The form cannot be read; send it as application/x-www-form-urlencoded.") from None
    _demand_token(fields.get("form_token", [""])[0], secret)
    return fields


def form_token(secret: str) -> str:
    """Give what a form must carry to show that it was made for the holder of this secret."""
    return hashlib.sha256(b"relevo form\0" + secret.encode("utf-8", "surrogateescape")).hexdigest()


def _demand_token(given: str, secret: str | None) -> None:
    if not secret or not is_same_secret(given, form_token(secret)):
        raise AccessDenied("This page was open for too long. Load it again and repeat what you did.", code="stale_form")


def cookie(request: Request, name: str) -> str | None:
    """Give a cookie's value; over https only the one that no other host of the domain can have set."""
    wanted = _full_name(request, name)
    pairs = (pair.strip().partition("=") for pair in header(request, "cookie").split(";"))
    return next((value for key, _, value in pairs if key == wanted), None)


async def _demand_tries(request: Request, email: str) -> None:
    services = services_of(request)
    settings = services.settings
    caller = client_address(request, settings.trusted_proxies)
    email_key = hashlib.sha256(email.encode("utf-8", "replace")).hexdigest()
    for bucket, tries in (
        (f"sign_in:{caller}", settings.sign_in_tries_per_address),
        (f"sign_in:{email_key}", settings.sign_in_tries_per_email),
    ):
        wait = await services.store.accounts.take(bucket, tries, settings.sign_in_window_seconds)
        if wait:
            # Once in a while: who hammers at the door must not fill the log.
            if not await services.store.accounts.take(f"{bucket}:told", 1, settings.sign_in_window_seconds):
                await write_down(request, SIGN_IN, None, status=429, code=TooMany.code)
            raise TooMany("Too many tries to sign in; wait a minute.", retry_after_seconds=whole_seconds(wait))


def _full_name(request: Request, name: str) -> str:
    return f"__Host-{name}" if is_https(request) else name


def _set_cookie(
    request: Request, response: HTTPResponse, name: str, value: str, *, max_age_seconds: int
) -> HTTPResponse:
    secure = "; Secure" if is_https(request) else ""
    response.headers.add(
        "Set-Cookie",
        f"{_full_name(request, name)}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Strict{secure}",
    )
    return response
