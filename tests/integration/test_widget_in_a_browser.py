"""The widget in a real browser: what a visitor says arrives once, and what is answered is shown, whatever happens."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from relevo.domain.messages import Author, Content
from relevo.domain.sites import Site, Sites
from tests.integration.visits import CHROMIUM, visit_of
from tests.visitor_page import LAUNCHER

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
AURORA = Sites(
    named=(
        Site(
            name="default",
            title="Aurora",
            languages=("es", "en"),
            suggestions=({"es": "Mi maleta no ha llegado", "en": "My bag has not arrived"},),
        ),
    )
)


async def test_a_visitor_talks_and_chooses(database: str) -> None:
    """A sentence gets its answer, a button is sent as what it says, and text is text: no policy is violated."""
    async with visit_of(database) as visit:
        await visit.open()
        await visit.say("hello <b>")
        await visit.expect_said("hello <b>", "You said <hello <b>>")
        await visit.page.get_by_role("button", name="Yes").click()
        await visit.expect_said("hello <b>", "You said <hello <b>>", "Yes", "Obeyed: True")
        await expect(visit.page.get_by_role("button", name="Yes")).to_have_count(0)
        assert visit.complaints == []


async def test_an_address_that_the_bot_says_is_a_link_and_what_a_visitor_writes_is_text(database: str) -> None:
    """Whole, without the full stop after it, opened beside the chat; nothing but http and https."""
    async with visit_of(database) as visit:
        await visit.open()
        await visit.say("https://a.example/x?y=1. javascript:alert(1)")
        links = visit.page.locator("#chat-log a")
        await expect(links).to_have_count(1)
        await expect(visit.page.locator("#chat-log .bot a")).to_have_text("https://a.example/x?y=1")
        assert await links.get_attribute("href") == "https://a.example/x?y=1"
        assert await links.get_attribute("rel") == "noopener noreferrer nofollow ugc"
        assert visit.complaints == []


async def test_a_suggestion_is_said_with_one_click(database: str) -> None:
    """The sentences on the page are real messages in the page's language."""
    async with visit_of(database, language="es-ES", sites=AURORA) as visit:
        await visit.open()
        await visit.page.get_by_role("button", name="Mi maleta no ha llegado").click()
        await expect(visit.page.locator("#chat-log .bubble").first).to_have_text("Mi maleta no ha llegado")
        await expect(visit.page.locator("#chat-log .bubble")).to_have_count(2)
        assert visit.doors.brain.asked[0].conversation.language == "es"


async def test_a_reload_keeps_everything_and_repeats_nothing(database: str) -> None:
    """History comes from the server, shown once, buttons by their titles."""
    async with visit_of(database) as visit:
        await visit.open()
        await visit.say("hello")
        await visit.page.get_by_role("button", name="Yes").click()
        said = ("hello", "You said <hello>", "Yes", "Obeyed: True")
        await visit.expect_said(*said)
        await visit.open()
        await visit.expect_said(*said)
        assert len(visit.doors.brain.asked) == 2


async def test_what_is_written_offline_is_kept_and_sent_once(database: str) -> None:
    """Without a connection the page says so, keeps the words over a reload, and sends them when it is back."""
    async with visit_of(database) as visit:
        await visit.open()
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        await visit.page.route("**/widget/api/**", lambda route: route.abort())
        await visit.say("two")
        await expect(visit.page.locator("#chat-offline")).to_be_visible()
        await expect(visit.page.locator("#chat-log .note").last).to_have_text("Waits for the connection")
        await visit.open()
        await visit.expect_said("two")
        await visit.page.unroute("**/widget/api/**")
        await visit.page.evaluate("dispatchEvent(new Event('online'))")
        await visit.expect_said("one", "You said <one>", "two", "You said <two>")
        await expect(visit.page.locator("#chat-offline")).to_be_hidden()
        assert [question.text for question in visit.doors.brain.asked] == ["one", "two"]


async def test_a_lost_acknowledgement_sends_no_second_copy(database: str) -> None:
    """When the message arrived and only the answer to it was lost, trying again changes nothing."""
    async with visit_of(database) as visit:
        await visit.open()
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        lost = []

        async def lose(route: object) -> None:
            await route.fetch()  # type: ignore[attr-defined]
            lost.append(route)
            await (route.continue_() if len(lost) > 1 else route.abort())  # type: ignore[attr-defined]

        await visit.page.route("**/messages", lose)
        await visit.say("two")
        await visit.expect_said("one", "You said <one>", "two", "You said <two>")
        assert [question.text for question in visit.doors.brain.asked] == ["one", "two"]


async def test_where_streams_do_not_pass_the_chat_polls(database: str) -> None:
    """A proxy that holds streams back costs nothing but comfort."""
    async with visit_of(database) as visit:
        await visit.page.route(re.compile(r"/events\?after=\d+$"), lambda route: None)  # never answered
        await visit.page.clock.install()
        await visit.open()
        await visit.say("hello")
        await expect(visit.page.locator("#chat-typing")).to_be_visible()
        await visit.page.clock.run_for(15_000)
        await visit.page.clock.resume()
        await visit.expect_said("hello", "You said <hello>")


async def test_a_session_that_ended_begins_anew(database: str) -> None:
    """A token that the server no longer knows costs the visitor no word."""
    async with visit_of(database) as visit:
        await visit.open()
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        await visit.doors.opened.database.run("DELETE FROM visits")
        await visit.say("two")
        await visit.expect_said("two", "You said <two>")


async def test_two_windows_of_one_visitor_show_the_same(database: str) -> None:
    """What is said in one window appears in the other."""
    async with visit_of(database) as visit:
        await visit.open()
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        other = await visit.context.new_page()
        await other.goto("/")
        await other.locator(LAUNCHER).click()
        await expect(other.locator("#chat-log .bubble")).to_have_text(["one", "You said <one>"])
        await other.locator("#chat-text").fill("two")
        await other.locator("#chat-text").press("Enter")
        await visit.expect_said("one", "You said <one>", "two", "You said <two>")


async def test_what_an_agent_says_appears_as_a_persons(database: str) -> None:
    """A person's words come by themselves and are announced as a person's."""
    async with visit_of(database) as visit:
        await visit.open()
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        (line,) = await visit.doors.opened.store.desk.conversations()
        await visit.doors.opened.store.conversations.say(line.id, Author.AGENT, Content(text="Kim here."))
        visit.doors.opened.live.changed(line.id)
        await expect(visit.page.locator("#chat-log .agent")).to_contain_text("Relevo agent: Kim here.")
