"""Measures open desks on one `relevo web`: from a customer's message to every tab, and to a real browser's screen.

Run it with the project's Python: .venv/bin/python -m bench.desk_tabs [--tabs 200] [--queues]; see bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from uuid import UUID

import httpx
from playwright.async_api import Page, async_playwright

from bench.kit.process_tree import cpu_seconds, rss_megabytes
from bench.kit.programs import PROJECT, Program, free_port
from bench.search import temporary_database
from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.accounts import NO_POWERS, AgentPowers, Duty
from relevo.contracts.clock import system_clock
from relevo.store.migrate import migrate

CASES = 1_000
PAUSE_SECONDS = 1.5
LONGEST_SECONDS = 60.0
_FILL = """
INSERT INTO cases (id, type, trigger, due_at, goal)
SELECT 'CASE-' || n, 'refund', 'user_request', now() + n * interval '1 minute', 'goal ' || n
FROM generate_series(20001, 20000 + %s) n
"""
_NEWEST = "SELECT id FROM conversations ORDER BY created_at DESC LIMIT 1"
_SEEN_BY_ALL = """
INSERT INTO conversation_looks (agent_id, conversation_id, position)
SELECT a.id, c.id, c.last_position FROM agents a, conversations c
ON CONFLICT (workspace_id, agent_id, conversation_id) DO UPDATE SET position = excluded.position
"""
_OF_CUSTOMERS = """
INSERT INTO case_conversations (case_id, conversation_id)
SELECT 'CASE-' || (20000 + row_number() OVER ()), id FROM conversations
"""


@dataclass(kw_only=True)
class Tab:
    """One desk that shows the list of cases, as its scripts keep it."""

    http: httpx.AsyncClient
    etag: str = ""
    changes: int = 0
    fresh_at: float = 0.0
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    async def stay_open(self) -> None:
        """Look at the list whenever the stream says so."""
        async with self.http.stream("GET", "/desk/api/changes") as stream:
            async for line in stream.aiter_lines():
                self.is_open.set()
                if line == "event: changed":
                    await self._look()

    async def _look(self) -> None:
        answer = await self.http.get("/desk/list?show=open", headers={"If-None-Match": self.etag})
        assert answer.status_code in (200, 304), answer.text
        self.etag = answer.headers.get("etag", "")
        self.changes += answer.status_code == 200
        self.fresh_at = perf_counter()


@dataclass(kw_only=True)
class Customer:
    """Somebody who writes in the web chat."""

    http: httpx.AsyncClient
    token: str
    conversation: UUID | None = None

    async def writes(self, text: str) -> None:
        """Send a message; it is kept when this returns."""
        head = {"Authorization": f"Bearer {self.token}"}
        body = {"cid": secrets.token_hex(8), "text": text}
        (await self.http.post("/widget/api/v1/messages", json=body, headers=head)).raise_for_status()


async def measure(dsn: str, tabs: int, messages: int, powers: AgentPowers) -> None:
    """Open the desks, write the messages, print what it took."""
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_store(dsn))
        web, url = await stack.enter_async_context(_web(dsn))
        customers = [await _customer(stack, opened, url) for _ in range(messages)]
        await opened.database.run(_FILL, (CASES,))
        await opened.database.run(_OF_CUSTOMERS)
        desks = [await _tab(stack, opened, url, (number, powers)) for number in range(tabs)]
        screen = await _screen(stack, opened, url)
        running = [asyncio.create_task(desk.stay_open()) for desk in desks]
        await asyncio.gather(*(asyncio.wait_for(desk.is_open.wait(), LONGEST_SECONDS) for desk in desks))
        before, waits, seen = cpu_seconds(web.processes()), [], []
        for number, customer in enumerate(customers):
            await opened.database.run(_SEEN_BY_ALL)
            await screen.goto(f"/desk/conversations/{customer.conversation}")
            await asyncio.sleep(PAUSE_SECONDS)
            took, screened = await _one(customer, desks, screen, f"message number {number} of this run")
            waits += took
            seen.append(screened)
        spent = 1000 * (cpu_seconds(web.processes()) - before) / messages
        memory = sum(map(rss_megabytes, web.processes()))
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    cuts = quantiles(waits, n=100)
    print(f"{tabs} desks and one browser on one web process, {CASES} open cases, {messages} messages")
    print(f"message to list, s: p50 {cuts[49]:.2f}, p95 {cuts[94]:.2f}, last {max(waits):.2f}")
    print(f"message to a browser's screen, s: p50 {sorted(seen)[len(seen) // 2]:.2f}, last {max(seen):.2f}")
    print(f"lists that were another one: {sum(desk.changes for desk in desks) / tabs / messages:.0%}")
    print(f"web: {spent:.0f} ms of processor a message, that is {spent / tabs:.1f} ms a desk; {memory:.0f} MB")


async def _one(customer: Customer, desks: list[Tab], screen: Page, text: str) -> tuple[list[float], float]:
    """Write one message; give how long each desk took to be fresh, and the browser to show it."""
    began = perf_counter()
    shown = asyncio.create_task(_shown(screen, text))
    await customer.writes(text)
    while any(desk.fresh_at < began for desk in desks):
        await asyncio.sleep(0.01)
        assert perf_counter() - began < LONGEST_SECONDS, "a desk was never told"
    return [desk.fresh_at - began for desk in desks], await shown - began


async def _shown(screen: Page, text: str) -> float:
    """Wait until a text is on the screen, and give when."""
    await screen.get_by_text(text).first.wait_for(timeout=1000 * LONGEST_SECONDS)
    return perf_counter()


async def _customer(stack: AsyncExitStack, opened: OpenStore, url: str) -> Customer:
    """Begin a chat and write once."""
    http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=LONGEST_SECONDS))
    token = (await http.post("/widget/api/v1/session")).raise_for_status().json()["token"]
    customer = Customer(http=http, token=token)
    await customer.writes("hello")
    ((customer.conversation,),) = await opened.database.rows(
        "SELECT id FROM conversations ORDER BY created_at DESC LIMIT 1"
    )
    return customer


async def _tab(stack: AsyncExitStack, opened: OpenStore, url: str, who: tuple[int, AgentPowers]) -> Tab:
    cookies = {"relevo_desk": await _signed_in(opened, *who)}
    return Tab(
        http=await stack.enter_async_context(httpx.AsyncClient(base_url=url, cookies=cookies, timeout=LONGEST_SECONDS))
    )


async def _screen(stack: AsyncExitStack, opened: OpenStore, url: str) -> Page:
    """Open a real browser with a desk."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    playwright = await stack.enter_async_context(async_playwright())
    browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
    stack.push_async_callback(browser.close)
    context = await browser.new_context(base_url=url)
    await context.add_cookies([{"name": "relevo_desk", "value": await _signed_in(opened, -1), "url": url}])
    return await context.new_page()


async def _signed_in(opened: OpenStore, number: int, powers: AgentPowers = NO_POWERS) -> str:
    """Make an agent with an open session and give its token."""
    accounts, token = opened.store.accounts, secrets.token_urlsafe(32)
    agent = await accounts.add_agent(f"agent{number}@example.com", f"Agent {number}", "agent", "no hash", powers)
    await accounts.open_session(agent.id, sha256(token.encode()).digest(), system_clock() + timedelta(hours=1))
    return token


@asynccontextmanager
async def _web(dsn: str) -> AsyncIterator[tuple[Program, str]]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="relevo-bench-tabs-") as folder:
        environment = {"DATABASE_URL": dsn, "RELEVO_PORT": str(port), "RELEVO_STATE": f"{folder}/state"}
        command = [sys.executable, "-m", "relevo", "web"]
        log = Path(folder) / "web.log"
        web = Program(name="relevo web", command=command, folder=PROJECT, log=log, environment=environment)
        web.start()
        try:
            await _answers(f"http://127.0.0.1:{port}")
            yield web, f"http://127.0.0.1:{port}"
        finally:
            web.stop()


async def _answers(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as http:
        for _ in range(300):
            with suppress(httpx.TransportError):
                (await http.get("/health")).raise_for_status()
                return
            await asyncio.sleep(0.1)
    raise SystemExit("relevo web did not start.")


def main() -> None:
    """Open, write, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tabs", type=int, default=200)
    options.add_argument("--messages", type=int, default=10)
    options.add_argument("--queues", action="store_true", help="agents have queues, so that each sees their own list")
    asked = options.parse_args()
    powers = AgentPowers(duty=Duty(queues=("default", "money"))) if asked.queues else NO_POWERS
    with temporary_database() as dsn:
        migrate(dsn)
        asyncio.run(measure(dsn, asked.tabs, asked.messages, powers))


if __name__ == "__main__":
    main()
