"""The list of cases in a real browser: the keyboard, many cases at once, and ten thousand of them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.integration.desks import PASSWORD, Request, desk_of
from tests.integration.doors import Doors, open_doors

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
_MANY = """
INSERT INTO cases (id, type, trigger, due_at, goal)
SELECT 'CASE-' || n, 'refund', 'user_request', now() + n * interval '1 minute', 'goal ' || n
FROM generate_series(10001, 20000) n
"""
_SHOWN = "document.querySelectorAll('#cases [data-case]').length"
_ROWS = "[...document.querySelectorAll('#cases [data-case]')].map((row) => row.dataset.case)"


@pytest.fixture
async def seat(database: str) -> AsyncIterator[tuple[Doors, Page]]:
    """An agent's window, and what it complained about must be nothing."""
    complaints: list[str] = []
    async with open_doors(database, Request()) as doors, desk_of(doors) as kim, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context: Any = await browser.new_context(
            base_url=doors.url, locale="en-GB", viewport={"width": 1366, "height": 820}
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda line: complaints.append(f"{line.text} {line.location}") if line.type == "error" else None
        )
        await page.goto("/desk/login")
        await page.locator("[name=email]").fill(kim.agent.email)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.locator("main button").click()
        await expect(page.locator("#cases")).to_be_visible()
        yield doors, page
        await browser.close()
    assert complaints == []


async def test_the_keyboard_goes_through_the_list_and_many_cases_change_at_once(seat: tuple[Doors, Page]) -> None:
    """J, K and X; the selected ones are mine, tagged, and no longer selected; Enter opens; what was read is not new."""
    doors, page = seat
    await doors.texts("amina", "a person please")
    await doors.texts("bilal", "a person please")
    await doors.texts("chen", "a person please")
    await expect(page.locator("#cases [data-case]")).to_have_count(3)
    await expect(page.locator("#cases .unread")).to_have_count(3)
    for key in "jxjjxk":
        await page.keyboard.press(key)
    await expect(page.locator("#bulk-count")).to_have_text("2")
    await page.get_by_label("Give to").select_option("Me")
    await page.locator("#bulk-tag").fill("vip <b>")
    await page.get_by_role("button", name="Apply to the selected").click()
    await expect(page.locator("#list-views a", has_text="Mine")).to_contain_text("2")
    await expect(page.locator("#cases .badge", has_text="vip <b>")).to_have_count(2)
    await expect(page.locator("#bulk")).to_be_hidden()
    await page.keyboard.press("k")
    await page.locator("#cases [data-case] a").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#case")).to_be_visible()
    await expect(page.locator("#cases .unread")).to_have_count(2)
    await page.get_by_text("Snooze", exact=True).first.click()
    await page.locator("#snooze button").click()
    await expect(page.locator("#cases [data-case]")).to_have_count(2)
    await page.get_by_role("button", name="Bring it back now").click()
    await expect(page.locator("#cases [data-case]")).to_have_count(3)
    await page.locator("#assign-box summary").click()
    await page.locator("#assign-agent").select_option("Nobody")
    await page.locator("#assign button").click()
    await expect(page.locator("#list-views a", has_text="Mine")).to_contain_text("1")
    await _change_all_that_match(page, 3)


async def _change_all_that_match(page: Page, number: int) -> None:
    await page.locator("#cases [data-case] > input").first.check()
    await page.get_by_role("button", name="Select all that match").click()
    await page.locator("#bulk-tag").fill("storm")
    await page.get_by_role("button", name="Apply to the selected").click()
    await page.get_by_role("button", name=f"Yes, change {number} cases").click()
    await expect(page.locator("#cases .badge", has_text="storm")).to_have_count(number)


async def test_ten_thousand_cases_scroll_and_the_document_stays_small(seat: tuple[Doors, Page]) -> None:
    """Pages come as one scrolls, each case once and in order; those far away are not in the document."""
    doors, page = seat
    await doors.opened.database.run(_MANY)
    doors.opened.live.changed(None)
    await expect(page.locator("#cases [data-case]")).not_to_have_count(0)
    seen: list[str] = []
    for _ in range(60):
        seen += [row for row in await page.evaluate(_ROWS) if row not in seen]
        if len(seen) >= 500:
            break
        last = seen[-1]
        await page.evaluate(
            "document.querySelector('#cases').scrollTop = document.querySelector('#cases').scrollHeight"
        )
        await expect(page.locator("#cases [data-case]").last).not_to_have_attribute("data-case", last)
        assert await page.evaluate(_SHOWN) <= 400
    assert seen[:500] == [f"CASE-{n}" for n in range(10_001, 10_501)]
    await page.evaluate("document.querySelector('#cases').scrollTop = 0")
    await expect(page.locator("[data-case=CASE-10001]")).to_be_in_viewport()
    await doors.opened.database.run("UPDATE cases SET due_at = now() - interval '1 hour' WHERE id = 'CASE-20000'")
    doors.opened.live.changed(None)
    await expect(page.locator("#cases [data-case]").first).to_contain_text("CASE-20000")
    await expect(page.locator("[data-case=CASE-10001]")).to_have_count(1)
