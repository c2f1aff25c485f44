"""Two agents and a customer at once, each in a real browser: one wins, the other reads who, nobody misses a word."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from relevo.contracts.accounts import AgentPowers
from relevo.contracts.brain import Question
from relevo.domain.effects import Decision
from relevo.web.passwords import hash_password
from tests.integration.desks import PASSWORD, Request, spoken
from tests.integration.doors import Doors, open_doors
from tests.visitor_page import LAUNCHER, LOG, TEXT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
OFFLINE_SECONDS = float(os.environ.get("RELEVO_OFFLINE_SECONDS", "2"))
"""How long a desk is cut off; 30 shows what half a minute does, at that price."""


@dataclass(kw_only=True)
class HeldBot(Request):
    """A bot that prepares refunds and asks for people; over “slow” it thinks until it is told to speak."""

    thinks: asyncio.Event = field(default_factory=asyncio.Event)
    may_speak: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, question: Question) -> str:
        """Answer, when it may."""
        if "slow" in question.text:
            self.thinks.set()
            await self.may_speak.wait()
        return await super().__call__(question)


@dataclass(kw_only=True)
class Room:
    """Everybody who takes part."""

    doors: Doors
    browser: Browser
    bot: HeldBot

    async def desk(self, name: str) -> Page:
        """Sign an agent in and open the desk."""
        email = f"{name.split(maxsplit=1)[0].lower()}@aurora.example"
        powers = AgentPowers(limits={"money": 20_000})
        await self.doors.opened.store.accounts.add_agent(email, name, "agent", hash_password(PASSWORD), powers)
        page = await self._window()
        await page.goto("/desk")
        await page.locator("[name=email]").fill(email)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.locator("main button").click()
        await expect(page.get_by_role("switch", name="Available")).to_be_checked()
        return page

    async def customer(self) -> Page:
        """Open the chat on the company's page."""
        page = await self._window()
        await page.goto("/")
        await page.locator(LAUNCHER).click()
        return page

    async def _window(self) -> Page:
        return await (await self.browser.new_context(base_url=self.doors.url, locale="en-GB")).new_page()


@pytest.fixture
async def room(database: str) -> AsyncIterator[Room]:
    """Real doors, a scripted bot, and a browser."""
    bot = HeldBot()
    async with open_doors(database, bot, is_demo=True) as doors, async_playwright() as playwright:
        doors.policies.decision = Decision.NEEDS_APPROVAL
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield Room(doors=doors, browser=browser, bot=bot)
        bot.may_speak.set()
        await browser.close()


async def writes(customer: Page, text: str) -> None:
    """Have the customer write something."""
    await customer.locator(TEXT).fill(text)
    await customer.locator(TEXT).press("Enter")


def take_over(desk: Page) -> Locator:
    """Give the button that both want."""
    return desk.get_by_role("button", name="Take over")


async def opens_the_case(desk: Page, goal: str) -> None:
    """Open the case with these words in its line."""
    await desk.locator("#cases .lines a", has_text=goal).first.click()
    await expect(desk.locator("#case")).to_be_visible()


async def test_of_two_who_click_at_once_one_wins_and_the_other_reads_who(room: Room) -> None:
    """Both see the case come by itself, both press in the same moment; the winner answers and the customer reads it."""
    sara, noelia, customer = await room.desk("Sara Molina"), await room.desk("Noelia Prat"), await room.customer()
    await writes(customer, "a person please")
    for desk in (sara, noelia):
        await opens_the_case(desk, "a person please")
    await asyncio.gather(*(take_over(desk).click() for desk in (sara, noelia)))
    reply = "Reply to the customer"
    await expect(customer.locator(LOG)).to_contain_text(re.compile("Sara Molina|Noelia Prat"))
    sara_won = "Sara Molina" in await customer.locator(LOG).inner_text()
    won, lost, name = (sara, noelia, "Sara Molina") if sara_won else (noelia, sara, "Noelia Prat")
    await expect(lost.locator("#composer")).to_contain_text(f"{name} has this conversation.")
    await expect(lost.get_by_label(reply)).to_have_count(0)
    await won.get_by_label(reply).fill("Here I am.")
    await won.get_by_label(reply).press("Control+Enter")
    await expect(customer.locator(LOG)).to_contain_text("Here I am.")
    await expect(lost.locator(".timeline")).to_contain_text("Here I am.")


async def test_what_the_bot_was_about_to_say_is_the_agents_once_somebody_took_over(room: Room) -> None:
    """The customer never reads it unless the agent sends it, and then once."""
    sara, customer = await room.desk("Sara Molina"), await room.customer()
    await writes(customer, "hello")
    await expect(customer.locator(LOG)).to_contain_text("You said hello")
    await writes(customer, "a slow question")
    await asyncio.wait_for(room.bot.thinks.wait(), 10)
    conversation = await room.doors.opened.store.desk.conversations()
    await sara.goto(f"/desk/conversations/{conversation[0].id}")
    await take_over(sara).first.click()
    await expect(sara.get_by_label("Reply to the customer")).to_be_visible()
    room.bot.may_speak.set()
    await expect(sara.locator(".timeline .draft")).to_contain_text("You said a slow question")
    await expect(customer.locator(LOG)).not_to_contain_text("You said a slow question")
    await sara.get_by_role("button", name="Send as mine").click()
    await expect(customer.locator(LOG)).to_contain_text("You said a slow question")


async def test_an_approval_is_heard_within_two_seconds_and_a_desk_that_was_cut_off_misses_nothing(room: Room) -> None:
    """While Sara's desk has no connection the customer writes and Noelia approves; both stand there when it is back."""
    sara, noelia, customer = await room.desk("Sara Molina"), await room.desk("Noelia Prat"), await room.customer()
    await writes(customer, "refund my order")
    for desk in (sara, noelia):
        await opens_the_case(desk, "refund my order")
    await sara.context.set_offline(True)
    await asyncio.sleep(OFFLINE_SECONDS)  # the length of the outage is what this is about
    await writes(customer, "are you there?")
    await noelia.get_by_role("button", name=re.compile("^Approve")).click()
    clicked_at = time.monotonic()
    await expect(customer.locator(LOG)).to_contain_text("A person has approved it")
    assert time.monotonic() - clicked_at < 2
    await expect(sara.locator(".timeline")).not_to_contain_text("are you there?")
    await sara.context.set_offline(False)
    await expect(sara.locator(".timeline")).to_contain_text("are you there?", timeout=20_000)
    await expect(sara.locator(".decided .state-done")).to_be_visible(timeout=20_000)


async def test_a_double_click_the_back_button_and_a_second_tab_cost_nothing(room: Room) -> None:
    """Send pressed twice says it once; what was begun is there after going back; two tabs show and keep the same."""
    sara = await room.desk("Sara Molina")
    await room.doors.texts("amina", "a person please")
    await opens_the_case(sara, "a person please")
    await sara.get_by_role("button", name="Take over").dblclick()
    reply = sara.get_by_label("Reply to the customer")
    await reply.fill("Once.")
    await sara.get_by_role("button", name="Send").dblclick()
    await expect(reply).to_have_value("")
    assert spoken(await room.doors.timeline("rest", "amina")).count("message agent: Once.") == 1
    await reply.fill("I had begun")
    await sara.goto("/desk/replies")
    await sara.go_back()
    await expect(reply).to_have_value("I had begun")
    other = await sara.context.new_page()
    await other.goto(sara.url)
    await expect(other.get_by_label("Reply to the customer")).to_have_value("I had begun")
    await other.get_by_label("Reply to the customer").press("Control+Enter")
    await expect(sara.locator(".timeline .agent .bubble").last).to_have_text("I had begun")
    assert spoken(await room.doors.timeline("rest", "amina")).count("message agent: I had begun") == 1
