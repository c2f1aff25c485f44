"""One exchange with an OpenAI-compatible endpoint: bounded in time and size, and every way to fail told in a sentence.

connect (3 s, tried twice) ─► POST …/chat/completions ─► answer (20 s and 256 kB in all) ─► text
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Mapping, Sequence

import httpx
import msgspec

from relevo import __version__
from relevo.assistants.breaker import Breaker
from relevo.configuration.assistant import AssistantAccount, is_private
from relevo.domain.messages import clean_text
from relevo.errors import Unavailable

CONNECT_SECONDS = 3.0
WHOLE_SECONDS = 20.0
MOST_BYTES = 256 * 1024
_AT_ONCE = 8
_OF_THE_QUESTION = frozenset({400, 413, 422})
"""Refusals that say something about what was asked, and nothing about who was asked."""
_THINKING = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""What nobody sees, or what turns words around."""


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Answer(msgspec.Struct):
    choices: Sequence[_Choice]


class Endpoint:
    """Who is asked; one client for all questions of this process."""

    def __init__(
        self,
        account: AssistantAccount,
        *,
        breaker: Breaker | None = None,
        seconds: float = WHOLE_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._account = account
        self._breaker = breaker or Breaker()
        self._seconds = seconds
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=_AT_ONCE, keepalive_expiry=5.0),
            headers=_headers(account),
            transport=transport,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def complete(self, prompt: Sequence[Mapping[str, str]]) -> str:
        """Ask once and give the text; raises Unavailable with one of the codes of contracts.assistant.Assistant."""
        self._breaker.demand()
        try:
            status, body = await asyncio.wait_for(self._exchange(prompt), self._seconds)
            text = self._text(status, body)
        except (httpx.HTTPError, OSError, asyncio.TimeoutError) as error:
            self._breaker.failed()
            raise self._away(error) from error
        except Unavailable:
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        if text is None:
            raise Unavailable(f"The model refuses what it was asked (status {status}).", code="assistant_refused")
        return text

    async def _exchange(self, prompt: Sequence[Mapping[str, str]]) -> tuple[int, bytes]:
        if self._account.is_plain:
            await _demand_inside(self._account.host)
        body = msgspec.json.encode({"model": self._account.model, "messages": prompt, "stream": False})
        try:
            return await self._post(body)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return await self._post(body)

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        received = bytearray()
        async with self._client.stream("POST", f"{self._account.url}/chat/completions", content=body) as answer:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise self._unreadable("is packed although it was asked not to pack it")
            async for part in answer.aiter_raw():
                received += part
                if len(received) > MOST_BYTES:
                    raise self._unreadable(f"has more than {MOST_BYTES // 1024} kB")
            return answer.status_code, bytes(received)

    def _text(self, status: int, body: bytes) -> str | None:
        """Give the text of an answer; None where the question was refused, and nothing is wrong with the endpoint."""
        if status in _OF_THE_QUESTION:
            return None
        if status != 200:
            raise self._refused(status)
        try:
            choice = msgspec.json.decode(body, type=_Answer).choices[0]
        except (msgspec.DecodeError, UnicodeDecodeError, IndexError):
            raise self._unreadable("is not what an OpenAI-compatible endpoint gives") from None
        if choice.finish_reason == "content_filter":
            return None
        if choice.finish_reason == "length":
            raise self._unreadable("was cut off before its end")
        text = _UNSEEN.sub("", clean_text(_THINKING.sub("", choice.message.content or ""))).strip()
        if not text:
            raise self._unreadable("is empty")
        return text

    def _away(self, error: BaseException) -> Unavailable:
        host = self._account.host
        if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, OSError)):
            reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
            return Unavailable(f"The model at {host} cannot be reached: {reason}.", code="assistant_away")
        if isinstance(error, (httpx.TimeoutException, asyncio.TimeoutError)):
            return Unavailable(
                f"The model at {host} did not answer within {self._seconds:g} seconds.", code="assistant_slow"
            )
        return Unavailable(f"The connection to the model at {host} was lost.", code="assistant_away")

    def _refused(self, status: int) -> Unavailable:
        host, key = self._account.host, self._account.key_env
        if status in (401, 403):
            told = f"the key in {key}" if key else "being asked without a key (key_env)"
            return Unavailable(f"{host} does not accept {told} (status {status}).", code="assistant_refused")
        if status == 404:
            return Unavailable(
                f"{host} knows no such address or no model {self._account.model} (status 404).",
                code="assistant_refused",
            )
        if status == 429:
            return Unavailable(f"{host} is asked too much at the moment (status 429).", code="assistant_refused")
        if status < 500:
            return Unavailable(f"{host} refuses to answer (status {status}).", code="assistant_refused")
        return Unavailable(f"{host} failed while answering (status {status}).", code="assistant_away")

    def _unreadable(self, why: str) -> Unavailable:
        return Unavailable(f"What {self._account.host} answered {why}.", code="assistant_unreadable")


async def _demand_inside(host: str) -> None:
    """Raise Unavailable where a name that should be of this network leads out of it: http is readable on the way."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    if not all(is_private(str(address[4][0])) for address in found):
        raise Unavailable(f"{host} is outside of this network, and url is http; write https.", code="assistant_away")


def _headers(account: AssistantAccount) -> dict[str, str]:
    key = {"Authorization": f"Bearer {account.key.reveal()}"} if account.key else {}
    told = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
    return {**told, **key, "User-Agent": f"Relevo/{__version__}"}
