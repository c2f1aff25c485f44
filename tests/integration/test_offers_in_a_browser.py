"""Offers in a real browser: the card comes by itself on any page, and the chat does not claim that the bot writes."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Page, async_playwright, expect

from relevo.flow.routing import Router
from relevo.web.passwords import hash_password
from tests.integration.accessibility import look
from tests.integration.desks import PASSWORD, Request
from tests.integration.doors import Doors, open_doors
from tests.integration.test_desk_in_a_browser import CHROMIUM, sign_in
from tests.visitor_page import LAUNCHER

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
WATCH_TYPING = """() => {
  window.typed = 0;
  const typing = document.querySelector("relevo-chat").shadowRoot.getElementById("chat-typing");
  new MutationObserver(() => { window.typed += !typing.hidden; }).observe(typing, { attributes: true });
}"""


async def test_an_offer_appears_by_itself_and_is_accepted_by_keyboard(database: str) -> None:
    """While the customer waits, the chat does not say that the bot is writing; the one who accepts is named there."""
    async with open_doors(database, Request(), is_demo=True) as doors, AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        noelia, chat = [await (await browser.new_context(base_url=doors.url, locale="en-GB")).new_page() for _ in "12"]
        await _supervisor(doors, noelia)
        found: dict[str, list[str]] = {}
        await noelia.goto("/desk/team")
        await expect(noelia.locator(".presence-online")).to_be_visible()

        await chat.goto("/?lang=en")
        await chat.locator(LAUNCHER).click()
        await _writes(chat, "a person please")
        await expect(chat.locator("#chat-log .message.bot")).to_have_count(1)
        await expect(chat.locator("#chat-typing")).to_be_hidden()
        await chat.evaluate(WATCH_TYPING)
        await _writes(chat, "are you there?")
        await expect(chat.locator("#chat-log .message.contact")).to_have_count(2)
        await doors.until("SELECT count(*) = 2 FROM inbox WHERE state = 'settled'")

        await Router(routing=doors.opened.store.routing, live=doors.opened.live, default_language="en").step()
        await expect(noelia.locator(".offer")).to_contain_text("a person please")
        await look(noelia, "team, with an offer", found)
        await noelia.get_by_role("button", name="Accept").press("Enter")
        await expect(noelia.locator("#reply")).to_be_visible()
        await expect(noelia.locator("#offers")).to_be_hidden()
        await expect(chat.locator("#chat-log .message.system")).to_contain_text("Noelia Prat is with you now")
        assert await chat.evaluate("window.typed") == 0
        await noelia.goto("/desk/queue")
        await look(noelia, "queue", found)
        assert found == {}
        await browser.close()


async def _writes(chat: Page, text: str) -> None:
    await chat.locator("#chat-text").fill(text)
    await chat.keyboard.press("Enter")


async def _supervisor(doors: Doors, page: Page) -> None:
    email = "noelia@aurora.example"
    await doors.opened.store.accounts.add_agent(email, "Noelia Prat", "supervisor", hash_password(PASSWORD))
    await sign_in(page, email)
