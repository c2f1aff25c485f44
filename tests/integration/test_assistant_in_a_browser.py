"""A model at the desk in a real browser: it fills the box, marks what it wrote, and never costs anybody a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.integration.accessibility import complaints_of
from tests.integration.model_server import ModelServer
from tests.integration.test_assistant import office
from tests.integration.test_desk_in_a_browser import CHROMIUM, sign_in

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
DRAFT = "Buenos días, lo miro ahora mismo."


async def test_an_agent_is_helped_and_keeps_the_last_word(database: str, tmp_path: Path) -> None:
    """Summary beside the template, translations under messages, a draft marked until it is changed; all of it text."""
    async with office(database, tmp_path) as (doors, desk, server), async_playwright() as playwright:
        await doors.texts("amina", "Buenos días, quiero hablar con una person, por favor")
        await doors.opened.database.run("UPDATE conversations SET language = 'es'")
        conversation = await desk.takes("amina")
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page(base_url=doors.url, locale="en-GB", viewport={"width": 1280, "height": 900})
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await sign_in(page, desk.agent.email)
        await page.goto(f"/desk/conversations/{conversation.id}")
        await _reads(page, server)
        assert await complaints_of(page) == []
        await _writes(page, server)
        await page.emulate_media(color_scheme="dark")
        await _reads(page, server)
        assert await complaints_of(page) == []
        await _fails(page, server)
        assert complaints == []
        said = [entry.content.text for entry in await doors.timeline("rest", "amina") if entry.author.value == "agent"]
        assert said == []
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".timeline .agent .bubble")).to_contain_text("My own words")
        await browser.close()


async def _reads(page: Page, server: ModelServer) -> None:
    server.is_well(
        lambda data: "Wants a person <img src=x onerror=alert(1)>" if "facts" in data else "Good <b>morning</b>"
    )
    await page.get_by_role("button", name="Translate into English").click()
    translation = page.locator(".contact .translation")
    await expect(translation).to_contain_text("Translated by tiny")
    await expect(translation).to_contain_text("Good <b>morning</b>")
    await translation.locator("summary").click()
    await page.reload()
    await expect(translation.locator("p")).to_be_hidden()  # turned back stays turned back
    await translation.locator("summary").click()
    await expect(translation.locator("p")).to_be_visible()
    await page.get_by_role("button", name="Summarise").click()
    summary = page.locator("#model-summary")
    await expect(summary).to_contain_text("By tinyWants a person <img src=x onerror=alert(1)>")
    await expect(page.locator("p.summary")).to_contain_text("Asked for a person.")  # the template stays
    assert await page.locator("#model-summary img, .translation b").count() == 0


async def _writes(page: Page, server: ModelServer) -> None:
    box, mark = page.get_by_label("Reply to the customer"), page.locator("#filled-by-model")
    server.is_well(lambda _data: DRAFT)
    await box.fill("Hello")
    await page.get_by_role("button", name="Suggest an answer").click()
    await expect(box).to_have_value(DRAFT)
    await expect(mark).to_have_text("Written by tiny. Read it before you send it.")
    await page.reload()
    await expect(box).to_have_value(DRAFT)
    await expect(mark).to_be_visible()
    await page.get_by_role("button", name="Back to my words").click()
    await expect(box).to_have_value("Hello")
    await expect(mark).to_be_hidden()
    await page.get_by_role("button", name="Translate mine into Spanish").click()
    await expect(box).to_have_value(DRAFT)
    await expect(mark).to_contain_text("Your words:Hello")
    await box.press_sequentially(" Sara")
    await expect(mark).to_be_hidden()  # these are the agent's words by now


async def _fails(page: Page, server: ModelServer) -> None:
    box = page.get_by_label("Reply to the customer")
    await box.fill("My own words")
    server.body = b"<html>Sign in to the proxy</html>"
    await page.get_by_role("button", name="Suggest an answer").click()
    await expect(page.locator("#toast")).to_contain_text("cannot be used. Ask again, or go on without it")
    await expect(box).to_have_value("My own words")
    await box.focus()
