"""The desk in a real browser: agents take, answer, approve and hand back, and lose nothing of what they type."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Route, async_playwright, expect

from relevo.contracts.accounts import AgentPowers
from relevo.domain.conversations import Control
from relevo.domain.effects import Decision
from relevo.web.passwords import hash_password
from tests.integration.desks import PASSWORD, Request, spoken
from tests.integration.doors import Doors, open_doors

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]

SARA = AgentPowers(limits={"money": 20_000})
UNNAMED = """
[...document.querySelectorAll("input:not([type=hidden]), textarea, select, button, a")]
  .filter((e) => !(e.labels?.length || e.getAttribute("aria-label") || e.textContent.trim()))
  .map((e) => e.outerHTML)
"""


@dataclass(kw_only=True)
class Window:
    """One agent's browser window, and everything that it complained about."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, line: ConsoleMessage) -> None:
        """Note what the browser reports as an error; a refusal's status is one of its lines too."""
        if line.type == "error" and "status of 409" not in line.text:
            self.complaints.append(line.text)

    async def open(self, path: str) -> None:
        """Open a page of the desk."""
        await self.page.goto(path)

    async def opens_the_case(self) -> None:
        """Open the first case of the list."""
        await self.open("/desk")
        await self.page.locator("#cases .lines a").first.click()
        await expect(self.page.locator("#case")).to_be_visible()


@dataclass(kw_only=True)
class Office:
    """Real doors and a browser."""

    doors: Doors
    browser: Browser

    async def seat(
        self, name: str = "Sara Molina", powers: AgentPowers = SARA, *, width: int = 1366, **settings: Any
    ) -> Window:
        """Give an agent a window in which they are signed in."""
        email = f"{name.split(maxsplit=1)[0].lower()}@aurora.example"
        await self.doors.opened.store.accounts.add_agent(email, name, "agent", hash_password(PASSWORD), powers)
        view: dict[str, Any] = {"locale": "en-GB", **settings}
        context = await self.browser.new_context(
            base_url=self.doors.url, viewport={"width": width, "height": 820}, **view
        )
        window = Window(context=context, page=await context.new_page())
        window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
        window.page.on("console", window.hear)
        await sign_in(window.page, email)
        return window


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    """An office whose bot prepares refunds and asks for people."""
    async with _office(database) as opened:
        yield opened


@asynccontextmanager
async def _office(database: str) -> AsyncIterator[Office]:
    async with open_doors(database, Request()) as doors, async_playwright() as playwright:
        doors.policies.decision = Decision.NEEDS_APPROVAL
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield Office(doors=doors, browser=browser)
        await browser.close()


async def sign_in(page: Page, email: str) -> None:
    """Sign in on the page that asks for it."""
    await page.goto("/desk")
    await page.locator("[name=email]").fill(email)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("main button").click()
    await expect(page.locator("#cases")).to_be_visible()


async def test_an_agent_takes_over_answers_notes_and_hands_back(office: Office) -> None:
    """The whole stretch, by mouse and keyboard, without reloading and without violating the pages' policy."""
    sara = await office.seat()
    await expect(sara.page.get_by_role("switch", name="Available")).to_be_checked()
    await office.doors.until("SELECT seen_at IS NOT NULL FROM agents")
    await office.doors.texts("amina", "a person please")
    await sara.opens_the_case()
    await sara.page.get_by_role("button", name="Take over").click()
    await sara.page.get_by_label("Reply to the customer").fill("Hello, Sara here.")
    await sara.page.get_by_label("Reply to the customer").press("Control+Enter")
    await expect(sara.page.locator(".timeline .agent .bubble")).to_have_text("Hello, Sara here.")
    await expect(sara.page.get_by_label("Reply to the customer")).to_have_value("")
    await expect(sara.page.get_by_label("Reply to the customer")).to_be_focused()
    await sara.page.get_by_text("Private note").click()
    await sara.page.get_by_label("Note", exact=True).fill("Calm by now.")
    await sara.page.get_by_role("button", name="Save note").click()
    await expect(sara.page.locator(".timeline .note .bubble")).to_have_text("Calm by now.")
    assert (await office.doors.texts("amina", "thank you"))[-1] == "Hello, Sara here."
    await expect(sara.page.locator(".timeline .contact .bubble").last).to_have_text("thank you")
    await sara.page.get_by_role("button", name="Hand back …").click()
    await sara.page.get_by_role("radio", name="Resolved").check()
    await sara.page.get_by_label("What the bot should tell the customer").fill("All is well.")
    await sara.page.get_by_text("What you learned").click()
    await sara.page.get_by_label("Flight").fill("AU3411")
    await sara.page.get_by_role("button", name="Hand back", exact=True).click()
    await expect(sara.page.locator("#holder")).to_contain_text("Bot")
    await expect(sara.page.locator(".event-handback")).to_contain_text("All is well.")
    (episode,) = await office.doors.opened.store.desk.episodes((await office.doors.conversation("rest", "amina")).id)
    assert episode.handback is not None
    assert episode.handback["slot_updates"] == {"flight": ["AU3411"]}
    assert sara.complaints == []


async def test_one_click_approves_what_was_shown(office: Office) -> None:
    """The amount stands on the button; afterwards the case is closed and the customer told."""
    sara = await office.seat()
    await office.doors.texts("amina", "refund my order")
    await sara.opens_the_case()
    await expect(sara.page.locator(".effect .amount")).to_have_text("€90.00")
    await sara.page.get_by_role("button", name="Approve €90.00").click()
    await expect(sara.page.locator(".decided .state-done")).to_be_visible()
    await expect(sara.page.locator("#case .status-resolved")).to_have_text("Approved")
    assert "message system: A person has approved it and it is done." in spoken(
        await office.doors.timeline("rest", "amina")
    )
    assert sara.complaints == []


async def test_who_may_not_approve_reads_why_and_may_decline(office: Office) -> None:
    """The button is there, not to be pressed, with the reason under it."""
    george = await office.seat("George Baines", AgentPowers())
    await office.seat()
    await office.doors.texts("amina", "refund my order")
    await george.opens_the_case()
    button = george.page.get_by_role("button", name="Approve €90.00")
    await expect(button).to_be_disabled()
    await expect(button).to_have_accessible_description("Beyond your limit. May approve: Sara Molina.")
    await expect(george.page.get_by_text("Change amount")).to_have_count(0)
    await george.page.get_by_text("Decline", exact=True).first.click()
    await george.page.get_by_label("Reason, as the customer will read it").fill("It was paid back")
    await george.page.get_by_role("button", name="Decline").click()
    await expect(george.page.locator(".decided .state-refused")).to_be_visible()
    await expect(george.page.locator(".timeline .system .bubble")).to_contain_text("It was paid back.")


async def test_of_two_agents_the_slower_one_sees_who_was_quicker(office: Office) -> None:
    """They press on a page that is a moment old, read the name, and their page is right again."""
    sara, george = await office.seat(), await office.seat("George Baines")
    await office.doors.texts("amina", "a person please")
    await sara.opens_the_case()
    await george.opens_the_case()
    await george.page.route("**/desk/cases/**", lambda route: route.abort())  # he has not heard yet
    await sara.page.get_by_role("button", name="Take over").click()
    await expect(sara.page.get_by_label("Reply to the customer")).to_be_visible()
    await george.page.unroute("**/desk/cases/**")
    await george.page.get_by_role("button", name="Take over").click()
    await expect(george.page.get_by_role("alert")).to_have_text(
        "Somebody was quicker: Sara Molina has this conversation now. Close"
    )
    await expect(george.page.locator("#composer")).to_contain_text("Sara Molina has this conversation.")
    assert all("ERR_FAILED" in line for line in george.complaints), george.complaints


async def test_what_is_being_typed_survives_everything(office: Office) -> None:
    """News, somebody else's turn, a reload, and a session that ends: the words are there, and so is the cursor."""
    sara = await office.seat()
    await office.doors.texts("amina", "a person please")
    await sara.opens_the_case()
    await sara.page.get_by_role("button", name="Take over").click()
    reply = sara.page.get_by_label("Reply to the customer")
    await reply.fill("I am looking into")
    await reply.press("Home")
    await office.doors.texts("amina", "are you there?")
    await expect(sara.page.locator(".timeline .contact .bubble").last).to_have_text("are you there?")
    await expect(reply).to_have_value("I am looking into")
    await expect(reply).to_be_focused()
    await reply.press_sequentially("Yes. ")
    await expect(reply).to_have_value("Yes. I am looking into")
    await sara.page.reload()
    await expect(reply).to_have_value("Yes. I am looking into")
    await _paste(sara, "x" * 100_000)
    await expect(sara.page.get_by_role("alert")).to_contain_text("the end of what you pasted is missing")
    await reply.fill("Yes. I am looking into")
    case = sara.page.url
    await reply.focus()
    await office.doors.opened.database.run("DELETE FROM agent_sessions")
    await sara.page.keyboard.press("Control+Enter")  # the page may have noticed by itself
    await expect(sara.page.locator("[name=password]")).to_be_visible()
    await sign_in(sara.page, "sara@aurora.example")
    await sara.page.goto(case)
    await expect(reply).to_have_value("Yes. I am looking into")
    assert (await office.doors.conversation("rest", "amina")).control is Control.AGENT


async def _paste(window: Window, text: str) -> None:
    await window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await window.page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    await window.page.get_by_label("Reply to the customer").press("Control+v")


async def test_without_a_connection_nothing_typed_is_lost_and_nothing_is_sent_twice(office: Office) -> None:
    """The page says so; the same words sent again when the first try did arrive are said once."""
    sara = await office.seat()
    await office.doors.texts("amina", "a person please")
    await sara.opens_the_case()
    await sara.page.get_by_role("button", name="Take over").click()
    reply = sara.page.get_by_label("Reply to the customer")
    await reply.fill("Once.")

    async def lose(route: object) -> None:
        await route.fetch()  # type: ignore[attr-defined]
        await route.abort()  # type: ignore[attr-defined]

    await sara.page.route("**/replies", lose)
    await sara.page.get_by_role("button", name="Send").click()
    await expect(sara.page.get_by_role("alert")).to_contain_text("what you wrote stays here")
    await expect(reply).to_have_value("Once.")
    await sara.page.unroute("**/replies")
    await sara.page.get_by_role("button", name="Send").click()
    await expect(reply).to_have_value("")
    assert spoken(await office.doors.timeline("rest", "amina")).count("message agent: Once.") == 1


async def test_away_is_one_switch(office: Office) -> None:
    """Nobody is online for the bot from then on, and the switch says so."""
    sara = await office.seat()
    await sara.page.get_by_role("switch", name="Available").click()
    await expect(sara.page.get_by_role("switch", name="Away")).not_to_be_checked()
    assert not await office.doors.opened.store.handoffs.colleagues(45)


async def test_everything_has_a_name_and_is_reached_by_keyboard(office: Office) -> None:
    """Every field, button and link says what it is; the way from the list to the answer box is Tab alone."""
    sara = await office.seat()
    await office.doors.texts("amina", "refund my order")
    await office.doors.texts("amina", "a person please")
    await sara.opens_the_case()
    await sara.page.get_by_role("button", name="Take over").click()
    await expect(sara.page.get_by_label("Reply to the customer")).to_be_visible()
    await sara.page.get_by_role("button", name="Hand back …").click()
    assert await sara.page.evaluate(UNNAMED) == []
    await sara.page.keyboard.press("Escape")
    await expect(sara.page.locator("dialog[open]")).to_have_count(0)
    await sara.page.locator("#cases .lines a").first.focus()
    for _ in range(12):
        await sara.page.keyboard.press("Tab")
        if await sara.page.evaluate("document.activeElement.id") == "reply-text":
            return
    raise AssertionError("the answer box is too far away")


@pytest.mark.parametrize(
    ("width", "language", "scheme"),
    [(390, "es-ES", "light"), (390, "en-GB", "dark"), (1024, "es-ES", "dark"), (1680, "en-GB", "light")],
)
async def test_the_desk_fits_every_screen(office: Office, width: int, language: str, scheme: str) -> None:
    """Nothing scrolls sideways, with words longer than the screen."""
    window = await office.seat(width=width, locale=language, color_scheme=scheme)
    await office.doors.texts("amina", f"refund {'W' * 300}")
    await office.doors.texts("amina", f"a person {'W' * 300}")
    for case in await office.doors.opened.store.desk.cases():
        search = f"/desk/search?q={'W' * 200}"
        for path in ("/desk", f"/desk/cases/{case.id}", f"/desk/conversations/{case.conversation_id}", search):
            await window.open(path)
            assert await window.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
            sideways = "[...document.querySelectorAll('.work *')].filter((e) => e.scrollWidth > e.clientWidth + 1"
            panes = f"{sideways} && getComputedStyle(e).overflowY === 'auto').map((e) => e.id || e.className)"
            assert await window.page.evaluate(panes) == [], path


async def test_an_agent_verifies_by_hand_who_writes(office: Office) -> None:
    """Only with the conversation in hand; a reference that nobody has is said to be, and stays to be mended."""
    office.doors.business.people["C001"] = {"name": "Amina Haddad"}
    await office.doors.texts("amina", "a person please")
    sara = await office.seat()
    await sara.opens_the_case()
    page = sara.page
    await expect(page.locator("#verify-box")).to_have_count(0)
    await page.locator("#take-over-button").click()
    await page.locator("#verify-box summary").click()
    await page.locator("#verify-ref").fill("C404")
    async with page.expect_response("**/verify"):
        await page.locator("#verify button").click()
    await expect(page.get_by_text("Nobody has this reference")).to_be_visible()
    await page.locator("#verify-ref").fill("C001")
    await page.locator("#verify button").click()
    await expect(page.locator("#contact")).to_contain_text("Amina Haddad")
    await expect(page.locator("#timeline .event-verification")).to_contain_text("Verified by hand")
    await expect(page.locator("#timeline .event-verification")).to_contain_text("Sara Molina")
    await expect(page.locator("#who")).to_contain_text("Amina Haddad")
    await expect(page.locator("#verify-box")).to_have_count(0)
    assert [line for line in sara.complaints if "404" not in line] == []


async def test_what_is_pressed_before_the_scripts_are_there_is_done_once_they_are(office: Office) -> None:
    """On a slow line the button is there first; the page is not left, and nothing has to be pressed again."""
    sara = await office.seat()
    await office.doors.until("SELECT seen_at IS NOT NULL FROM agents")
    await office.doors.texts("amina", "a person please")
    arrived = asyncio.Event()

    async def later(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    conversation = await office.doors.conversation("rest", "amina")
    await sara.page.route("**/static/desk/desk.js", later)
    await sara.page.goto(f"/desk/conversations/{conversation.id}", wait_until="commit")
    await sara.page.locator("[data-opens=keys]").click(no_wait_after=True)
    await sara.page.locator("#keys [data-closes]").click(no_wait_after=True)
    await sara.page.get_by_role("button", name="Take over").first.click(no_wait_after=True)
    arrived.set()
    await expect(sara.page.get_by_label("Reply to the customer")).to_be_visible()
    assert sara.page.url.endswith(str(conversation.id))
