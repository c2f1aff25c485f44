"""The widget on a business's own page: of another origin, with a strict policy, twice, taken away, in ten windows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from relevo.domain.messages import Author, Content
from relevo.domain.sites import Site, Sites
from tests.files import photo
from tests.integration.visits import CHROMIUM, Visit, visit_of
from tests.visitor_page import LAUNCHER

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
SHOP = "http://shop.localhost"
SITES = Sites(
    named=(
        Site(name="default", languages=("en",), default_language="en", origins=(SHOP,)),
        Site(name="club", title="Club", languages=("en",), default_language="en", origins=(SHOP,)),
    )
)
STRICT = (
    "default-src 'none'; script-src {chat}; connect-src {chat}; img-src {chat}; style-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
SLEEP = "(() => { const begun = Date.now(); while (Date.now() - begun < 9000); })()"
STORED = """[...Object.keys(localStorage), ...Object.keys(sessionStorage), document.cookie]
  .filter(Boolean).sort().join()"""
VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => {
  (window.violations ??= []).push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});"""


@asynccontextmanager
async def _shop(database: str, tags: str, *, policy: str | None = None) -> AsyncIterator[Visit]:
    """Open a window for a shop's page that has these tags in it; ``{chat}`` is where Relevo is."""
    async with visit_of(database, sites=SITES) as visit:

        async def give(route: Route) -> None:
            headers = {"Content-Security-Policy": policy.format(chat=visit.doors.url)} if policy else {}
            body = "<!doctype html><html lang=en><title>Shop</title><main><h1>Shop</h1></main>"
            filled = tags.format(chat=visit.doors.url)
            await route.fulfill(body=body + filled, headers=headers, content_type="text/html")

        await visit.context.route(f"{SHOP}/**", give)
        await visit.context.add_init_script(VIOLATIONS)
        yield visit


def _script(**attributes: str) -> str:
    given = " ".join(f'data-{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<script async src="{{chat}}/widget/v1/widget.js" {given}></script>'


async def _until(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(800):
        if holds():
            return
        await page.wait_for_timeout(25)
    raise AssertionError("it never held")


async def _stored(page: Page) -> Any:
    return await page.evaluate(STORED)


async def test_a_strict_policy_is_not_violated_by_anything(database: str) -> None:
    """No style, no trusted type, nothing inline: a talk with a photo, and the browser has nothing to complain about."""
    async with _shop(database, _script(site="default"), policy=STRICT) as visit:
        await visit.open(SHOP)
        await visit.say("hello")
        await visit.expect_said("hello", "You said <hello>")
        picture: FilePayload = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo(400, 300)}
        await visit.page.locator("#chat-pick").set_input_files([picture])
        await expect(visit.page.locator("#chat-tray [data-state=ready] canvas[data-loaded]")).to_have_count(1)
        await visit.say("look")
        await expect(visit.page.locator("#chat-log canvas[data-loaded]")).to_have_count(1)
        assert await visit.page.locator(".frame").evaluate("frame => getComputedStyle(frame).borderRadius") == "18px"
        assert await visit.page.evaluate("window.violations ?? []") == []
        assert visit.complaints == []


async def test_before_it_is_opened_one_file_is_fetched_and_nothing_is_kept(database: str) -> None:
    """Looking at a page leaves no trace, and opening the chat writes nothing either; only the first message does."""
    async with _shop(database, _script(site="default")) as visit:
        asked: list[str] = []
        visit.page.on("request", lambda request: asked.append(request.url.removeprefix(visit.doors.url)))
        await visit.page.goto(SHOP)
        await expect(visit.page.locator(LAUNCHER)).to_be_visible()
        await visit.page.wait_for_load_state("networkidle")
        assert [url for url in asked if not url.startswith(SHOP)] == ["/widget/v1/widget.js"]
        assert not await _stored(visit.page)
        await visit.page.locator(LAUNCHER).click()
        await expect(visit.page.locator("#chat-text")).to_be_visible()
        assert not await _stored(visit.page)
        await visit.say("hello")
        await visit.expect_said("hello", "You said <hello>")
        assert await _stored(visit.page) == "relevo:default,relevo:default:more"


async def test_two_widgets_on_one_page_are_two_conversations(database: str) -> None:
    """Each with its own site, its own storage and its own words; closing one leaves the other open."""
    tags = (
        _script() + '<relevo-chat site="default"></relevo-chat><relevo-chat site="club" position="start"></relevo-chat>'
    )
    async with _shop(database, tags) as visit:
        await visit.page.goto(SHOP)
        for site in ("default", "club"):
            one = visit.page.locator(f'relevo-chat[site="{site}"]')
            await one.locator(".launcher").click()
            await one.locator("#chat-text").fill(f"I am at {site}")
            await one.locator("#chat-text").press("Enter")
            await expect(one.locator("#chat-log .bubble")).to_have_text(
                [f"I am at {site}", f"You said <I am at {site}>"]
            )
        await visit.page.keyboard.press("Escape")
        await expect(visit.page.locator('[site="club"] #chat-log')).to_have_count(0)
        await expect(visit.page.locator('[site="default"] #chat-log .bubble')).to_have_count(2)
        assert await _stored(visit.page) == "relevo:club,relevo:club:more,relevo:default,relevo:default:more"


async def test_taken_away_and_put_back_it_goes_on_and_leaves_nothing_running(database: str) -> None:
    """As single-page applications do: no stream stays open behind it, and the conversation is still there."""
    async with _shop(database, _script(site="default")) as visit:
        await visit.open(SHOP)
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        streaming = visit.doors.app.ctx.streaming
        for _ in range(2):
            await visit.page.evaluate("Relevo.destroy()")
            await expect(visit.page.locator("relevo-chat")).to_have_count(0)
            await _until(visit.page, lambda: not streaming)
            await visit.page.evaluate("document.body.append(document.createElement('relevo-chat'))")
            await visit.page.locator(LAUNCHER).click()
            await visit.expect_said("one", "You said <one>")
        await visit.say("two")
        await visit.expect_said("one", "You said <one>", "two", "You said <two>")
        await _until(visit.page, lambda: len(streaming) == 1)


async def test_ten_windows_hold_one_connection(database: str) -> None:
    """All show the same, whoever writes; when the one that listens is closed, another goes on."""
    async with _shop(database, _script(site="default")) as visit:
        await visit.open(SHOP)
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        others = [await visit.context.new_page() for _ in range(9)]
        for page in others:
            await page.goto(SHOP)
            await page.locator(LAUNCHER).click()
            await expect(page.locator("#chat-log .bubble")).to_have_count(2)
        assert len(visit.doors.app.ctx.streaming) == 1
        last = others[-1]
        await last.locator("#chat-text").fill("two")
        await last.locator("#chat-text").press("Enter")
        said = ["one", "You said <one>", "two", "You said <two>"]
        for page in (visit.page, *others):
            await expect(page.locator("#chat-log .bubble")).to_have_text(said, timeout=20_000)
        await visit.page.close()
        await others[0].locator("#chat-text").fill("three")
        await others[0].locator("#chat-text").press("Enter")
        for page in others:
            await expect(page.locator("#chat-log .bubble")).to_have_text(
                [*said, "three", "You said <three>"], timeout=20_000
            )
        assert len(visit.doors.app.ctx.streaming) == 1


async def test_a_window_that_sleeps_with_the_line_in_its_hands_is_replaced(database: str) -> None:
    """As phones put pages to sleep that hold a lock: another one takes it, and what is written there goes out."""
    async with _shop(database, _script(site="default")) as visit:
        await visit.open(SHOP)
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        other = await visit.context.new_page()
        await other.goto(SHOP)
        await other.locator(LAUNCHER).click()
        await expect(other.locator("#chat-log .bubble")).to_have_count(2)
        asleep = asyncio.create_task(visit.page.evaluate(SLEEP))
        await other.locator("#chat-text").fill("two")
        await other.locator("#chat-text").press("Enter")
        said = ["one", "You said <one>", "two", "You said <two>"]
        await expect(other.locator("#chat-log .bubble")).to_have_text(said, timeout=20_000)
        assert not asleep.done()
        await asleep
        await visit.expect_said(*said)


async def test_the_page_talks_to_it_before_and_after_it_is_there(database: str) -> None:
    """What is called before the file has come is done when it is; events tell; any button of the page opens it."""
    early = (
        "<script>window.Relevo = []; Relevo.push(['on', 'message', (m) => (window.heard ??= []).push(m.text)])</script>"
    )
    button = '<button data-open-chat="Where is my order?">Ask</button>'
    async with _shop(database, early + button + _script(site="default", launcher="none")) as visit:
        page = visit.page
        await page.goto(SHOP)
        await page.wait_for_function("typeof Relevo === 'function'")
        await expect(page.locator(LAUNCHER)).to_be_hidden()
        await page.get_by_role("button", name="Ask").click()
        await expect(page.locator("#chat-text")).to_have_value("Where is my order?")
        await page.locator("#chat-text").press("Enter")
        await visit.expect_said("Where is my order?", "You said <Where is my order?>")
        assert await page.evaluate("window.heard") == ["Where is my order?", "You said <Where is my order?>"]
        await page.evaluate("Relevo.on('error', ({ code }) => (window.wrong = code)); Relevo.identify('forged')")
        await page.wait_for_function("window.wrong")
        await page.evaluate("Relevo('send', 'still here')")
        await expect(page.locator("#chat-log .bubble").nth(3)).to_have_text("You said <still here>")
        await page.evaluate("Relevo.reset()")
        await expect(page.locator("#chat-log .bubble")).to_have_count(0)
        await page.evaluate("Relevo.close()")
        await expect(page.locator("#chat-text")).to_have_count(0)


async def test_what_comes_while_it_is_closed_is_counted_on_its_button(database: str) -> None:
    """Another page later, still closed: the badge says how many, its name says it too, and opening takes it away."""
    async with _shop(database, _script(site="default")) as visit:
        await visit.open(SHOP)
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        await visit.page.get_by_role("button", name="Close", exact=True).click()
        (line,) = await visit.doors.opened.store.desk.conversations()
        for text in ("Kim here.", "Are you there?"):
            await visit.doors.opened.store.conversations.say(line.id, Author.AGENT, Content(text=text))
        visit.doors.opened.live.changed(line.id)
        launcher = visit.page.get_by_role("button", name="Open chat, 2 new messages")
        await expect(launcher).to_be_visible()
        await visit.page.goto(f"{SHOP}/another")
        await expect(launcher).to_be_visible()
        await launcher.click()
        await expect(visit.page.locator("#chat-log .bubble")).to_have_count(4)
        await visit.page.keyboard.press("Escape")
        await expect(visit.page.get_by_role("button", name="Open chat", exact=True)).to_be_focused()
