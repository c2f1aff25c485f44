"""Aurora's chat and the desk in a real browser: what people do there works, survives, and fits every screen."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Route, async_playwright, expect

from relevo.contracts.brain import Question
from relevo.domain.messages import Author, Button, Content
from relevo.testing.scripted import Script
from relevo.web.passwords import hash_password
from relevo.web.settings import WebSettings
from tests.integration.doors import Doors, open_doors

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


def _script(question: Question) -> Content:
    if question.text == "/affirm":
        return Content(text=f"Obeyed: {question.is_issued_payload}")
    return Content(text=f"You said <{question.text}>", buttons=(Button(title="Yes", payload="/affirm"),))


@dataclass(kw_only=True)
class Visit:
    """A browser window on real doors, and everything that it complained about."""

    doors: Doors
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, line: ConsoleMessage) -> None:
        """Note what the browser reports as an error, violations of the policy among it."""
        if line.type == "error":
            self.complaints.append(line.text)

    async def say(self, text: str) -> None:
        """Write into the chat and press Enter."""
        await self.page.locator("#chat-text").fill(text)
        await self.page.locator("#chat-text").press("Enter")

    async def expect_said(self, *texts: str) -> None:
        """Demand that the chat shows exactly these bubbles."""
        await expect(self.page.locator("#chat-log .bubble")).to_have_text(list(texts))


@asynccontextmanager
async def visit_of(
    database: str, script: Script = _script, *, width: int = 1280, dark: bool = False, language: str = "en-GB"
) -> AsyncIterator[Visit]:
    """Open a browser on the demonstration's page, with a bot that speaks by a script."""
    settings = WebSettings(heartbeat_seconds=1)
    async with (
        open_doors(database, script, settings=settings, is_demo=True) as doors,
        async_playwright() as playwright,
    ):
        browser: Browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(
            base_url=doors.url,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            locale=language,
        )
        visit = Visit(doors=doors, context=context, page=await context.new_page())
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("console", visit.hear)
        yield visit
        await browser.close()


async def test_a_visitor_talks_and_chooses(database: str) -> None:
    """A sentence gets its answer, a button is sent as what it says, and text is text: no policy is violated."""
    async with visit_of(database) as visit:
        await visit.page.goto("/")
        await visit.say("hello <b>")
        await visit.expect_said("hello <b>", "You said <hello <b>>")
        await visit.page.get_by_role("button", name="Yes").click()
        await visit.expect_said("hello <b>", "You said <hello <b>>", "Yes", "Obeyed: True")
        await expect(visit.page.get_by_role("button", name="Yes")).to_be_disabled()
        assert visit.complaints == []


async def test_an_address_that_the_bot_says_is_a_link_and_what_a_visitor_writes_is_text(database: str) -> None:
    """Whole, without the full stop after it, opened beside the chat; nothing but http and https."""
    async with visit_of(database) as visit:
        await visit.page.goto("/")
        await visit.say("https://a.example/x?y=1. javascript:alert(1)")
        links = visit.page.locator("#chat-log a")
        await expect(links).to_have_count(1)
        await expect(visit.page.locator("#chat-log .bot a")).to_have_text("https://a.example/x?y=1")
        assert await links.get_attribute("href") == "https://a.example/x?y=1"
        assert await links.get_attribute("rel") == "noopener noreferrer"
        assert visit.complaints == []


async def test_a_suggestion_is_said_with_one_click(database: str) -> None:
    """The sentences on the page are real messages in the page's language."""
    async with visit_of(database, language="es-ES") as visit:
        await visit.page.goto("/")
        await visit.page.get_by_role("button", name="AU48207315").click()
        await expect(visit.page.locator("#chat-log .bubble").first).to_contain_text("Me faltan los puntos de Dubái")
        await expect(visit.page.locator("#chat-log .bubble")).to_have_count(2)
        assert visit.doors.brain.asked[0].conversation.language == "es"


async def test_a_reload_keeps_everything_and_repeats_nothing(database: str) -> None:
    """History comes from the server, shown once, buttons by their titles."""
    async with visit_of(database) as visit:
        await visit.page.goto("/")
        await visit.say("hello")
        await visit.page.get_by_role("button", name="Yes").click()
        said = ("hello", "You said <hello>", "Yes", "Obeyed: True")
        await visit.expect_said(*said)
        await visit.page.reload()
        await visit.expect_said(*said)
        assert len(visit.doors.brain.asked) == 2


async def test_before_the_first_word_nothing_is_stored_or_asked(database: str) -> None:
    """Looking at the page leaves no trace: no storage, no cookie, no session."""
    async with visit_of(database) as visit:
        requests: list[str] = []
        visit.page.on("request", lambda request: requests.append(request.url))
        await visit.page.goto("/")
        await visit.page.wait_for_load_state("networkidle")
        assert await visit.page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
        assert [url for url in requests if "/widget/" in url] == []
        assert all(url.startswith((visit.doors.url, "data:")) for url in requests)


async def test_what_is_written_offline_is_kept_and_sent_once(database: str) -> None:
    """Without a connection the page says so, keeps the words over a reload, and sends them when it is back."""
    async with visit_of(database) as visit:
        await visit.page.goto("/")
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        await visit.page.route("**/widget/**", lambda route: route.abort())
        await visit.say("two")
        await expect(visit.page.locator("#chat-offline")).to_be_visible()
        await expect(visit.page.locator("#chat-log .note").last).to_have_text("Waits for the connection")
        await visit.page.reload()
        await visit.expect_said("two")
        await visit.page.unroute("**/widget/**")
        await visit.page.evaluate("dispatchEvent(new Event('online'))")
        await visit.expect_said("one", "You said <one>", "two", "You said <two>")
        await expect(visit.page.locator("#chat-offline")).to_be_hidden()
        assert [question.text for question in visit.doors.brain.asked] == ["one", "two"]


async def test_a_lost_acknowledgement_sends_no_second_copy(database: str) -> None:
    """When the message arrived and only the answer to it was lost, trying again changes nothing."""
    async with visit_of(database) as visit:
        await visit.page.goto("/")
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
        await visit.page.goto("/")
        await visit.say("hello")
        await expect(visit.page.locator("#chat-typing")).to_be_visible()
        await visit.page.clock.run_for(15_000)
        await visit.page.clock.resume()
        await visit.expect_said("hello", "You said <hello>")


async def test_a_session_that_ended_begins_anew(database: str) -> None:
    """A token that the server no longer knows costs the visitor no word."""
    async with visit_of(database) as visit:
        await visit.page.goto("/")
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        await visit.doors.opened.database.run("DELETE FROM visits")
        await visit.say("two")
        await visit.expect_said("two", "You said <two>")


async def test_two_windows_of_one_visitor_show_the_same(database: str) -> None:
    """What is said in one window appears in the other."""
    async with visit_of(database) as visit:
        await visit.page.goto("/")
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        other = await visit.context.new_page()
        await other.goto("/")
        await expect(other.locator("#chat-log .bubble")).to_have_text(["one", "You said <one>"])
        await other.locator("#chat-text").fill("two")
        await other.locator("#chat-text").press("Enter")
        await visit.expect_said("one", "You said <one>", "two", "You said <two>")


async def test_what_an_agent_says_appears_as_a_persons(database: str) -> None:
    """A person's words come by themselves and are announced as a person's."""
    async with visit_of(database) as visit:
        await visit.page.goto("/")
        await visit.say("one")
        await visit.expect_said("one", "You said <one>")
        (line,) = await visit.doors.opened.store.desk.conversations()
        await visit.doors.opened.store.conversations.say(line.id, Author.AGENT, Content(text="Kim here."))
        visit.doors.opened.live.changed(line.id)
        await expect(visit.page.locator("#chat-log .agent")).to_contain_text("Aurora agent: Kim here.")


async def test_everything_is_reached_by_keyboard(database: str) -> None:
    """Skip link, languages, suggestions, composer and send button, in this order, each with a visible focus."""
    async with visit_of(database) as visit:
        await visit.page.goto("/")
        reached: list[str] = []
        for _ in range(14):
            await visit.page.keyboard.press("Tab")
            name, outline = await visit.page.evaluate(
                "(() => { const e = document.activeElement; const s = getComputedStyle(e);"
                " return [e.id || e.getAttribute('aria-label') || e.textContent.trim().slice(0, 12),"
                " s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2]; })()"
            )
            assert outline, f"no visible focus on {name}"
            reached.append(name)
            if name == "Send":
                break
        assert reached[0].startswith("Skip")
        assert reached.index("EN") < reached.index("chat-restart") < reached.index("chat-text") < reached.index("Send")
        log = visit.page.locator("#chat-log")
        assert await log.get_attribute("role") == "log"


@pytest.mark.parametrize("width", [320, 768, 1920])
async def test_every_page_fits_every_screen(database: str, width: int) -> None:
    """No page scrolls sideways, light or dark, with words longer than the screen."""
    async with visit_of(database, width=width, dark=width == 768) as visit:
        await visit.page.goto("/")
        await visit.say("W" * 300)
        await expect(visit.page.locator("#chat-log .bubble")).to_have_count(2)
        (line,) = await visit.doors.opened.store.desk.conversations()
        await sign_in_to_desk(visit)
        for path in ("/", "/desk", f"/desk/conversations/{line.id}"):
            await visit.page.goto(path)
            overflow = await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, path


async def test_the_desk_refreshes_by_itself(database: str) -> None:
    """A conversation that an agent looks at grows before their eyes, and nothing violates the pages' policy."""
    async with visit_of(database) as visit:
        await visit.doors.texts("amina", "hello")
        await sign_in_to_desk(visit)
        await visit.page.get_by_role("link", name="amina").click()
        await expect(visit.page.locator(".timeline .bubble")).to_have_count(2)
        await visit.doors.texts("amina", "/affirm")
        await expect(visit.page.locator(".timeline .contact .bubble").last).to_have_text("Yes", timeout=10_000)
        assert visit.complaints == []


async def test_the_desk_shows_what_came_before_it_could_listen(database: str) -> None:
    """Between a page and its stream something may change; it is shown as soon as the stream is there."""
    async with visit_of(database) as visit:
        await visit.doors.texts("amina", "hello")
        await sign_in_to_desk(visit)
        held: asyncio.Queue[Route] = asyncio.Queue()
        await visit.page.route("**/desk/api/changes", held.put_nowait)
        await visit.page.get_by_role("link", name="amina").click()
        stream = await asyncio.wait_for(held.get(), 20)
        while "/desk/conversations/" not in stream.request.headers.get("referer", ""):
            stream = await asyncio.wait_for(held.get(), 20)  # that was the list's, which is gone
        await expect(visit.page.locator(".timeline .bubble")).to_have_count(2)
        await visit.doors.texts("amina", "/affirm")
        await stream.continue_()
        await expect(visit.page.locator(".timeline .contact .bubble").last).to_have_text("Yes", timeout=5_000)


async def sign_in_to_desk(visit: Visit) -> None:
    """Sign in as an agent."""
    await visit.doors.opened.store.accounts.add_agent(
        "kim@aurora.example", "Kim Doe", "agent", hash_password("let me in")
    )
    await visit.page.goto("/desk")
    await visit.page.get_by_label("E-mail").fill("kim@aurora.example")
    await visit.page.get_by_label("Password").fill("let me in")
    await visit.page.get_by_role("button", name="Sign in").click()
    await expect(visit.page.get_by_role("heading", name="Conversations")).to_be_visible()
