"""Logs in to the account on X once (OAuth 2.0 with PKCE): its owner says yes in a browser, and X gives tokens for it.

    address ─► the owner says yes ─► X sends their browser to a page of this machine, with a code ─► tokens ─► whose?

Sources: X's documentation of August 2026; RFC 7636, RFC 8252 (a loopback address is where the code goes).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from relevo.channels.x.answers import XAway, XError, XSignedOut
from relevo.channels.x.api import XApi, x_client
from relevo.configuration.x import API_BASE, XAccount
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.x import UserTokens
from relevo.errors import ConfigurationError

SCOPES = (
    "dm.read", "dm.write", "tweet.read", "tweet.write", "users.read", "media.write", "offline.access",
)  # fmt: skip
"""What a bot needs: to read and answer messages and posts, with photos, and to stay logged in."""
PORT, CALLBACK = 8422, "/callback"
WAIT_SECONDS = 600.0
_PAGE = "https://x.com/i/oauth2/authorize"
_DONE = (
    "<!doctype html><meta charset=utf-8><title>Relevo</title><p>You may close this page and go back to the terminal."
)


class LoggedIn(NamedTuple):
    """What a login gave, and whose."""

    tokens: UserTokens
    account_id: str
    username: str


@dataclass(kw_only=True)
class Login:
    """One login; what its address asked for, only it can take."""

    account: XAccount
    port: int = PORT
    transport: httpx.AsyncBaseTransport | None = None
    clock: Clock = system_clock
    _state: str = field(default_factory=lambda: token_urlsafe(24))
    _verifier: str = field(default_factory=lambda: token_urlsafe(64))

    @property
    def callback(self) -> str:
        """Where the browser is sent; the developer portal must list it."""
        return f"http://127.0.0.1:{self.port}{CALLBACK}"

    @property
    def address(self) -> str:
        """What the account's owner opens."""
        digest = hashlib.sha256(self._verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.account.client_id or "",
            "redirect_uri": self.callback,
            "scope": " ".join(SCOPES),
            "state": self._state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        page = _PAGE if self.account.api_base == API_BASE else f"{self.account.api_base}/i/oauth2/authorize"
        return f"{page}?{urlencode(asked)}"

    async def called_back(self) -> str:
        """Wait for the browser, and give the address that it was sent to; raises ConfigurationError."""
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                line = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                line = []
            is_it = len(line) > 1 and urlsplit(line[1]).path == CALLBACK
            body = (_DONE if is_it else "").encode()
            status = "200 OK" if is_it else "404 Not Found"
            head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close"
            writer.write(f"{head}\r\n\r\n".encode() + body)
            await writer.drain()
            writer.close()
            if is_it and not told.done():
                told.set_result(line[1])

        try:
            server = await asyncio.start_server(serve, "127.0.0.1", self.port)
        except OSError as error:
            raise ConfigurationError(
                f"Port {self.port} is taken, so the browser cannot come back here. Use another that the developer"
                " portal lists (--port), or paste the address that you are sent to: relevo x login --paste."
            ) from error
        async with server:
            try:
                return await asyncio.wait_for(told, WAIT_SECONDS)
            except asyncio.TimeoutError:
                raise ConfigurationError("Nobody said yes within ten minutes; begin again.") from None

    async def finish(self, given: str) -> LoggedIn:
        """Take the address that the browser was sent to, or the code in it, for tokens; raises ConfigurationError."""
        form = {
            "grant_type": "authorization_code",
            "code": self._code(given.strip()),
            "redirect_uri": self.callback,
            "code_verifier": self._verifier,
        }
        async with x_client(self.transport) as client:
            api = XApi(self.account, client, _Given(None), clock=self.clock)
            try:
                tokens = await api.proof.exchange(form)
                mine = XApi(self.account, client, _Given(tokens), clock=self.clock)
                user = (await mine.get("/2/users/me")).get("data") or {}
            except XSignedOut as error:
                raise ConfigurationError(
                    "X did not accept that: a code is good once and for half a minute, and client_id and client_secret"
                    " must be those of the app that was allowed. Begin again."
                ) from error
            except XError as error:
                raise ConfigurationError(f"{error} Begin again in a moment.") from error
        return self._own(LoggedIn(tokens, str(user.get("id")), str(user.get("username"))))

    def _code(self, given: str) -> str:
        if "?" not in given:
            return given
        answered = dict(parse_qsl(urlsplit(given).query))
        if not hmac.compare_digest(answered.get("state", "").encode(), self._state.encode()):
            raise ConfigurationError("That address belongs to another login; begin again, and use the newest address.")
        if "code" not in answered:
            raise ConfigurationError(f"The app was not allowed ({answered.get('error', 'no code')}). Begin again.")
        return answered["code"]

    def _own(self, logged_in: LoggedIn) -> LoggedIn:
        if logged_in.account_id != self.account.account_id:
            raise ConfigurationError(
                f"You said yes as @{logged_in.username} (account {logged_in.account_id}), and credentials.yml names"
                f" account {self.account.account_id}. Log in on X as that one, or mend account_id; nothing was kept."
            )
        return logged_in


class _Given:
    """Tokens that are not kept anywhere yet."""

    def __init__(self, tokens: UserTokens | None) -> None:
        self._tokens = tokens

    async def read(self, account_id: str) -> UserTokens | None:
        return self._tokens

    async def keep(self, account_id: str, tokens: UserTokens) -> None:
        raise NotImplementedError

    async def renew(self, account_id: str, stale: object, ask: object) -> UserTokens | None:
        return None


async def tokens_found(api: XApi, tokens: UserTokens | None) -> str:
    """Ask X whether it lets us act for the account, and say how; raises ConfigurationError with what to do.

    Asking renews what has expired.
    """
    account = api.account
    if tokens is None and account.access_token is None:
        raise ConfigurationError("nobody has logged in yet: run relevo x login.")
    try:
        user = (await api.get("/2/users/me")).get("data") or {}
    except XAway as error:
        raise ConfigurationError(str(error)) from error
    except XError as error:
        raise ConfigurationError(f"{error} Log in anew: relevo x login.") from error
    if str(user.get("id")) != account.account_id:
        raise ConfigurationError(f"the tokens are those of account {user.get('id')}; log in anew: relevo x login.")
    if tokens is None:
        return f"acts as @{user.get('username')} by OAuth 1.0a"
    if missing := sorted(set(SCOPES) - set(tokens.scopes)):
        raise ConfigurationError(f"the login lacks {', '.join(missing)}; log in anew: relevo x login.")
    return f"acts as @{user.get('username')} by OAuth 2.0"
