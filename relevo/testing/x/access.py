"""Who asks: app-only bearer, an account's OAuth 2.0 token with its scopes, or its OAuth 1.0a signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from urllib.parse import parse_qsl, quote, unquote

import msgspec
from aiohttp import web

from relevo.contracts.clock import Clock
from relevo.testing.x.problems import Problem, forbidden, unauthorized

SCOPES = (
    "dm.read", "dm.write", "tweet.read", "tweet.write", "users.read", "media.write", "offline.access",
    "tweet.moderate.write", "like.read", "mute.read", "block.read",
)  # fmt: skip
TOKEN_LIFETIME = timedelta(hours=2)


class Who(Enum):
    """Whom a door lets in."""

    APP = "app"
    USER = "user"
    EITHER = "either"
    NOBODY_KNOWN = "nobody_known"
    """Doors that prove otherwise who asks, as the token endpoint does."""


@dataclass(kw_only=True)
class App:
    """The developer's app at X."""

    consumer_key: str = "x-consumer-key"
    consumer_secret: str = "x-consumer-secret"  # noqa: S105 - channels' test vectors are signed with it
    bearer_token: str = "x-app-bearer"  # noqa: S105
    client_id: str = "x-client-id"
    client_secret: str = "x-client-secret"  # noqa: S105


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What an account allowed the app."""

    account_id: str
    access_token: str
    refresh_token: str
    scopes: frozenset[str]
    expires_at: datetime
    login: str
    """The login that it goes back to: what is wrong with one of its tokens ends them all."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what they may."""

    account_id: str | None
    """None: the app for itself."""
    scopes: frozenset[str] = frozenset(SCOPES)


class Access:
    """Knows every token."""

    def __init__(self, app: App, clock: Clock) -> None:
        self.refused: Counter[str] = Counter()
        """How often what was wrong: ``bearer``, ``expired``, ``signature``, ``scope``, ``refresh``."""
        self._app, self._clock = app, clock
        self._grants: dict[str, Grant] = {}
        self._unused: dict[str, Grant] = {}
        self._used: dict[str, Grant] = {}
        """Both by refresh token."""
        self._signers: dict[str, tuple[str, str]] = {}

    def grant(self, account_id: str, scopes: Collection[str] = SCOPES, *, login: str | None = None) -> Grant:
        """Give an account's tokens, as logging in does, or as part of an earlier login."""
        grant = Grant(
            account_id=account_id,
            access_token=secrets.token_urlsafe(24),
            refresh_token=secrets.token_urlsafe(24),
            scopes=frozenset(scopes),
            expires_at=self._clock() + TOKEN_LIFETIME,
            login=login or secrets.token_urlsafe(9),
        )
        self._grants[grant.access_token] = self._unused[grant.refresh_token] = grant
        return grant

    def refresh(self, refresh_token: str) -> Grant | None:
        """Use a refresh token up and give new tokens; one that was used before ends its whole login."""
        grant = self._unused.pop(refresh_token, None)
        if grant is None:
            self.refused["refresh"] += 1
            if known := self._used.get(refresh_token):
                self.end(known.login)
            return None
        self._used[refresh_token] = grant
        return self.grant(grant.account_id, grant.scopes, login=grant.login)

    def end(self, login: str) -> None:
        """End every token of a login."""
        self._grants = {token: grant for token, grant in self._grants.items() if grant.login != login}
        self._unused = {token: grant for token, grant in self._unused.items() if grant.login != login}

    def signer(self, account_id: str) -> tuple[str, str]:
        """Give an OAuth 1.0a token and secret of an account."""
        token, secret = f"{account_id}-{secrets.token_urlsafe(12)}", secrets.token_urlsafe(24)
        self._signers[token] = (account_id, secret)
        return token, secret

    def withdraw(self, account_id: str) -> None:
        """Take every token of an account away, as its owner does in the settings of X."""
        for login in {grant.login for grant in self._unused.values() if grant.account_id == account_id}:
            self.end(login)
        self._signers = {token: pair for token, pair in self._signers.items() if pair[0] != account_id}

    def forget(self, access_token: str) -> None:
        """End one access token."""
        self._grants.pop(access_token, None)

    def caller(self, request: web.Request, who: Who, scopes: Collection[str]) -> Caller:
        """Say who asks. Raises Problem 401 and 403."""
        caller = self._known(request)
        if caller.account_id is None and who is Who.USER:
            self.refused["bearer"] += 1
            raise forbidden(
                "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.",
                "unsupported-authentication",
            )
        if caller.account_id is not None and who is Who.APP:
            self.refused["bearer"] += 1
            raise forbidden("This endpoint takes an app-only bearer token.", "unsupported-authentication")
        if missing := sorted(set(scopes) - caller.scopes):
            self.refused["scope"] += 1
            raise forbidden(f"The token lacks the scopes {', '.join(missing)}.", "not-authorized-for-resource")
        return caller

    def _known(self, request: web.Request) -> Caller:
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        if scheme == "OAuth":
            return self._signed(request, rest)
        if scheme != "Bearer":
            raise self._wrong("bearer")
        if hmac.compare_digest(rest.encode(), self._app.bearer_token.encode()):
            return Caller(account_id=None)
        grant = self._grants.get(rest)
        if grant is None:
            raise self._wrong("bearer")
        if grant.expires_at <= self._clock():
            raise self._wrong("expired")
        return Caller(account_id=grant.account_id, scopes=grant.scopes)

    def _signed(self, request: web.Request, header: str) -> Caller:
        given = {
            unquote(name): unquote(value.strip('"'))
            for name, _, value in (part.strip().partition("=") for part in header.split(","))
        }
        account_id, secret = self._signers.get(given.get("oauth_token", ""), ("", ""))
        signed = oauth1_signature(
            request.method, f"http://{request.host}{request.raw_path}", given, (self._app.consumer_secret, secret)
        )
        is_ours = given.get("oauth_consumer_key") == self._app.consumer_key
        if not (account_id and is_ours and hmac.compare_digest(signed, given.get("oauth_signature", ""))):
            raise self._wrong("signature")
        return Caller(account_id=account_id)

    def _wrong(self, what: str) -> Problem:
        self.refused[what] += 1
        return unauthorized()


def oauth1_signature(method: str, url: str, oauth: dict[str, str], secrets_: tuple[str, str]) -> str:
    """Sign a call by RFC 5849 with HMAC-SHA1; JSON and multipart bodies are not part of what is signed.

    Written out here and not with the client's library, which would agree with its own mistakes.
    """
    address, _, query = url.partition("?")
    pairs = [*parse_qsl(query, keep_blank_values=True), *oauth.items()]
    pairs = [(_quoted(name), _quoted(value)) for name, value in pairs if name not in {"oauth_signature", "realm"}]
    parameters = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    base = "&".join((method.upper(), _quoted(address), _quoted(parameters)))
    key = "&".join(map(_quoted, secrets_))
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")
