"""The widget where it draws attention: messages that come unasked, by the owner's rules, and the sound of an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from relevo.domain.messages import Author, Content
from relevo.domain.sites import Proactive, Site, Sites, When
from tests.databases import Databases
from tests.integration.shops import LINE, SHOP, Shop, shop_of
from tests.integration.visiting import forget
from tests.integration.visits import CHROMIUM, Visit
from tests.visitor_page import LAUNCHER

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
ASKING = LINE.replace("data-site", "data-proactive data-site") + '<div style="height: 3000px"></div>'
TEASER = "relevo-chat .teaser"
STORED = "JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie"
DAY_MS = 86_400_000
HEARS = """window.AudioContext = class extends AudioContext {
  constructor() { super(); (window.sounds ??= []).push(this); }
};
Object.defineProperty(document, "hidden", { get: () => window.isHidden ?? false });"""
UNTOUCHED = 'Object.defineProperty(navigator, "userActivation", { get: () => ({ hasBeenActive: false }) });'
SOUNDING = "navigator.locks.query().then(({ held }) => held.some(({ name }) => name === 'relevo:sound'))"
SOUNDS = "(window.sounds ?? []).map(({ currentTime }) => currentTime > 0)"
STRICT = "default-src 'none'; script-src {chat}; connect-src {chat}; media-src 'none'; style-src 'unsafe-inline'"


def _site() -> Site:
    rules = (
        Proactive(id="pay", text={"en": "Trouble paying?"}, when=When(path="/pay/*", seconds=30)),
        Proactive(id="far", text={"en": "Still looking?"}, when=When(path="/list", scroll_percent=50)),
        Proactive(id="again", text={"en": "Good to see you again"}, when=When(path="/", visits=2)),
    )
    return Site(
        name="default", title="Shop", languages=("en",), default_language="en", origins=(SHOP,), proactive=rules
    )


@pytest.fixture(scope="module")
async def shop(databases: Databases, postgres: str) -> AsyncIterator[Shop]:
    """One browser on one server."""
    async with shop_of(databases, postgres, sites=Sites(named=(_site(),))) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def _nobody_yet(shop: Shop) -> None:
    await forget(shop.doors)


async def _arrives(page: Page, path: str) -> None:
    await page.goto(SHOP + path)
    await expect(page.locator("relevo-chat [role=status]")).to_have_count(1)  # it has read its rules


async def _is_teased(page: Page) -> None:
    """Let time pass until a message comes; it counts from when the page has what reads the rules."""
    for _ in range(120):
        await page.clock.run_for(1_000)
        if await page.locator(TEASER).count():
            return
    raise AssertionError("nothing came unasked")


async def test_rules_are_read_where_the_page_asks_for_it_and_leave_no_trace(shop: Shop) -> None:
    """By page and time: nothing is asked for as long as nobody opens it beyond the rules, and nothing is kept."""
    async with shop.visited(ASKING) as visit:
        page = visit.page
        await page.clock.install()
        asked: list[str] = []
        page.on(
            "request", lambda one: asked.append(one.url.removeprefix(shop.doors.url)) if "widget" in one.url else None
        )
        await _arrives(page, "/pay/card")
        await page.clock.run_for(25_000)
        await expect(page.locator(TEASER)).to_have_count(0)
        await _is_teased(page)
        await expect(page.locator(TEASER)).to_have_text("Trouble paying?")
        assert [url for url in asked if "/api/" in url] == ["/widget/api/v1/sites/default"]
        assert await page.evaluate(STORED) == "{}"
        assert await page.evaluate("document.activeElement === document.body"), "it takes no focus"
        assert visit.complaints == []


async def test_by_scrolling_it_comes_once_and_stays_away_once_waved_away(shop: Shop) -> None:
    """By keyboard: Escape waves it away, the focus goes to the button; its id is all that is kept."""
    async with shop.visited(ASKING) as visit:
        page = visit.page
        await page.clock.install()
        await _arrives(page, "/list")
        await page.clock.run_for(5_000)
        await expect(page.locator(TEASER)).to_have_count(0)
        await page.evaluate("scrollTo(0, 2000)")
        await _is_teased(page)
        await expect(page.get_by_role("status").get_by_role("button", name="Still looking?")).to_be_visible()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Still looking?")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.locator(TEASER)).to_have_count(0)
        await expect(page.locator(LAUNCHER)).to_be_focused()
        assert await page.evaluate(STORED) == '{"relevo:default:more":"{\\"told\\":[\\"far\\"]}"}'
        await _arrives(page, "/list")
        await page.evaluate("scrollTo(0, 2000)")
        await page.clock.run_for(5_000)
        await expect(page.locator(TEASER)).to_have_count(0)


async def test_whoever_wrote_before_is_greeted_on_another_day_and_not_on_the_next_page(shop: Shop) -> None:
    """A visit is what no pause of half an hour divides; the greeting opens the chat, and comes once."""
    async with shop.visited(ASKING) as visit:
        page = visit.page
        await page.clock.install()
        await visit.open(SHOP)
        await visit.say("hello")
        await visit.expect_said("hello", "You said <hello>")
        await page.clock.run_for(2_000)
        await _arrives(page, "/")
        await page.clock.run_for(5_000)
        await expect(page.locator(TEASER)).to_have_count(0)
        await _a_day_later(page)
        await _is_teased(page)
        await page.get_by_role("button", name="Good to see you again").click()
        await expect(page.locator("#chat-text")).to_be_visible()
        await _a_day_later(page)
        await page.clock.run_for(5_000)
        await expect(page.locator(TEASER)).to_have_count(0)


async def _a_day_later(page: Page) -> None:
    await page.goto("about:blank")
    await page.clock.fast_forward(DAY_MS)
    await _arrives(page, "/")


async def _says(visit: Visit, text: str) -> None:
    (line,) = await visit.doors.opened.store.desk.conversations()
    await visit.doors.opened.store.conversations.say(line.id, Author.AGENT, Content(text=text))
    visit.doors.opened.live.changed(line.id)
    await expect(visit.page.locator("#chat-log .bubble").last).to_have_text(text)


async def _sounded(page: Page, times: int, other: Page | None = None) -> None:
    """Wait until so many sounds were begun in all windows."""
    heard: list[bool] = []
    for _ in range(200):
        heard = [each for one in (page, other) if one for each in await one.evaluate(SOUNDS)]
        if sum(heard) == times:
            assert len(heard) == times
            return
        await page.wait_for_timeout(25)
    raise AssertionError(heard)


async def test_an_answer_sounds_once_the_visitor_wants_it_and_looks_elsewhere(shop: Shop) -> None:
    """Off by itself; made in the browser, so that no policy is in its way; in one window of several."""
    async with shop.visited(policy=STRICT, script=HEARS) as visit:
        page = visit.page
        await visit.open(SHOP)
        await visit.say("hello")
        await visit.expect_said("hello", "You said <hello>")
        await page.evaluate("window.isHidden = true")
        await _says(visit, "Kim here.")
        assert await page.evaluate("window.sounds") is None
        await page.get_by_role("button", name="Options").click()
        await page.get_by_role("button", name="Turn sound on").click()
        await _sounded(page, 1)
        while await page.evaluate(SOUNDING):  # what comes within the time of a sound has none of its own
            await page.wait_for_timeout(25)
        other = await visit.context.new_page()
        await other.goto(SHOP)
        await other.locator(LAUNCHER).click()
        await expect(other.locator("#chat-log .bubble")).to_have_count(3)
        await other.keyboard.press("Escape")
        await _says(visit, "Are you there?")
        await expect(other.locator(LAUNCHER)).to_have_accessible_name("Open chat, 1 new message")
        await _sounded(page, 2, other)
        assert visit.complaints == []


async def test_where_the_browser_wants_a_click_first_there_is_no_sound_and_no_complaint(shop: Shop) -> None:
    """After a reload nobody has touched the page yet: the badge tells of the answer."""
    kept = 'localStorage["relevo:default:more"] ??= JSON.stringify({ sound: true });'
    async with shop.visited(script=HEARS + kept) as visit:
        await visit.open(SHOP)
        await visit.say("hello")
        await visit.expect_said("hello", "You said <hello>")
        await visit.page.wait_for_function("JSON.parse(localStorage['relevo:default:more']).seen >= 2")
        await visit.context.add_init_script(UNTOUCHED)
        warned: list[str] = []
        visit.page.on("console", lambda line: warned.append(line.text))
        await visit.page.reload()
        await expect(visit.page.locator("relevo-chat [role=status]")).to_have_count(1)
        (line,) = await shop.doors.opened.store.desk.conversations()
        await shop.doors.opened.store.conversations.say(line.id, Author.AGENT, Content(text="Kim here."))
        shop.doors.opened.live.changed(line.id)
        await expect(visit.page.get_by_role("button", name="Open chat, 1 new message")).to_be_visible()
        assert await visit.page.evaluate("window.sounds") is None
        assert warned == []
