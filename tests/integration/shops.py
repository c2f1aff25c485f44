"""Pages of a business's own with the widget on them: one server and one browser for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Route, async_playwright

from relevo.domain.sites import Site, Sites
from relevo.testing.scripted import Script
from relevo.web.settings import WebSettings
from tests.databases import Databases
from tests.integration.doors import Doors
from tests.integration.visiting import doors_for_all
from tests.integration.visits import ARGUMENTS, CHROMIUM, Visit, repeat

SHOP = "http://shop.localhost"
SITES = Sites(named=(Site(name="default", title="Shop", languages=("en",), default_language="en", origins=(SHOP,)),))
LINE = '<script async src="{chat}/widget/v1/widget.js" data-site="default"></script>'
"""What a business pastes; ``{chat}`` is where Relevo is."""
_PAGE = '<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1></main>'


@dataclass(kw_only=True)
class Shop:
    """A browser, and a server that it meets on pages of another origin."""

    doors: Doors
    browser: Browser

    @asynccontextmanager
    async def visited(
        self, tags: str = LINE, *, policy: str = "", script: str = "", **looks: Any
    ) -> AsyncIterator[Visit]:
        """Open a window for pages that have these tags; ``script`` runs in them before anything else."""
        context = await self.browser.new_context(**{"locale": "en-GB", **looks})
        if script:
            await context.add_init_script(script)

        async def give(route: Route) -> None:
            headers = {"Content-Security-Policy": policy.format(chat=self.doors.url)} if policy else {}
            body = _PAGE + tags.replace("{chat}", self.doors.url)
            await route.fulfill(body=body, headers=headers, content_type="text/html")

        await context.route(f"{SHOP}/**", give)
        visit = Visit(doors=self.doors, context=context, page=await context.new_page())
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("console", visit.hear)
        yield visit
        await context.close()


@asynccontextmanager
async def shop_of(
    databases: Databases, postgres: str, script: Script = repeat, *, sites: Sites = SITES, **services: Any
) -> AsyncIterator[Shop]:
    """Serve a bot that speaks by a script, and open a browser."""
    settings = WebSettings(heartbeat_seconds=1)
    async with (
        doors_for_all(databases, postgres, script, settings=settings, sites=sites, **services) as doors,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield Shop(doors=doors, browser=browser)
        await browser.close()
