"""The visitor's side of browser tests: a window on real doors, with the widget on Aurora's page and a scripted bot."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from relevo.contracts.brain import Question
from relevo.domain.messages import Button, Content
from relevo.testing.scripted import Script
from relevo.web.passwords import hash_password
from relevo.web.settings import WebSettings
from tests.integration.doors import Doors, open_doors
from tests.visitor_page import LAUNCHER

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-features=LocalNetworkAccessChecks"]
"""The last, because pages of other origins are made up by the test, and would need leave to reach this machine."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def repeat(question: Question) -> Content:
    """Say what was said, and offer a button."""
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

    async def open(self, path: str = "/") -> None:
        """Go to a page and open the chat on it."""
        await self.page.goto(path)
        await self.page.locator(LAUNCHER).click()
        await expect(self.page.locator("#chat-text")).to_be_visible()

    async def say(self, text: str) -> None:
        """Write into the chat and press Enter."""
        await self.page.locator("#chat-text").fill(text)
        await self.page.locator("#chat-text").press("Enter")

    async def expect_said(self, *texts: str) -> None:
        """Demand that the chat shows exactly these bubbles."""
        await expect(self.page.locator("#chat-log .bubble")).to_have_text(list(texts))


@asynccontextmanager
async def visit_of(
    database: str,
    script: Script = repeat,
    *,
    width: int = 1280,
    dark: bool = False,
    language: str = "en-GB",
    **services: Any,
) -> AsyncIterator[Visit]:
    """Open a browser on the demonstration's page, with a bot that speaks by a script."""
    settings = WebSettings(heartbeat_seconds=1)
    async with (
        open_doors(database, script, settings=settings, is_demo=True, **services) as doors,
        async_playwright() as playwright,
    ):
        browser: Browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
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
