"""Aurora's page and the desk in a real browser: what people see there is alive, and fits every screen."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Route, expect

from relevo.domain.sites import Site, Sites
from relevo.web.services import DemoContact
from tests.integration.visits import CHROMIUM, Visit, sign_in_to_desk, visit_of

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


PEOPLE = (("C001", "Lucía Robles"), ("C002", "Oliver Whitfield"))


@asynccontextmanager
async def visit_to_the_demo(database: str) -> AsyncIterator[Visit]:
    """Open Aurora's page with two contacts to be."""
    sites = Sites(named=(Site(name="default", languages=("en",), default_language="en", identity_keys=("k" * 32,)),))
    contacts = tuple(DemoContact(ref=ref, name=name, language="en", email=f"{ref}@x.example") for ref, name in PEOPLE)
    async with visit_of(database, sites=sites, demo_contacts=contacts) as visit:
        visit.doors.business.people.update({ref: {"name": name} for ref, name in PEOPLE})
        await visit.page.goto("/")
        yield visit


async def test_on_the_demos_page_a_newcomer_is_any_of_its_contacts(database: str) -> None:
    """A click signs in as a business's page would and opens the chat with words to try; another is somebody else."""
    async with visit_to_the_demo(database) as visit:
        for _, name in PEOPLE:
            await visit.page.get_by_role("button", name=name).click()
            await expect(visit.page.locator("relevo-chat .top")).to_contain_text(f"Signed in as {name}")
            await expect(visit.page.locator("#chat-log .bubble")).to_have_count(0)
            await expect(visit.page.locator("#chat-text")).to_have_value(re.compile("missing"))
            await visit.page.locator("#chat-text").press("Enter")
            await expect(visit.page.locator("#chat-log .bubble")).to_have_count(2)
        rows = await visit.doors.opened.database.rows("SELECT count(*) FROM conversations")
        assert rows == [(2,)]
        await visit.page.get_by_role("button", name="Nobody in particular").click()
        await expect(visit.page.locator("relevo-chat .top")).not_to_contain_text("Signed in")
        assert visit.complaints == []


async def test_who_signs_out_leaves_no_token_and_no_words(database: str) -> None:
    """When the server has heard of it, nothing could ask with that token any more; what was being written is gone."""
    kept_by_then: list[bool] = []

    async def look(route: Route) -> None:
        token = route.request.headers["authorization"].removeprefix("Bearer ")
        answer = await route.fetch()
        kept_by_then.append(token in await visit.page.evaluate("JSON.stringify(localStorage)"))
        await route.fulfill(response=answer)

    async with visit_to_the_demo(database) as visit:
        await visit.page.get_by_role("button", name="Lucía Robles").click()
        await expect(visit.page.locator("relevo-chat .top")).to_contain_text("Signed in as")
        await visit.page.locator("#chat-text").fill("for nobody else to read")
        await visit.page.route("**/logout", look)
        async with visit.page.expect_response("**/logout") as answered:
            await visit.page.get_by_role("button", name="Nobody in particular").click()
        assert ((await answered.value).status, kept_by_then) == (204, [False])
        await expect(visit.page.locator("relevo-chat .top")).not_to_contain_text("Signed in")
        await expect(visit.page.locator("#chat-text")).to_have_value("")
        assert visit.complaints == []


@pytest.mark.parametrize("width", [320, 768, 1920])
async def test_every_page_fits_every_screen(database: str, width: int) -> None:
    """No page scrolls sideways, light or dark, with words longer than the screen."""
    async with visit_of(database, width=width, dark=width == 768) as visit:
        await visit.open()
        await visit.say("W" * 300)
        await expect(visit.page.locator("#chat-log .bubble")).to_have_count(2)
        (line,) = await visit.doors.opened.store.desk.conversations()
        await sign_in_to_desk(visit)
        for path in ("/", "/desk", f"/desk/conversations/{line.id}"):
            await visit.page.goto(path)
            overflow = await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, path


async def test_the_desk_refreshes_by_itself(database: str) -> None:
    """A conversation that an agent looks at grows before their eyes, and nothing violates the pages' policy."""
    async with visit_of(database) as visit:
        await visit.doors.texts("amina", "hello")
        await sign_in_to_desk(visit)
        await visit.page.get_by_role("link", name="amina").click()
        await expect(visit.page.locator(".timeline .bubble")).to_have_count(2)
        await visit.doors.texts("amina", "/affirm")
        await expect(visit.page.locator(".timeline .contact .bubble").last).to_have_text("Yes", timeout=10_000)
        assert visit.complaints == []


async def test_the_desk_shows_what_came_before_it_could_listen(database: str) -> None:
    """Between a page and its stream something may change; it is shown as soon as the stream is there."""
    async with visit_of(database) as visit:
        await visit.doors.texts("amina", "hello")
        await sign_in_to_desk(visit)
        held: asyncio.Queue[Route] = asyncio.Queue()
        await visit.page.route("**/desk/api/changes", held.put_nowait)
        await visit.page.get_by_role("link", name="amina").click()
        stream = await asyncio.wait_for(held.get(), 20)
        while "/desk/conversations/" not in stream.request.headers.get("referer", ""):
            stream = await asyncio.wait_for(held.get(), 20)  # that was the list's, which is gone
        await expect(visit.page.locator(".timeline .bubble")).to_have_count(2)
        await visit.doors.texts("amina", "/affirm")
        await stream.continue_()
        await expect(visit.page.locator(".timeline .contact .bubble").last).to_have_text("Yes", timeout=5_000)
