"""Asks X: one client, who asks is proven, limits are heeded, and every answer is a mapping or one of six verdicts.

    could not connect ─► XAway · no answer to what went out, 5xx ─► XUnanswered (POST), XAway (all else)
    401 ─► tokens renewed once ─► XSignedOut · 402 ─► XNoCredits · 429 ─► XLimited(until) · else 4xx ─► XRefused

Nothing is repeated here but what was certainly not done (a 401). The channel log hears of each exchange, and never a
word of what was exchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import structlog

from relevo.channels.x.answers import (
    XAway,
    XError,
    XLimited,
    XNoCredits,
    XRefused,
    XSignedOut,
    XUnanswered,
    document_of,
    is_wholly_refused,
    refusal,
)
from relevo.channels.x.limits import endpoint_of, limited_until, windows_in
from relevo.channels.x.oauth import Auth, Proof
from relevo.configuration.x import XAccount
from relevo.contracts.channel_log import OUT, ChannelLog, Exchange, Unlogged
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.x import Limits, Tokens, Window, X
from relevo.errors import TooLarge, Unavailable

__all__ = [
    "Auth",
    "XApi",
    "XAway",
    "XError",
    "XLimited",
    "XNoCredits",
    "XRefused",
    "XSignedOut",
    "XUnanswered",
    "x_client",
]

CONNECT_SECONDS, ANSWER_SECONDS, WHOLE_SECONDS = 5.0, 20.0, 45.0
"""All that asking takes, new tokens too, is less than an outbox row's lease."""
_LONGEST_ANSWER = 4_000_000
_HOSTS_OF_X = ("x.com", "twitter.com", "twimg.com")
_OPEN_TO_ALL = ("twimg.com",)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_NAMES = {
    XAway: "platform_away",
    XUnanswered: "unconfirmed",
    XLimited: "limited",
    XNoCredits: "no_credits",
    XSignedOut: "signed_out",
}


def x_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """Make the one client that asks X; whoever makes it closes it."""
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
    return httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=True, transport=transport)


Read = TypeVar("Read")
_log = structlog.get_logger()


@dataclass(kw_only=True)
class _Request:
    method: str
    url: str
    endpoint: str
    auth: Auth
    sent: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_repeatable(self) -> bool:
        """Whether asking twice changes no more than asking once."""
        return self.method != "POST"


class XApi:
    """X's API, in the name of one account."""

    def __init__(
        self,
        account: XAccount,
        client: httpx.AsyncClient,
        tokens: Tokens,
        *,
        limits: Limits | None = None,
        log: ChannelLog | None = None,
        clock: Clock = system_clock,
    ) -> None:
        """Without ``limits`` nobody learns what the headers say."""
        self.account = account
        self.proof = Proof(account, client, tokens, clock)
        self._client = client
        self._limits = limits
        self._log = log or Unlogged()
        self._clock = clock

    async def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, auth: Auth = Auth.USER
    ) -> Mapping[str, Any]:
        """Ask for something."""
        return await self._ask("GET", path, auth, params=params)

    async def post(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        auth: Auth = Auth.USER,
    ) -> Mapping[str, Any]:
        """Have something done; with ``files`` the body goes as fields of a form beside them, else as JSON."""
        sent = {"data": body, "files": files} if files else {"json": body}
        return await self._ask("POST", path, auth, params=params, **sent)

    async def put(
        self, path: str, *, body: Mapping[str, Any] | None = None, auth: Auth = Auth.USER
    ) -> Mapping[str, Any]:
        """Put something in its place."""
        return await self._ask("PUT", path, auth, json=body)

    async def delete(
        self, path: str, *, params: Mapping[str, Any] | None = None, auth: Auth = Auth.USER
    ) -> Mapping[str, Any]:
        """Remove something."""
        return await self._ask("DELETE", path, auth, params=params)

    async def download(self, path_or_url: str, *, limit_bytes: int) -> bytes:
        """Fetch a file of X's; raises TooLarge beside the verdicts, XRefused for an address that is not X's.

        A file's own address opens to OAuth 1.0a, where the account has it, and to no token of OAuth 2.0.
        """
        url, auth = self._place(path_or_url)
        request = _Request(method="GET", url=url, endpoint="download", auth=auth)
        return await self._answer(request, limit_bytes, lambda answer: answer.content)

    async def _ask(self, method: str, path: str, auth: Auth, **sent: Any) -> Mapping[str, Any]:
        url = httpx.URL(self.account.api_base + path)
        if params := sent.pop("params", None):
            url = url.copy_merge_params({name: value for name, value in params.items() if value is not None})
        request = _Request(method=method, url=str(url), endpoint=endpoint_of(method, path), auth=auth)
        request.sent = {name: value for name, value in sent.items() if value is not None}
        try:
            return await self._answer(request, _LONGEST_ANSWER, partial(_read, request))
        except TooLarge as error:
            raise _unsure(request, str(error)) from error

    async def _answer(self, request: _Request, limit_bytes: int, read: Callable[[httpx.Response], Read]) -> Read:
        began = monotonic()
        result = "ok"
        try:
            return read(await asyncio.wait_for(self._proven(request, limit_bytes), WHOLE_SECONDS))
        except asyncio.TimeoutError as error:
            result = "no_answer"
            raise _unsure(request, "X did not answer in time.") from error
        except XError as error:
            result = _NAMES.get(type(error), "refused")
            raise
        finally:
            self._note(request, result, monotonic() - began)

    async def _proven(self, request: _Request, limit_bytes: int) -> httpx.Response:
        header = await self.proof.header(request.auth, request.method, request.url)
        answer = await self._send(request, header, limit_bytes)
        if answer.status_code == 401 and await self.proof.renew(header):
            header = await self.proof.header(request.auth, request.method, request.url)
            answer = await self._send(request, header, limit_bytes)
        windows = windows_in(answer.headers)
        if windows and self._limits is not None and request.auth is not Auth.APP:
            await self._learn(request, windows)
        self._judge(request, answer)
        return answer

    async def _learn(self, request: _Request, windows: Sequence[Window]) -> None:
        assert self._limits is not None
        try:
            await self._limits.learn(self.account.account_id, request.endpoint, windows)
        except Unavailable:  # what X answered is worth more, and the next answer tells it again
            _log.warning("x.limits_not_kept", endpoint=request.endpoint)

    async def _send(self, request: _Request, header: Mapping[str, str], limit_bytes: int) -> httpx.Response:
        try:
            async with self._client.stream(request.method, request.url, headers=dict(header), **request.sent) as answer:
                body = await _bounded(answer, limit_bytes)
        except _NOT_SENT as error:
            raise XAway(f"X cannot be reached ({type(error).__name__}).") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise _unsure(request, f"X did not answer ({type(error).__name__}).") from error
        return httpx.Response(answer.status_code, headers=_plain(answer.headers), content=body)

    def _judge(self, request: _Request, answer: httpx.Response) -> None:
        status = answer.status_code
        if 200 <= status < 300:
            return
        if status == 401:
            raise XSignedOut
        if status == 402:
            raise XNoCredits
        if status == 429:
            raise XLimited(limited_until(windows_in(answer.headers), answer.headers, self._clock()))
        if status >= 500 or status == 408:
            raise _unsure(request, f"X answered {status}.")
        raise refusal(status, document_of(answer.content))

    def _place(self, path_or_url: str) -> tuple[str, Auth]:
        """Give where a file may be fetched and by which proof: an event's word leads to X and nowhere else."""
        if path_or_url.startswith("/") and not path_or_url.startswith("//"):
            return self.account.api_base + path_or_url, Auth.USER
        parts = urlsplit(path_or_url)
        host = (parts.hostname or "").lower()
        if _origin(path_or_url) == _origin(self.account.api_base):
            return path_or_url, Auth.SIGNED
        of_x = next((each for each in _HOSTS_OF_X if host == each or host.endswith("." + each)), None)
        if of_x is None or parts.scheme != "https" or parts.port not in (None, 443) or parts.username:
            raise XRefused(403, "not X", "The file is not kept by X, so it is not fetched.")
        return path_or_url, Auth.NOBODY if of_x in _OPEN_TO_ALL else Auth.SIGNED

    def _note(self, request: _Request, result: str, seconds: float) -> None:
        if result == "ok" and request.is_repeatable:  # asked every minute: one line for all of them
            self._log.count(X, request.endpoint, result, direction=OUT)
            return
        self._log.note(
            Exchange(
                channel=X,
                direction=OUT,
                kind=request.endpoint,
                result=result,
                at=self._clock(),
                duration_ms=round(seconds * 1000),
            )
        )


def _read(request: _Request, answer: httpx.Response) -> dict[str, Any]:
    document = document_of(answer.content)
    if document is None:
        raise _unsure(request, "X answered with something that is no answer.")
    if is_wholly_refused(document):
        raise refusal(answer.status_code, document)
    return document


def _unsure(request: _Request, sentence: str) -> XError:
    return XAway(sentence) if request.is_repeatable else XUnanswered(sentence)


async def _bounded(answer: httpx.Response, limit_bytes: int) -> bytes:
    read = bytearray()
    async for part in answer.aiter_bytes():
        read += part
        if len(read) > limit_bytes:
            raise TooLarge(f"X gave more than {limit_bytes} bytes; no more are taken.")
    return bytes(read)


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Give headers without what told how the body was packed, since it is unpacked by now."""
    return {name: value for name, value in headers.items() if name not in ("content-encoding", "content-length")}


def _origin(url: str) -> tuple[str, str | None, int | None, bool]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port, bool(parts.username)
