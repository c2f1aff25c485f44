"""What the widget fetches and when, in a real browser, and what a visitor is told where some of it does not come."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

import relevo.web
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
WIDGET = Path(relevo.web.__file__).parent / "static" / "widget"
BUDGET_BYTES = 26_000


@pytest.fixture(scope="module")
async def shop(databases: Databases, postgres: str) -> AsyncIterator[Shop]:
    """One browser on one server."""
    async with shop_of(databases, postgres) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def _nobody_yet(shop: Shop) -> None:
    await forget(shop.doors)


async def test_a_chat_opened_for_the_first_time_fetches_three_small_files(shop: Shop) -> None:
    """The button, the panel and a language; what a conversation needs comes by the visitor's first letter."""
    async with shop.visited() as visit:
        names: list[str] = []
        visit.page.on("response", lambda one: names.append(one.url.rpartition("/")[2]) if _is_ours(one.url) else None)
        await visit.open(SHOP)
        await visit.page.wait_for_load_state("networkidle")
        assert [re.sub(r"-.*", "", name) for name in names] == ["widget.js", "panel", "en"]
        assert sum((WIDGET / f"{name}.gz").stat().st_size for name in names) <= BUDGET_BYTES
        async with visit.page.expect_response("**/conversation-*.js"), visit.page.expect_response("**/more-en-*.js"):
            await visit.page.locator("#chat-text").press("h")


@pytest.mark.parametrize("lost", ["conversation", "more"])
async def test_a_first_word_is_sent_where_what_shows_it_does_not_come(shop: Shop, lost: str) -> None:
    """The visitor reads that something is missing and asks for it again; the message went out once meanwhile."""
    async with shop.visited() as visit:
        page = visit.page
        await page.route(f"**/{lost}-*.js", lambda route: route.abort())
        await visit.open(SHOP)
        await visit.say("hello")
        await expect(page.get_by_role("alert")).to_contain_text("The connection broke. Try again.")
        await page.unroute(f"**/{lost}-*.js")
        await page.get_by_role("alert").get_by_role("button", name="Try again").click()
        await visit.expect_said("hello", "You said <hello>")
        assert [question.text for question in shop.doors.brain.asked] == ["hello"]


async def test_a_menu_that_does_not_come_says_so_and_comes_with_the_connection(shop: Shop) -> None:
    """No button is dead: what was asked for appears by itself once the browser is online again."""
    async with shop.visited() as visit:
        page = visit.page
        await page.route("**/extras-*.js", lambda route: route.abort())
        await visit.open(SHOP)
        await page.get_by_role("button", name="Options").click()
        await expect(page.get_by_role("alert")).to_contain_text("The connection broke.")
        await page.unroute("**/extras-*.js")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await expect(page.get_by_role("button", name="Turn sound on")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="Options")).to_be_focused()
        await expect(page.locator(LAUNCHER)).to_have_attribute("aria-expanded", "true")


def _is_ours(url: str) -> bool:
    return "/widget/v1/" in url
