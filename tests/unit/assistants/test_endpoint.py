"""An endpoint that is asked: how often, and where it may be."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from relevo.assistants.breaker import MOST_FAILURES, REST_SECONDS, Breaker
from relevo.assistants.endpoint import Endpoint
from relevo.assistants.prompts import trial_prompt
from relevo.configuration.assistant import AssistantAccount
from relevo.errors import Unavailable

pytestmark = pytest.mark.anyio
ANSWER = rb'{"choices": [{"message": {"content": "<think>Hm.\nWell.</think> yes"}}]}'
Handler = Callable[[httpx.Request], httpx.Response]


def _endpoint(handler: Handler, url: str = "https://models.example.com/v1") -> Endpoint:
    account = AssistantAccount(url=url, model="tiny")
    return Endpoint(account, transport=httpx.MockTransport(handler))


async def test_a_connection_that_fails_is_tried_once_more() -> None:
    """And what a model thinks aloud before it answers is no answer."""
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if len(asked) == 1:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, stream=httpx.ByteStream(ANSWER))

    endpoint = _endpoint(handler)
    assert await endpoint.complete(trial_prompt()) == "yes"
    assert asked == ["https://models.example.com/v1/chat/completions"] * 2
    await endpoint.close()


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500])
async def test_an_answer_is_never_asked_for_again(status: int) -> None:
    """Whatever it says; nor is it looked for elsewhere."""
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        elsewhere = {"Location": "https://elsewhere.example/v1"}
        return httpx.Response(status, headers=elsewhere, stream=httpx.ByteStream(b""))

    endpoint = _endpoint(handler)
    with pytest.raises(Unavailable, match=r"status|failed"):
        await endpoint.complete(trial_prompt())
    assert len(asked) == 1
    await endpoint.close()


async def test_http_does_not_leave_the_house() -> None:
    """A name of this network that leads out of it is not asked."""

    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    endpoint = _endpoint(handler, "http://8.8.8.8/v1")
    with pytest.raises(Unavailable, match="outside of this network"):
        await endpoint.complete(trial_prompt())
    await endpoint.close()


def test_after_a_rest_one_more_failure_is_enough_for_the_next() -> None:
    """And one success forgets them all."""
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(MOST_FAILURES):
        breaker.demand()
        breaker.failed()
    with pytest.raises(Unavailable):
        breaker.demand()
    now[0] += REST_SECONDS
    breaker.demand()
    breaker.failed()
    with pytest.raises(Unavailable):
        breaker.demand()
    now[0] += REST_SECONDS
    breaker.succeeded()
    breaker.failed()
    breaker.demand()
