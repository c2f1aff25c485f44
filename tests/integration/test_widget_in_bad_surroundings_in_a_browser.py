"""The widget where things go wrong around it: spoiled files, no storage, no stream, a clock that is off, sleep."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

import relevo.web
from relevo.domain.messages import Author, Content
from tests.databases import Databases
from tests.integration.shops import SHOP, Shop, shop_of
from tests.integration.visiting import forget
from tests.integration.visits import CHROMIUM
from tests.visitor_page import LAUNCHER

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
MANIFEST: dict[str, Any] = json.loads(
    (Path(relevo.web.__file__).parent / "static" / "widget" / "manifest.json").read_text(encoding="utf-8")
)
FULL = f"{MANIFEST['version']}/widget.full.js"
PINNED = f"""<script async src="{{chat}}/widget/{FULL}" data-site="default"
  integrity="{MANIFEST["files"][FULL]["integrity"]}" crossorigin="anonymous"></script>"""
BLOCKED = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } });"""
FULL_UP = """Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };"""


@pytest.fixture(scope="module")
async def shop(databases: Databases, postgres: str) -> AsyncIterator[Shop]:
    """One browser on one server."""
    async with shop_of(databases, postgres) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def _nobody_yet(shop: Shop) -> None:
    await forget(shop.doors)


async def test_one_file_pinned_by_its_hash_is_all_that_is_asked_for(shop: Shop) -> None:
    """The manifest's hash is the one that browsers compute; talk and menu need no other file."""
    async with shop.visited(PINNED) as visit:
        files: list[str] = []
        visit.page.on("request", lambda one: files.append(one.url) if one.resource_type == "script" else None)
        await visit.open(SHOP)
        await visit.say("hello")
        await visit.expect_said("hello", "You said <hello>")
        await visit.page.get_by_role("button", name="Options").click()
        await expect(visit.page.get_by_role("button", name="End the conversation")).to_be_visible()
        assert files == [f"{shop.doors.url}/widget/{FULL}"]
        assert visit.complaints == []


async def test_a_pinned_file_that_was_changed_by_one_byte_does_not_run(shop: Shop) -> None:
    """The browser refuses it, says so in its console, and the page goes on without a chat."""
    async with shop.visited(PINNED) as visit:

        async def change(route: Route) -> None:
            answer = await route.fetch()
            await route.fulfill(response=answer, body=await answer.body() + b" ")

        await visit.page.route(f"**/{FULL}", change)
        async with visit.page.expect_console_message(lambda line: "integrity" in line.text):
            await visit.page.goto(SHOP)
        await visit.page.wait_for_load_state()
        await expect(visit.page.get_by_role("heading", name="Shop")).to_be_visible()
        await expect(visit.page.locator("relevo-chat")).to_have_count(0)
        assert await visit.page.evaluate("typeof Relevo") == "undefined"


@pytest.mark.parametrize("spoiled", [None, "export const moun"], ids=["lost", "cut short"])
async def test_a_panel_that_does_not_come_whole_breaks_nothing(shop: Shop, spoiled: str | None) -> None:
    """The button stays a button and the page is told; where the file was only lost, the next click brings it."""
    async with shop.visited() as visit:
        page = visit.page

        async def spoil(route: Route) -> None:
            await (route.fulfill(body=spoiled, content_type="text/javascript") if spoiled else route.abort())

        await page.route("**/panel-*.js", spoil)
        await page.goto(SHOP)
        await page.evaluate("Relevo.on('error', ({ code }) => (window.wrong = code))")
        await page.locator(LAUNCHER).click()
        await page.wait_for_function("window.wrong === 'connection'")
        await expect(page.locator(LAUNCHER)).to_have_attribute("aria-expanded", "false")
        await page.unroute("**/panel-*.js")
        if spoiled:
            await page.reload()  # browsers keep what a module was for as long as the page lives
        await page.locator(LAUNCHER).click()
        await visit.say("hello")
        await visit.expect_said("hello", "You said <hello>")


@pytest.mark.parametrize("refused", [BLOCKED, FULL_UP], ids=["blocked", "full"])
async def test_without_storage_one_talks_for_as_long_as_the_page_lives(shop: Shop, refused: str) -> None:
    """Nothing is thrown, and no word is lost or sent twice; a reload begins anew."""
    async with shop.visited(script=refused) as visit:
        await visit.open(SHOP)
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        await visit.page.keyboard.press("Escape")
        await visit.page.locator(LAUNCHER).click()
        await visit.say("two")
        await visit.expect_said("one", "You said <one>", "two", "You said <two>")
        assert [question.text for question in shop.doors.brain.asked] == ["one", "two"]
        assert visit.complaints == []
        await visit.open(SHOP)
        await visit.expect_said()


async def test_where_something_cuts_the_stream_the_chat_polls_and_does_not_cry_offline(shop: Shop) -> None:
    """As service workers and blockers do that refuse streams: messages go both ways, and the visitor is told no lie."""
    async with shop.visited() as visit:
        await visit.page.route(re.compile(r"/events\?after=\d+$"), lambda route: route.abort("blockedbyclient"))
        await visit.open(SHOP)
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        (line,) = await shop.doors.opened.store.desk.conversations()
        await shop.doors.opened.store.conversations.say(line.id, Author.AGENT, Content(text="Kim here."))
        shop.doors.opened.live.changed(line.id)
        await visit.expect_said("one", "You said <one>", "Kim here.")
        await expect(visit.page.locator("#chat-offline")).to_be_hidden()


async def test_a_clock_that_is_ten_years_ahead_changes_nothing(shop: Shop) -> None:
    """The server's order and its times count: answers come, the one who writes is shown as such."""
    async with shop.visited() as visit:
        await visit.page.clock.install(time=datetime.now(timezone.utc) + timedelta(days=3650))
        await visit.open(SHOP)
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        await visit.say("two")
        await visit.expect_said("one", "You said <one>", "two", "You said <two>")
        await expect(visit.page.locator("#chat-log .day")).to_have_count(1)
        assert visit.complaints == []


async def test_a_page_that_was_frozen_catches_up_when_it_goes_on(shop: Shop) -> None:
    """A laptop that sleeps: what was said meanwhile comes once, in order."""
    async with shop.visited() as visit:
        await visit.open(SHOP)
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        browser = await visit.context.new_cdp_session(visit.page)
        await browser.send("Page.setWebLifecycleState", {"state": "frozen"})
        (line,) = await shop.doors.opened.store.desk.conversations()
        for text in ("Kim here.", "Still there?"):
            await shop.doors.opened.store.conversations.say(line.id, Author.AGENT, Content(text=text))
        shop.doors.opened.live.changed(line.id)
        await browser.send("Page.setWebLifecycleState", {"state": "active"})
        await visit.expect_said("one", "You said <one>", "Kim here.", "Still there?")
        await visit.say("two")
        await visit.expect_said("one", "You said <one>", "Kim here.", "Still there?", "two", "You said <two>")
