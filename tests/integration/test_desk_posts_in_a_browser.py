"""The room of public posts in a real browser: by keyboard, wide and narrow, light and dark, and nothing for axe."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.integration.accessibility import look
from tests.integration.desks import SARA
from tests.integration.doors import open_doors
from tests.integration.posted import named, post, square
from tests.integration.test_desk_in_a_browser import CHROMIUM, Office
from tests.integration.test_desk_posts import X

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    """An office to which a storm of posts has come, and one that travels far."""
    async with open_doors(database, x=X) as doors, async_playwright() as playwright:
        await doors.opened.database.run(
            "INSERT INTO contacts (business_ref, display_name) VALUES ('C4', 'Priya Anand')"
        )
        plaza = square(doors.opened, storm_posts=3)
        far = post(impressions=302_000, created_at=datetime.now(timezone.utc) - timedelta(hours=5, minutes=2))
        await plaza.sees(named(far, "Priya Anand"))
        await plaza.posts()
        for author in range(4):
            await plaza.sees(post("@AuroraAir flight AU0417 is delayed again", str(author), is_summoning=author > 0))
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield Office(doors=doors, browser=browser)
        await browser.close()


async def test_posts_are_answered_by_keyboard_and_axe_finds_nothing(office: Office) -> None:
    """The letters that are left are told while one writes; no page is wider than a phone."""
    found: dict[str, list[str]] = {}
    seat = await office.seat("Sara Molina", SARA)
    await office.doors.opened.database.run("UPDATE agents SET role = 'supervisor'")
    page = seat.page
    await seat.open("/desk/posts?show=all")
    await page.evaluate("for (const box of document.querySelectorAll('details')) box.open = true")
    await looked_at(page, 1366, "light", found)
    await looked_at(page, 360, "dark", found)
    await seat.open("/desk/posts")
    await page.locator("#posts summary").first.press("Enter")
    box = page.locator("#posts textarea").first
    await box.press_sequentially("Lo sentimos ✈ https://x.com/aurora")
    await expect(page.locator("#posts output").first).to_have_text("242")
    await page.locator("#posts button[value=answer]").first.press("Enter")
    await expect(page.locator("#posts section")).to_have_count(2)
    assert found == {}
    assert seat.complaints == []


async def looked_at(page: Page, width: int, scheme: Literal["light", "dark"], found: dict[str, list[str]]) -> None:
    """Look at a page in a size and colour; with RELEVO_SCREENSHOTS a picture is kept in that folder."""
    await page.set_viewport_size({"width": width, "height": 820})
    await page.emulate_media(color_scheme=scheme)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    await look(page, f"{width} {scheme}", found)
    if folder := os.environ.get("RELEVO_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"posts-{width}-{scheme}.png", full_page=True)
