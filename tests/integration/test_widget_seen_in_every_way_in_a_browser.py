"""The widget for eyes that need other colours, more contrast, no motion, large letters, or have a very large screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
from playwright.async_api import Locator, Page, expect

from relevo.contracts.brain import Question
from relevo.domain.messages import Author, Content
from tests.databases import Databases
from tests.integration.accessibility import look
from tests.integration.shops import SHOP, Shop, shop_of
from tests.integration.visiting import forget
from tests.integration.visits import CHROMIUM, Visit, repeat
from tests.visitor_page import LAUNCHER

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
FORM = {
    "kind": "form",
    "id": "claim",
    "title": "Your claim",
    "fields": [
        {"name": "day", "label": "Day", "type": "date"},
        {"name": "amount", "label": "Amount", "type": "amount", "currency": "EUR"},
        {"name": "how", "label": "How", "type": "choice", "options": [{"value": "a", "title": "Card"}]},
    ],
}
EDGED = ".frame, .bubble, .choices button, .field, .amount input, [type=date], .options label, .primary"
IS_EDGED = """each => each.filter(one => !(parseFloat(getComputedStyle(one).borderTopWidth) >= 1
  && getComputedStyle(one).borderTopStyle === "solid")).map(one => one.className || one.id)"""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SEEN = "field => getComputedStyle(field).color"
SCREENS = [(3840, 2160), (320, 640), (640, 512), (320, 256)]
MOST_FRAMES = 300
"""4k, the smallest phone, and a window of 1280 × 1024 at 200 % and at 400 %."""


def _script(question: Question) -> Content:
    return Content(text="Tell me more:", custom=FORM) if question.text == "form" else repeat(question)


@pytest.fixture(scope="module")
async def shop(databases: Databases, postgres: str) -> AsyncIterator[Shop]:
    """One browser on one server."""
    async with shop_of(databases, postgres, _script) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def _nobody_yet(shop: Shop) -> None:
    await forget(shop.doors)


async def _fills_a_form(visit: Visit) -> None:
    await visit.open(SHOP)
    await visit.say("hello")
    await expect(visit.page.get_by_role("button", name="Yes")).to_be_visible()
    await visit.say("form")
    await expect(visit.page.locator("form.form")).to_be_visible()


async def test_in_colours_of_the_system_everything_has_an_edge_and_a_focus(shop: Shop) -> None:
    """Where shades and backgrounds are taken away: bubbles, fields, buttons, the badge; axe is content."""
    found: dict[str, list[str]] = {}
    async with shop.visited(forced_colors="active", color_scheme="dark") as visit:
        page = visit.page
        await _fills_a_form(visit)
        assert await page.locator("relevo-chat").locator(EDGED).evaluate_all(IS_EDGED) == []
        await look(page, "forced colours", found, context="relevo-chat")
        await page.keyboard.press("Escape")
        await expect(page.locator(LAUNCHER)).to_be_focused()
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Tab")
        assert await page.locator(LAUNCHER).evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
        (line,) = await shop.doors.opened.store.desk.conversations()
        await shop.doors.opened.store.conversations.say(line.id, Author.AGENT, Content(text="Kim here."))
        shop.doors.opened.live.changed(line.id)
        badge = page.locator("relevo-chat .badge")
        await expect(badge).to_have_text("1")
        assert await badge.evaluate("badge => parseFloat(getComputedStyle(badge).borderTopWidth)") >= 1
    assert found == {}


async def test_with_more_contrast_nothing_is_pale_and_with_reduced_motion_nothing_moves(shop: Shop) -> None:
    """What is quiet otherwise has the colour of the text, light and dark; nothing in the panel moves."""
    async with shop.visited(reduced_motion="reduce", contrast="more") as visit:
        await visit.open(SHOP)
        await visit.say("hello")
        await visit.expect_said("hello", "You said <hello>")
        moving = (
            "document.getAnimations().length + document.querySelector('relevo-chat').shadowRoot.getAnimations().length"
        )
        assert await visit.page.evaluate(moving) == 0
        for scheme in SCHEMES:
            await visit.page.emulate_media(color_scheme=scheme)
            await expect(visit.page.locator(".frame")).to_have_attribute("data-theme", scheme)
            quiet = await visit.page.locator("#chat-log .when").last.evaluate(SEEN)
            assert quiet == await visit.page.locator(".frame").evaluate(SEEN)


async def _demand_on_screen(page: Page, one: Locator) -> None:
    """It is so once the page has followed its window's new size, which takes it a few frames."""
    for _ in range(MOST_FRAMES):
        if await _is_on_screen(page, one):
            return
        await page.evaluate("() => new Promise(requestAnimationFrame)")
    raise AssertionError((page.viewport_size, await one.bounding_box(), await one.inner_html()))


async def _is_on_screen(page: Page, one: Locator) -> bool:
    box, size = await one.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    right, bottom = box["x"] + box["width"], box["y"] + box["height"]
    return min(box["x"], box["y"], size["width"] - right, size["height"] - bottom) >= 0


async def test_on_every_screen_all_of_it_is_there(shop: Shop) -> None:
    """Panel, field and head are on it, the form is reached by scrolling down alone, and there is room to read."""
    async with shop.visited(reduced_motion="reduce") as visit:
        page = visit.page
        await _fills_a_form(visit)
        for width, height in SCREENS:
            await page.set_viewport_size({"width": width, "height": height})
            for one in (".frame", "#chat-text", ".send", "#chat-close", "#chat-scroll"):
                await _demand_on_screen(page, page.locator(one))
            log = page.locator("#chat-scroll")
            assert await log.evaluate("log => [log.clientHeight >= 120, log.scrollWidth - log.clientWidth]") == [
                True,
                0,
            ]
            await page.locator(".form .primary").scroll_into_view_if_needed()
            await _demand_on_screen(page, page.locator(".form .primary"))
