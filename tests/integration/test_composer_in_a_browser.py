"""The composer in a real browser, by keyboard: taken back, looked at before it is sent, completed, never lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from playwright.async_api import FilePayload, Locator, Page, expect

from relevo.contracts.composer import CannedText
from relevo.domain.service import Service
from relevo.flow.unsent import UnsentWatch
from tests.files import photo
from tests.integration.test_desk_in_a_browser import CHROMIUM, Office, Window, office, sign_in

__all__ = ["office"]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@asynccontextmanager
async def _sara_with_amina(office: Office, *, width: int = 1280) -> AsyncIterator[Window]:
    """Seat Sara with a conversation of her own; what she sends waits until the test lets time pass."""
    doors = office.doors
    doors.app.ctx.services = replace(doors.app.ctx.services, service=Service(undo_seconds=600))
    await doors.texts("amina", "a person please")
    sara = await office.seat(width=width)
    await sara.opens_the_case()
    await sara.page.wait_for_load_state()  # until then nobody listens to keys
    await sara.page.keyboard.press("t")
    await expect(_box(sara.page)).to_be_visible()
    yield sara
    assert sara.complaints == []


def _box(page: Page) -> Locator:
    return page.get_by_label("Reply to the customer")


async def _time_passes(office: Office) -> None:
    opened = office.doors.opened
    await opened.database.run("UPDATE unsent_replies SET due_at = now()")
    await UnsentWatch(unsent=opened.store.composer.unsent, live=opened.live).step()


async def test_a_reply_is_taken_back_looked_at_again_and_finished_elsewhere(office: Office) -> None:
    """Undone it is in the box again; what the customer wrote meanwhile stops it; the draft is on another machine."""
    async with _sara_with_amina(office) as sara:
        page = sara.page
        await page.keyboard.press("r")
        await page.keyboard.type("Your kettle is lost")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_text("Sara Molina is sending…")).to_be_visible()
        await expect(_box(page)).to_have_value("")
        await page.keyboard.press("Escape")
        await page.keyboard.press("u")
        await expect(_box(page)).to_have_value("Your kettle is lost")
        await expect(page.get_by_text("is sending…")).to_have_count(0)
        await office.doors.post("amina", "it has just come")
        await expect(page.get_by_text("1 new message since you began")).to_be_visible()
        await _box(page).press("Control+Enter")
        await expect(page.locator(".timeline .contact .bubble").last).to_have_text("it has just come")
        await expect(_box(page)).to_have_value("Your kettle is lost")
        await page.get_by_role("button", name="Look").click()
        await expect(_box(page)).to_be_focused()
        await _box(page).fill("Good that it came")
        await _sends_elsewhere(office, page.url, "Good that it came")
        await _time_passes(office)
        await expect(page.locator(".timeline .agent .bubble")).to_have_text("Good that it came")
        assert (await office.doors.texts("amina", "thanks"))[-1] == "Good that it came"


async def _sends_elsewhere(office: Office, address: str, text: str) -> None:
    """Have Sara find her draft on another machine, and send it there."""
    await office.doors.until(f"SELECT EXISTS (SELECT FROM drafts WHERE text = '{text}')")
    context = await office.browser.new_context(base_url=office.doors.url, locale="en-GB")
    page = await context.new_page()
    await sign_in(page, "sara@aurora.example")
    await page.goto(address)
    await expect(_box(page)).to_have_value(text)
    await _box(page).press("Control+Enter")
    await office.doors.until("SELECT NOT EXISTS (SELECT FROM drafts)")


async def test_ready_words_names_and_files_are_at_hand_on_a_phone_too(office: Office) -> None:
    """Completed by a code or an @; what is missing is named and not sent; files wait; colleagues see who is here."""
    async with _sara_with_amina(office, width=360) as sara:
        page, ready = sara.page, office.doors.opened.store.composer.ready
        text = CannedText(language="en", code="thanks", title="Thanks", text="Thanks, {{contact.name}}", agent_id=None)
        await ready.add_reply(1, text)
        await _box(page).press_sequentially("/tha")
        await expect(page.get_by_role("option", name="/thanks")).to_be_visible()
        await _box(page).press("Enter")
        await expect(_box(page)).to_have_value("Thanks, {{contact.name}}")
        await expect(page.locator("#missing")).to_contain_text("contact.name")
        await _box(page).press("Control+Enter")
        await expect(page.get_by_role("alert")).to_contain_text("is not known")
        await _box(page).fill("Thanks, Amina")
        kettle = FilePayload(name="kettle.png", mimeType="image/png", buffer=photo())
        await page.locator("#pick").set_input_files(kettle)
        await expect(page.locator("#tray progress")).to_have_count(0)
        await _box(page).press("Control+Enter")
        await expect(page.locator("#tray li")).to_have_count(0)
        await _time_passes(office)
        await expect(page.locator(".timeline .agent img")).to_be_visible()
        kim = await office.seat("Kim Doe")
        await kim.open(page.url)
        await expect(kim.page.locator("#lookers")).to_contain_text("Sara Molina")
        await _notes_by_keyboard(page)


async def _notes_by_keyboard(page: Page) -> None:
    """Complete a name in a note, leave it, and look at the list of keys."""
    await _box(page).press("Escape")
    await page.keyboard.press("n")
    await page.keyboard.type("@ki")
    await expect(page.locator("#completions").get_by_role("option", name="Kim Doe")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Note", exact=True)).to_have_value("@Kim Doe ")
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
