"""Searching in a real browser: with the keyboard alone, without any script, on a narrow screen."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from relevo.domain.messages import Author
from tests.integration.desks import PASSWORD, desk_of
from tests.integration.doors import open_doors
from tests.integration.searching import Archive

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@pytest.fixture
async def archive(database: str) -> AsyncIterator[Archive]:
    """Nothing written yet."""
    async with open_doors(database, has_bot=False) as doors, desk_of(doors) as desk:
        yield Archive(desk=desk)


@asynccontextmanager
async def window(archive: Archive, **settings: Any) -> AsyncIterator[Page]:
    """A browser window in which the agent is signed in."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = await browser.new_context(base_url=archive.desk.doors.url, locale="en-GB", **settings)
        page = await context.new_page()
        await page.goto("/desk/login")
        await page.locator("[name=email]").fill(archive.desk.agent.email)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.locator("main button").click()
        await expect(page.locator("#cases")).to_be_visible()
        yield page
        await browser.close()


async def talked(archive: Archive) -> None:
    """Have somebody write about an oboe, and much be said since."""
    conversation = await archive.wrote("where is my oboe")
    for number in range(60):
        await archive.writes(conversation, f"line {number}", Author.BOT)


async def test_the_keyboard_is_enough_and_a_hit_is_in_view(archive: Archive) -> None:
    """Typed, sent by Enter, opened; the list beside it stays fresh, and what was found does not move meanwhile."""
    await talked(archive)
    async with window(archive) as page:
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        await page.get_by_role("searchbox", name="Search").fill("OBOE")
        await page.keyboard.press("Enter")
        await expect(page.locator("mark")).to_have_text("oboe")
        await archive.writes(await archive.somebody(), "an oboe came in")
        await archive.database.run("INSERT INTO cases (id, type, trigger) VALUES ('CASE-1', 'oboe', 'user_request')")
        archive.desk.doors.opened.live.changed(None)
        await expect(page.locator("#cases .lines")).to_contain_text("CASE-1")
        await expect(page.locator("mark")).to_have_text("oboe")
        await page.locator(".hits a").focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("#at-2$"))
        await expect(page.locator("#at-2")).to_be_in_viewport()
        assert complaints == []


@pytest.mark.parametrize("width", [320, 1280])
async def test_it_works_without_any_script(archive: Archive, width: int) -> None:
    """Field, results and the way to the message; nothing is wider than the screen."""
    await talked(archive)
    async with window(archive, java_script_enabled=False, viewport={"width": width, "height": 700}) as page:
        await page.get_by_role("searchbox", name="Search").fill("oboe")
        await page.get_by_role("button", name="Search").click()
        box = await page.locator(".hits a").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        await page.locator(".hits a").click()
        await expect(page.locator("#at-2")).to_be_in_viewport()
