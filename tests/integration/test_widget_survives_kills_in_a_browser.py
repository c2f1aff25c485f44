"""The web process is killed five times while visitor, bot and agent write: the screen says what the server says."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from playwright.async_api import Page, async_playwright, expect

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.brain import Question
from relevo.contracts.reaching import REACHES
from relevo.domain.conversations import Conversation
from relevo.domain.messages import Author, Content
from relevo.testing.scripted import ScriptedBrain
from tests.integration.doors import AT_ONCE, KEY, Doors, bot_of
from tests.integration.visits import ARGUMENTS, CHROMIUM
from tests.processes import REPOSITORY, free_port

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
KILLS = 5
SHOWN = """() => [...document.querySelector("relevo-chat").shadowRoot.querySelectorAll("#chat-log .message")]
  .map((message) => message.querySelector(".bubble").textContent)"""


@dataclass(kw_only=True)
class Web:
    """A web process that may be killed at any moment."""

    dsn: str
    state: Path
    port: int
    process: Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RELEVO_")}
        own = {"DATABASE_URL": self.dsn, "RELEVO_STATE": str(self.state), "RELEVO_PORT": str(self.port)}
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "relevo", "web"),
            cwd=REPOSITORY,
            env={**kept, **own},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as http:
            for _ in range(1200):
                if await _answers(http):
                    return
                await asyncio.sleep(0.05)
        raise AssertionError("the web process does not answer")

    async def kill(self) -> None:
        """Kill it with signal 9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


async def _answers(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/health")).status_code == 200
    except httpx.TransportError:
        return False


@asynccontextmanager
async def _served(dsn: str, state: Path) -> AsyncIterator[tuple[Web, OpenStore]]:
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_store(dsn, size=4, name="relevo tests", attachment_key=KEY))
        brain = ScriptedBrain(_script)
        http = await stack.enter_async_context(httpx.AsyncClient())
        beside = SimpleNamespace(ctx=SimpleNamespace(services=SimpleNamespace(service=AT_ONCE, reaches=REACHES)))
        doors = Doors(url="", port=0, http=http, opened=opened, brain=brain, app=beside)
        await stack.enter_async_context(bot_of(doors))
        web = Web(dsn=dsn, state=state, port=free_port())
        await web.start()
        yield web, opened
        await web.kill()


def _script(question: Question) -> Content:
    return Content(text=f"You said <{question.text}>")


async def _conversation(opened: OpenStore) -> Conversation:
    (line,) = await opened.store.desk.conversations()
    found = await opened.store.conversations.find(line.channel, line.address)
    assert found is not None
    return found


async def _said(opened: OpenStore) -> list[str]:
    conversation = await _conversation(opened)
    entries = await opened.store.conversations.entries(conversation.id, 0, 1000)
    return [str(entry.content.text) for entry in entries if entry.kind == "message"]


async def _says(page: Page, text: str) -> None:
    await page.locator("#chat-text").fill(text)
    await page.locator("#chat-text").press("Enter")


async def _writes(opened: OpenStore, page: Page, around: int) -> None:
    """Visitor and agent write in turn, three times each; the bot answers what it finds."""
    conversation = await _conversation(opened)
    for number in range(3):
        await _says(page, f"visitor {around}.{number}")
        words = Content(text=f"agent {around}.{number}")
        await opened.store.conversations.say(conversation.id, Author.AGENT, words)
        opened.live.changed(conversation.id)


async def test_set_and_order_on_the_screen_are_the_servers_after_five_kills(database: str, tmp_path: Path) -> None:
    """Each message once, whatever was on its way; nobody has to do anything for it."""
    async with _served(database, tmp_path) as (web, opened), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(locale="en-GB")
        await page.goto(f"http://127.0.0.1:{web.port}/chat/default")
        await _says(page, "hello")
        await expect(page.locator("#chat-log .bubble")).to_have_count(2, timeout=20_000)
        for around in range(KILLS):
            writing = asyncio.create_task(_writes(opened, page, around))
            await asyncio.sleep(0.15 * around)  # another moment of it each time
            await web.kill()
            await writing
            await web.start()
        whole = 2 + KILLS * 9
        await expect(page.locator("#chat-log .message")).to_have_count(whole, timeout=60_000)
        await expect(page.locator("#chat-log .note:not(:empty)")).to_have_count(0)
        said = await _said(opened)
        assert len(said) == len(set(said)) == whole
        assert await page.evaluate(SHOWN) == said
        await page.reload()
        await expect(page.locator("#chat-log .message")).to_have_count(whole, timeout=20_000)
        assert await page.evaluate(SHOWN) == said
        await browser.close()
