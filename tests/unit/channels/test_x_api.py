"""Whatever X answers is a mapping or one of a few verdicts, and nobody makes us ask anybody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from relevo.channels.x.answers import XAway, XError, XLimited, XNoCredits, XRefused, XSignedOut, XUnanswered
from relevo.channels.x.api import Auth, XApi, x_client
from relevo.channels.x.limits import endpoint_of, windows_in
from relevo.channels.x.media import Uploads
from relevo.configuration.x import XAccount
from relevo.contracts.channel_log import Exchange
from relevo.contracts.x import UserTokens
from relevo.errors import TooLarge
from relevo.settings import Secret

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)
ACCOUNT = XAccount(
    account_id="1111",
    consumer_key="key",
    consumer_secret=Secret("consumer-secret"),
    bearer_token=Secret("app-bearer"),
    client_id="client",
    access_token="1111-token",
    access_secret=Secret("token-secret"),
)
TOKENS = UserTokens(access=Secret("user-bearer"), refresh=None, expires_at=NOW + timedelta(hours=1))
Answering = Callable[[httpx.Request], httpx.Response]


class _Kept:
    async def read(self, account_id: str) -> UserTokens | None:
        return TOKENS

    async def keep(self, account_id: str, tokens: UserTokens) -> None:
        raise NotImplementedError

    async def renew(self, account_id: str, stale: Secret, ask: object) -> UserTokens | None:
        return None


class _Log:
    def __init__(self) -> None:
        self.noted: list[tuple[str, str]] = []

    def note(self, exchange: Exchange) -> None:
        self.noted.append((exchange.kind, exchange.result))

    def count(self, channel: str, kind: str, result: str, *, direction: str = "in") -> None:
        self.noted.append((kind, result))


def api(answering: Answering, log: _Log | None = None) -> XApi:
    """Give what asks, and is answered so."""
    return XApi(ACCOUNT, x_client(httpx.MockTransport(answering)), _Kept(), log=log, clock=lambda: NOW)


def always(status: int, **answer: Any) -> Answering:
    """Give the same answer to everything."""
    return lambda request: httpx.Response(status, **answer)


async def verdict(method: str, answering: Answering) -> XError:
    """Give what asking raises."""
    with pytest.raises(XError) as raised:
        await getattr(api(answering), method)("/2/anything")
    return raised.value


PROBLEM = {"type": "https://api.x.com/2/problems/client-forbidden", "title": "Forbidden", "detail": "Not this one."}
CAPPED = {"type": "https://twitter.com/2/problems/usage-capped"}
REFUSALS: dict[str, tuple[dict[str, Any], tuple[str, str, int | None]]] = {
    "a problem": (PROBLEM, ("Forbidden", "Not this one.", None)),
    "a problem without words": (CAPPED, ("usage-capped", "usage-capped", None)),
    "an older list": ({"errors": [{"code": 349, "message": "No DMs."}]}, ("refused", "No DMs.", 349)),
    "a list of problems": ({"errors": [{**PROBLEM, "parameters": {}}]}, ("Forbidden", "Not this one.", None)),
    "a list of what is no problem": ({"errors": ["no", None]}, ("refused", "refused", None)),
    "nothing": ({}, ("refused", "refused", None)),
}


@pytest.mark.parametrize("shape", REFUSALS)
@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_a_refusal_says_why_in_whichever_shape(shape: str, status: int) -> None:
    """problem+json, an older list of errors, or nothing that can be read."""
    body, (title, sentence, code) = REFUSALS[shape]
    refused = await verdict("post", always(status, json=body))
    assert isinstance(refused, XRefused)
    assert (refused.status, refused.title, refused.sentence, refused.legacy_code) == (status, title, sentence, code)


async def test_a_good_status_with_errors_alone_is_a_refusal_and_beside_data_it_is_an_answer() -> None:
    """As X tells of one of several things that it did not find."""
    part = {"data": [{"id": "1"}], "errors": [PROBLEM]}
    assert (await api(always(200, json=part)).get("/2/anything"))["errors"] == [PROBLEM]
    assert isinstance(await verdict("get", always(200, json={"errors": [PROBLEM]})), XRefused)
    assert await api(always(204)).post("/2/anything") == {}


VERDICTS: dict[str, tuple[str, Answering, type[XError], str]] = {
    "a broken X": ("post", always(503), XUnanswered, "unconfirmed"),
    "a broken X that was only asked": ("get", always(500), XAway, "platform_away"),
    "a page of a proxy": ("post", always(200, text="<html>"), XUnanswered, "unconfirmed"),
    "a list": ("get", always(200, text="[]"), XAway, "platform_away"),
    "no credits": ("post", always(402), XNoCredits, "no_credits"),
    "no rights": ("post", always(401), XSignedOut, "signed_out"),
    "a redirect": ("get", always(302, headers={"location": "http://127.0.0.1/"}), XRefused, "refused"),
}  # fmt: skip


@pytest.mark.parametrize("case", VERDICTS)
async def test_everything_else_is_a_verdict_too_and_the_log_hears_of_it(case: str) -> None:
    """What may have been done is told from what certainly was not."""
    method, answering, expected, noted = VERDICTS[case]
    log = _Log()
    with pytest.raises(expected):
        await getattr(api(answering, log), method)("/2/dm_conversations/with/2222/messages")
    assert log.noted == [("send_dm" if method == "post" else "get_dm_conversations_with_messages", noted)]


NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
LEFT = (httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError, httpx.WriteTimeout)


@pytest.mark.parametrize("kind", [*NEVER_LEFT, *LEFT])
async def test_only_what_never_left_is_certainly_not_done(kind: type[httpx.TransportError]) -> None:
    """A connection that was never made, and all else."""

    def failing(request: httpx.Request) -> httpx.Response:
        raise kind("it failed")

    assert isinstance(await verdict("post", failing), XUnanswered if kind in LEFT else XAway)
    assert isinstance(await verdict("get", failing), XAway)


PARTS = ("limit", "remaining", "reset")


def _headers(**windows: tuple[int, int]) -> dict[str, str]:
    names = {"short": "x-rate-limit", "user": "x-user-limit-24hour", "app": "x-app-limit-24hour"}
    told: dict[str, str] = {}
    for name, (remaining, minutes) in windows.items():
        reset = int((NOW + timedelta(minutes=minutes)).timestamp())
        told |= {
            f"{names[name]}-limit": "15",
            f"{names[name]}-remaining": str(remaining),
            f"{names[name]}-reset": str(reset),
        }
    return told


NONSENSE = {
    "x-rate-limit-limit": "x",
    "x-rate-limit-remaining": "-1",
    "x-rate-limit-reset": "9" * 30,
    "retry-after": "soon",
}
LIMITS: dict[str, tuple[dict[str, str], float]] = {
    "the latest of those used up": (_headers(short=(0, 9), user=(0, 300), app=(4, 900)), 300),
    "the only one used up": (_headers(short=(0, 9), user=(2, 300)), 9),
    "none that says so": (_headers(short=(3, 9)), 9),
    "none at all": ({}, 15),
    "one in the past": (_headers(short=(0, -9)), 15),
    "a time to wait": ({"retry-after": "120"}, 2),
    "nonsense": (NONSENSE, 15),
}


@pytest.mark.parametrize("case", LIMITS)
async def test_a_limit_says_until_when(case: str) -> None:
    """By the latest end of what is used up; a quarter of an hour where X does not say."""
    headers, minutes = LIMITS[case]
    limited = await verdict("post", always(429, headers=headers, json={"title": "Too Many Requests"}))
    assert isinstance(limited, XLimited)
    assert limited.until == NOW + timedelta(minutes=minutes)


def test_headers_and_addresses_are_read_by_their_names() -> None:
    """Each window for itself; an endpoint whatever its ids."""
    assert [window.span for window in windows_in(_headers(short=(1, 1), app=(1, 1)))] == ["short", "app_day"]
    paths = ("/2/dm_conversations/with/22/messages", "/2/dm_conversations/1-2/messages", "/2/dm_conversations")
    assert {endpoint_of("POST", path) for path in paths} == {"send_dm"}
    reads = ("/2/dm_events", "/2/dm_conversations/with/22/dm_events", "/2/dm_conversations/1-2/dm_events")
    assert {endpoint_of("GET", path) for path in reads} == {"read_dms"}
    assert endpoint_of("DELETE", "/2/tweets/123") == "delete_tweets"


FOREIGN = (
    "http://169.254.169.254/latest/meta-data",
    "https://x.com.evil.example/1/2/3",
    "https://evilx.com/1",
    "https://x.com@evil.example/1",
    "https://user:word@x.com/1",
    "http://ton.twitter.com/1.1/ton/data/dm/1/2/3.jpg",
    "https://ton.twitter.com:8443/1",
    "//evil.example/1",
    "file:///etc/passwd",
    "https:///1",
    "ftp://ton.twitter.com/1",
)


@pytest.mark.parametrize("address", FOREIGN)
async def test_a_file_is_fetched_from_x_and_from_nobody_else(address: str) -> None:
    """Whatever an event names: no connection is made, and no proof is shown."""

    def answering(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    with pytest.raises(XRefused, match="not kept by X"):
        await api(answering).download(address, limit_bytes=10)


async def test_a_file_is_bounded_and_shown_the_proof_that_opens_it() -> None:
    """OAuth 1.0a where messages' files are kept, a token at the API, and nothing to whom everybody may ask."""
    seen: dict[str, str] = {}

    def answering(request: httpx.Request) -> httpx.Response:
        seen[request.url.host] = request.headers.get("authorization", "").partition(" ")[0]
        return httpx.Response(200, content=b"0123456789")

    asking = api(answering)
    assert await asking.download("/2/dm_conversations/media/1/2/3", limit_bytes=10) == b"0123456789"
    await asking.download("https://ton.twitter.com/1.1/ton/data/dm/1/2/3.jpg", limit_bytes=10)
    await asking.download("https://pbs.twimg.com/media/1.jpg", limit_bytes=10)
    assert seen == {"api.x.com": "Bearer", "ton.twitter.com": "OAuth", "pbs.twimg.com": ""}
    with pytest.raises(TooLarge):
        await asking.download("/2/dm_conversations/media/1/2/3", limit_bytes=9)


async def test_the_app_shows_its_own_token_and_no_secret_is_in_what_is_raised() -> None:
    """Nor in what is printed of it."""
    shown: list[str] = []

    def answering(request: httpx.Request) -> httpx.Response:
        shown.append(request.headers["authorization"])
        return httpx.Response(401)

    with pytest.raises(XSignedOut) as raised:
        await api(answering).get("/2/webhooks", auth=Auth.APP)
    assert shown == ["Bearer app-bearer"]
    told = repr(raised.value) + repr(ACCOUNT) + repr(TOKENS)
    assert not [secret for secret in ("app-bearer", "user-bearer", "consumer-secret", "token-secret") if secret in told]


@pytest.mark.parametrize(
    ("states", "verdict_of"), [(["pending", "in_progress", "succeeded"], None), (["failed"], XRefused)]
)
async def test_a_file_is_used_when_x_has_looked_at_it(states: list[str], verdict_of: type[XError] | None) -> None:
    """Asked until it has; a file that it takes for none is refused."""
    left = list(states)

    def answering(request: httpx.Request) -> httpx.Response:
        info = {"state": left.pop(0), "check_after_secs": 0}
        return httpx.Response(200, json={"data": {"id": "9", "processing_info": info}})

    uploads = Uploads(api(answering), clock=lambda: NOW)
    if verdict_of is None:
        assert (await uploads.upload("a.jpg", "image/jpeg", b"a")).media_id == "9"
    else:
        with pytest.raises(verdict_of):
            await uploads.upload("a.jpg", "image/jpeg", b"a")
    assert not left
