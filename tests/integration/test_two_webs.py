"""Two web processes on one database: whoever is attached to one hears what is received at the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from relevo.web.settings import WebSettings
from tests.integration.desks import desk_of
from tests.integration.doors import Doors, open_doors
from tests.integration.visiting import next_of, page_of, streaming

pytestmark = pytest.mark.anyio
TRIES = 3


@pytest.fixture
async def webs(database: str) -> AsyncIterator[tuple[Doors, Doors]]:
    """Two of them, each with its own connections; the bot runs beside the second."""
    settings = WebSettings(sign_in_tries_per_email=TRIES)
    async with (
        open_doors(database, settings=settings, has_bot=False) as one,
        open_doors(database, settings=settings) as another,
    ):
        yield one, another


async def test_a_widget_and_a_desk_at_one_hear_what_is_received_at_the_other(webs: tuple[Doors, Doors]) -> None:
    """The visitor's session and the agent's hold at both; streams tell of what came in and went out elsewhere."""
    one, another = webs
    page = await page_of(one)
    elsewhere = replace(page, doors=another)
    async with desk_of(one) as desk, streaming(page) as events, desk.http.stream("GET", "/desk/api/changes") as stream:
        changes = stream.aiter_lines()
        assert await anext(changes) == "retry: 3000"
        await elsewhere.writes("hello", "1")
        heard = [await next_of(events, "message") for _ in range(2)]
        assert [(message["author"], message["text"]) for message in heard] == [("contact", "hello"), ("bot", "hello")]
        async for line in changes:
            if line == "event: changed":
                break
        async with httpx.AsyncClient(base_url=another.url, cookies=desk.http.cookies) as browser:
            assert (await browser.get("/desk/api/me")).json() == await desk.get("/me")


async def test_who_guesses_passwords_at_both_has_no_more_tries(webs: tuple[Doors, Doors]) -> None:
    """Sign-ins are counted where all processes see them."""
    statuses = []
    for number in range(TRIES + 2):
        async with httpx.AsyncClient(base_url=webs[number % 2].url) as http:
            page = (await http.get("/desk/login")).text
            token = page.partition('name="form_token" value="')[2].partition('"')[0]
            said = {"email": "kim@aurora.example", "password": "guess", "form_token": token}
            statuses.append((await http.post("/desk/login", data=said)).status_code)
    assert statuses[:TRIES].count(429) == 0
    assert statuses[TRIES:] == [429, 429]
