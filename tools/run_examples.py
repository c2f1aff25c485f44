"""Runs every page of examples/widget in Chromium against real doors, and prints what became of each as a table.

A message is answered, the chat is taken away and comes back with its conversation, and no policy is violated.
Needs Chromium, npm (React and Next.js come from its registry; minutes and 500 MB in a temporary folder) and php.
Run it with: .venv/bin/python -m tools.run_examples [html tag-manager wordpress react nextjs]
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from bench.kit.programs import PROJECT
from relevo.domain.sites import Site, Sites
from relevo.store.migrate import migrate
from relevo.store.postgres import PostgresServer, destroy_postgres
from tests.integration.doors import Doors, open_doors

EXAMPLES = PROJECT / "examples" / "widget"
KEY = "a key for the examples alone, of 32 bytes or more"
LAUNCHER, LOG = "relevo-chat .launcher", "#chat-log .bubble"
PLACES = ("http://127.0.0.1:8080", "https://help.example.com")
"""Where the examples say that Relevo is."""
PORT = 3000
ORIGINS = (f"http://localhost:{PORT}",)
VIOLATIONS = """addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error(`policy: ${violatedDirective} ${blockedURI}`));"""
AGAIN = """site => {
  const chat = document.createElement("relevo-chat");
  chat.setAttribute("site", site);
  document.body.append(chat);
}"""
Prepare = Callable[[Path, Doors], AbstractAsyncContextManager[str]]


@dataclass(kw_only=True)
class Row:
    """What became of one example."""

    name: str
    versions: str = ""
    steps: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def hear(self, line: ConsoleMessage) -> None:
        """Note what the browser reports as wrong."""
        if line.type == "error" and "favicon" not in line.location.get("url", ""):
            self.complaints.append(line.text)


def main() -> None:
    rows = asyncio.run(_all(sys.argv[1:] or list(PREPARED)))
    width = max(len(row.versions) for row in rows)
    for row in rows:
        print(f"{row.name:12} {row.versions:{width}}  {', '.join(row.steps)}")
        for complaint in row.complaints:
            print(f"{'':12} ! {complaint[:300]}")
    sys.exit(any(row.complaints for row in rows))


async def _all(names: list[str]) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder) / "state")
        server.start()
        migrate(server.dsn)
        try:
            return await _run(server.dsn, Path(folder), names)
        finally:
            server.stop()
            destroy_postgres(Path(folder) / "state")


async def _run(dsn: str, folder: Path, names: list[str]) -> list[Row]:
    english: dict[str, Any] = {"languages": ("en",), "default_language": "en", "origins": ORIGINS}
    sites = Sites(named=(Site(name="default", **english), Site(name="shop", identity_keys=(KEY,), **english)))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    async with open_doors(dsn, sites=sites) as doors, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        rows = [await _try(browser, doors, folder, Row(name=name)) for name in names]
        await browser.close()
        return rows


async def _try(browser: Browser, doors: Doors, folder: Path, row: Row) -> Row:
    place = _copied(row.name, folder, doors.url)
    context = await browser.new_context(locale="en-GB")
    await context.add_init_script(VIOLATIONS)
    try:
        async with PREPARED[row.name](place, doors) as versions:
            row.versions = versions
            page = await context.new_page()
            page.on("console", row.hear)
            page.on("pageerror", lambda error: row.complaints.append(str(error)))
            await _visit(page, row)
    except Exception as error:  # noqa: BLE001 - a table has a line for whatever went wrong
        row.complaints.append(f"{type(error).__name__}: {error}")
    await context.close()
    return row


async def _visit(page: Page, row: Row) -> None:
    await page.goto(ORIGINS[0])
    await _opens(page)
    await page.locator("#chat-text").fill("hello")
    await page.locator("#chat-text").press("Enter")
    await expect(page.locator(LOG)).to_have_count(2)
    row.steps.append("answered")
    if row.name == "wordpress":
        await expect(page.locator("relevo-chat .top")).to_contain_text("Amina Noor")
        row.steps.append("signed in")
    await LEAVES.get(row.name, _destroyed)(page)
    await expect(page.locator(LOG)).to_have_count(2)
    row.steps.append("away and back")


async def _opens(page: Page) -> None:
    await page.locator(LAUNCHER).click()
    await expect(page.locator("#chat-text")).to_be_visible()


async def _destroyed(page: Page) -> None:
    site = await page.locator("relevo-chat").get_attribute("site")
    await page.evaluate("Relevo.destroy()")
    await expect(page.locator("relevo-chat")).to_have_count(0)
    await page.evaluate(AGAIN, site)
    await _opens(page)


async def _taken_by_react(page: Page) -> None:
    await page.get_by_role("button", name="Take the chat away").click()
    await expect(page.locator("relevo-chat")).to_have_count(0)
    await page.get_by_role("button", name="Put it back").click()
    await _opens(page)


async def _on_another_page(page: Page) -> None:
    await page.get_by_role("link", name="Cart").click()
    await expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    await expect(page.locator(LOG)).to_have_count(2)
    await page.get_by_role("link", name="Home").click()
    await _destroyed(page)


def _copied(name: str, folder: Path, url: str) -> Path:
    """Copy an example, for Relevo where it is now."""
    place = folder / name
    shutil.copytree(EXAMPLES / name, place, ignore=shutil.ignore_patterns("node_modules", ".next", "dist"))
    for file in place.rglob("*.*"):
        text = file.read_text(encoding="utf-8")
        for said in PLACES:
            text = text.replace(said, url)
        file.write_text(text, encoding="utf-8")
    return place


@asynccontextmanager
async def _html(place: Path, _: Doors) -> AsyncIterator[str]:
    async with _served(place):
        yield "-"


@asynccontextmanager
async def _tag_manager(place: Path, _: Doors) -> AsyncIterator[str]:
    """Insert the tag as Tag Manager does: as script elements made anew, when the page is there already."""
    tag = (place / "tag.html").read_text(encoding="utf-8").split("<script>")[1].split("</script>")[0]
    late = f"""addEventListener("load", () => {{
  const script = document.createElement("script");
  script.text = {json.dumps(tag)};
  document.body.append(script);
}});"""
    page = f'<!doctype html><html lang="en"><title>A shop</title><main><h1>A shop</h1></main><script>{late}</script>'
    (place / "index.html").write_text(page, encoding="utf-8")
    async with _served(place):
        yield "emulated"


@asynccontextmanager
async def _wordpress(place: Path, doors: Doors) -> AsyncIterator[str]:
    doors.business.people["wp-7"] = {"name": "Amina Noor", "email": "amina@example.com"}
    stand_in = PROJECT / "tools" / "wordpress_stand_in.php"
    page = await _told("php", str(stand_in), str(place / "relevo-chat.php"), doors.url, KEY)
    (place / "index.html").write_text(page, encoding="utf-8")
    version = await _told("php", "-r", "echo PHP_VERSION;")
    async with _served(place):
        yield f"php {version}, WordPress's functions by a stand-in"


@asynccontextmanager
async def _react(place: Path, _: Doors) -> AsyncIterator[str]:
    await _installed(place)
    await _told("npm", "run", "build", at=place)
    async with _served(place / "dist"):
        yield _versions(place, "react", "vite")


@asynccontextmanager
async def _nextjs(place: Path, doors: Doors) -> AsyncIterator[str]:
    await _installed(place)
    await _told("npm", "run", "build", at=place)
    next_js = place / "node_modules" / "next" / "dist" / "bin" / "next"
    process = await asyncio.create_subprocess_exec(
        "node", str(next_js), "start", "--port", str(PORT), cwd=place, stdout=subprocess.DEVNULL
    )
    try:
        await _answers(ORIGINS[0])
        yield _versions(place, "next", "react")
    finally:
        process.terminate()
        await process.wait()


PREPARED: dict[str, Prepare] = {
    "html": _html, "tag-manager": _tag_manager, "wordpress": _wordpress, "react": _react, "nextjs": _nextjs,
}  # fmt: skip
LEAVES = {"react": _taken_by_react, "nextjs": _on_another_page}


@asynccontextmanager
async def _served(folder: Path) -> AsyncIterator[None]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("localhost", PORT), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    async with AsyncExitStack() as stack:
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        yield


async def _installed(place: Path) -> None:
    await _told("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", at=place)


async def _told(*command: str, at: Path | None = None) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=at, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    )
    said = (await process.communicate())[0].decode()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:3])}: {said[-1500:]}")
    return said


async def _answers(url: str) -> None:
    async with httpx.AsyncClient() as http:
        for _ in range(240):
            try:
                await http.get(url)
                return
            except httpx.TransportError:
                await asyncio.sleep(0.25)
    raise RuntimeError(f"{url} does not answer.")


def _versions(place: Path, *names: str) -> str:
    read = [json.loads((place / "node_modules" / name / "package.json").read_text("utf-8")) for name in names]
    return ", ".join(f"{one['name']} {one['version']}" for one in read)


if __name__ == "__main__":
    main()
