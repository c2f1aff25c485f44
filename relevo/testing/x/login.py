"""OAuth 2.0 with PKCE: a page where the account's owner allows the app, and the endpoint that gives tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from relevo.testing.x.access import SCOPES, TOKEN_LIFETIME, Grant, Who
from relevo.testing.x.door import Answer, Call, Door
from relevo.testing.x.problems import Problem, bad_request

if TYPE_CHECKING:
    from relevo.testing.x.world import FakeX

CODE_LIFETIME = timedelta(seconds=30)
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Authorize app</title>
<style>
:root{{color-scheme:light dark}}
body{{font:16px/1.5 system-ui;max-width:26rem;margin:12vh auto;padding:0 1rem}}
button{{font:inherit;font-weight:600;padding:.7rem 1.4rem;border:0;border-radius:99px;background:#1d6fd8;color:#fff}}
</style>
<h1>Let this app act for @{name}?</h1><p>This is a fake X on your own machine. The app asks for: {scopes}.</p>
<form method="post"><button>Authorize app</button></form></html>"""


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner's yes gave, to be exchanged for tokens once."""

    account_id: str
    redirect_uri: str
    challenge: str
    scopes: tuple[str, ...]
    expires_at: datetime


class Logins:
    """Logins that are under way."""

    def __init__(self, x: FakeX) -> None:
        self._x = x
        self._codes: dict[str, Code] = {}

    def allow(self, url: str, account_id: str | None = None) -> str:
        """Say yes at an authorize address, as its owner does; give where the browser is sent. Raises Problem 400."""
        asked = dict(parse_qsl(urlsplit(url).query))
        self.demand(asked)
        code = token_urlsafe(24)
        self._codes[code] = Code(
            account_id=account_id or self._x.brand.id,
            redirect_uri=asked["redirect_uri"],
            challenge=asked["code_challenge"],
            scopes=tuple(asked["scope"].split()),
            expires_at=self._x.clock() + CODE_LIFETIME,
        )
        separator = "&" if urlsplit(asked["redirect_uri"]).query else "?"
        return f"{asked['redirect_uri']}{separator}{urlencode({'state': asked['state'], 'code': code})}"

    def demand(self, asked: Mapping[str, str]) -> None:
        """Refuse what X would refuse. Raises Problem 400."""
        needed = ("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge")
        if missing := [name for name in needed if not asked.get(name)]:
            raise bad_request(f"Missing: {', '.join(missing)}.")
        if asked["client_id"] != self._x.app.client_id or asked["response_type"] != "code":
            raise bad_request("No app has this client id, or it asks for something else than a code.")
        if asked.get("code_challenge_method") != "S256":
            raise bad_request("`code_challenge_method` is S256.")
        if unknown := sorted(set(asked["scope"].split()) - set(SCOPES)):
            raise bad_request(f"Unknown scopes: {', '.join(unknown)}.")

    def exchange(self, form: Mapping[str, str]) -> Grant | None:
        """Give tokens for a code; a code is good once, for 30 seconds, and to whom knows the verifier."""
        code = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if code is None or code.expires_at <= self._x.clock() or form.get("redirect_uri") != code.redirect_uri:
            return None
        if not hmac.compare_digest(challenge, code.challenge):
            return None
        return self._x.access.grant(code.account_id, code.scopes)


def doors() -> list[Door]:
    """Give the endpoints."""
    page, nobody = "/i/oauth2/authorize", Who.NOBODY_KNOWN
    return [
        Door(kind="oauth.page", method="GET", path=page, handler=_page, who=nobody),
        Door(kind="oauth.page", method="POST", path=page, handler=_allowed, who=nobody),
        Door(kind="oauth.token", method="POST", path="/2/oauth2/token", handler=_token, who=nobody),
        Door(kind="oauth.revoke", method="POST", path="/2/oauth2/revoke", handler=_revoke, who=nobody),
    ]


async def _page(call: Call) -> Answer:
    asked = dict(call.request.query)
    call.x.logins.demand(asked)
    page = _PAGE.format(name=escape(call.x.brand.username), scopes=escape(asked["scope"]))
    return Answer(body=page.encode(), content_type="text/html")


async def _allowed(call: Call) -> Answer:
    return Answer(body=b"", status=302, headers={"Location": call.x.logins.allow(call.request.raw_path)})


async def _token(call: Call) -> Answer:
    form = await _client_form(call)
    kind = form.get("grant_type")
    if kind == "refresh_token":
        grant = call.x.access.refresh(form.get("refresh_token", ""))
    elif kind == "authorization_code":
        grant = call.x.logins.exchange(form)
    else:
        return _no("unsupported_grant_type", "The grant type is not known.")
    if grant is None:
        return _no("invalid_request", "Value passed for the token was invalid.")
    return Answer(
        body={
            "token_type": "bearer",
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
            "access_token": grant.access_token,
            "scope": " ".join(sorted(grant.scopes)),
            **({"refresh_token": grant.refresh_token} if "offline.access" in grant.scopes else {}),
        }
    )


async def _revoke(call: Call) -> Answer:
    form = await _client_form(call)
    call.x.access.forget(form.get("token", ""))
    return Answer(body={"revoked": True})


async def _client_form(call: Call) -> dict[str, str]:
    """Give the form of a client that has proven who it is. Raises Problem 401."""
    form = {name: str(value) for name, value in (await call.request.post()).items()}
    app = call.x.app
    expected = base64.b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
    if not hmac.compare_digest(call.request.headers.get("Authorization", ""), f"Basic {expected}"):
        raise Problem(401, "Unauthorized", "Missing valid authorization header")
    return form


def _no(error: str, description: str) -> Answer:
    return Answer(status=400, body={"error": error, "error_description": description})
