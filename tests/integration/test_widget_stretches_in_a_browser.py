"""The widget from the first question to the last: asked before, rated, ended, kept, and begun again where it must."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from relevo.domain.messages import Author, Content
from relevo.domain.sites import Consent, PrechatField, Site, Sites
from tests.integration.visiting import asks_how_it_was
from tests.integration.visits import CHROMIUM, Visit, visit_of
from tests.visitor_page import LAUNCHER

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
ASKS = Sites(
    named=(
        Site(
            name="default",
            languages=("en",),
            default_language="en",
            prechat=(PrechatField(name="email", label={"en": "E-mail"}, type="email", is_required=True),),
            consent=Consent(text={"en": "You keep what I say."}, url="https://shop.example/privacy"),
        ),
    )
)


async def _asks_how_it_was(visit: Visit) -> None:
    (line,) = await visit.doors.opened.store.desk.conversations()
    await asks_how_it_was(visit.doors, await visit.doors.opened.store.conversations.get(line.id))
    visit.doors.opened.live.changed(line.id)


async def _menu(page: Page, entry: str) -> None:
    await page.get_by_role("button", name="Options").click()
    await page.get_by_role("button", name=entry).click()


async def test_what_the_site_asks_before_is_checked_kept_and_never_asked_again(database: str) -> None:
    """A missing answer and a missing consent are said beside their fields; a reload keeps the chat open to write."""
    async with visit_of(database, sites=ASKS) as visit:
        page = visit.page
        await page.goto("/")
        await page.locator(LAUNCHER).click()
        await page.get_by_label("E-mail").fill("oliver at example")
        await page.get_by_role("button", name="Start chat").click()
        await expect(page.get_by_text("Please write an e-mail address")).to_be_visible()
        await expect(page.get_by_text("Please fill this in.")).to_be_visible()
        await page.get_by_label("E-mail").fill("oliver@example.com")
        await page.get_by_label("You keep what I say.").check()
        await page.get_by_role("button", name="Start chat").click()
        await visit.say("hello")
        await visit.expect_said("hello", "You said <hello>")
        await visit.open()
        await visit.expect_said("hello", "You said <hello>")
        assert visit.complaints == []


async def test_a_chat_is_rated_kept_as_a_file_ended_and_begun_anew(database: str) -> None:
    """Four stars and a word by keyboard and mouse; the file has what was said; what comes after the end is new."""
    async with visit_of(database) as visit:
        page = visit.page
        await visit.open()
        await visit.say("hello")
        await visit.expect_said("hello", "You said <hello>")
        await _asks_how_it_was(visit)
        await page.get_by_role("radio", name="4 stars of 5").check(force=True)
        await page.get_by_label("Would you like to add something?").fill("quick <b>")
        await page.get_by_role("button", name="Send rating").click()
        await visit.doors.until("SELECT count(*) = 1 FROM csat WHERE score = 4 AND comment = 'quick <b>'")
        async with page.expect_download() as coming:
            await _menu(page, "Save the conversation")
        assert "You said <hello>" in (await (await coming.value).path()).read_text(encoding="utf-8")
        await _menu(page, "End the conversation")
        await expect(page.get_by_text("This conversation has ended.")).to_be_visible()
        await _menu(page, "Start a new conversation")
        await expect(page.locator("#chat-log .bubble.contact, #chat-log .contact")).to_have_count(0)
        await visit.say("again")
        await expect(page.locator("#chat-log")).to_contain_text("You said <again>")
        assert len({question.conversation.id for question in visit.doors.brain.asked}) == 2


async def test_a_token_that_ends_in_the_middle_of_a_sentence_keeps_the_sentence(database: str) -> None:
    """What stands in the box stays, is sent with Enter, and is answered."""
    async with visit_of(database) as visit:
        await visit.open()
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        box = visit.page.locator("#chat-text")
        await box.press_sequentially("half a sen")
        await visit.doors.opened.database.run("DELETE FROM visits")
        await box.press_sequentially("tence")
        await expect(box).to_have_value("half a sentence")
        await box.press("Enter")
        await expect(visit.page.locator("#chat-log")).to_contain_text("You said <half a sentence>")


async def test_ten_minutes_without_a_connection_miss_nothing(database: str) -> None:
    """The clock of the page goes ten minutes on; what was said meanwhile on either side stands there in order."""
    async with visit_of(database) as visit:
        await visit.page.clock.install()
        await visit.open()
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        await visit.context.set_offline(True)
        await visit.say("two")
        (line,) = await visit.doors.opened.store.desk.conversations()
        await visit.doors.opened.store.conversations.say(line.id, Author.AGENT, Content(text="Kim here."))
        await visit.page.clock.fast_forward(600_000)
        await expect(visit.page.locator("#chat-offline")).to_be_visible()
        await visit.context.set_offline(False)
        await visit.page.clock.fast_forward(60_000)
        await visit.page.clock.resume()
        await visit.expect_said("one", "You said <one>", "Kim here.", "two", "You said <two>")
