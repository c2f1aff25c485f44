"""Makes the pictures of docs/images/desk: every main screen of the desk, light and dark, wide and narrow.

Starts the demo in a folder of its own, has customers write to it, and looks at it as a supervisor and an administrator.
Needs Chromium and what `make test` sets up. Run it with: .venv/bin/python -m tools.screenshots [name ...]
"""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bench.kit.programs import PROJECT, bench_folder, ready
from bench.kit.relevo_serve import RelevoServe, relevo_serve
from relevo.brain.bot_files import BotFiles
from relevo.brain.models import Models

IMAGES = PROJECT / "docs" / "images" / "desk"
LOOKS = {"light": ("light", 1366), "dark": ("dark", 1366), "phone": ("light", 390), "phone-dark": ("dark", 390)}
CUSTOMERS = {
    "oliver": ["My points for flight AU3411 are missing. I am AU73915024, booking OWH5T4", "a person please"],
    "marta": ["Me cobraron 7455 euros de envío en el pedido AO-50017, soy AU31572906", "sí"],
    "lucia": ["Hola, me faltan los puntos de mis vuelos a Dubái del mes pasado", "AU48207315, reserva RBL7Q2", "sí"],
    "nadie": ["quiero hablar con una persona, mi maleta no aparece"],
}
OF_ADMINISTRATORS = ("admin", "admin-queues", "audit")
Shot = Callable[[Page], None]


def main() -> None:
    wanted = sys.argv[1:] or list(SHOTS)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with _demo() as demo, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        _customers_write(demo)
        signed_in = {who: _signed_in(browser, demo, who) for who in ("admin", "noelia")}
        for look in LOOKS:
            for name in wanted:
                cookies = signed_in["admin" if name in OF_ADMINISTRATORS else "noelia"]
                _keep(_shoot(browser, demo, look, cookies, name), f"{name}-{look}")
        browser.close()


@contextmanager
def _demo() -> Iterator[RelevoServe]:
    with bench_folder() as folder:
        demo = relevo_serve(folder, _model())
        demo.program.start()
        try:
            asyncio.run(ready(demo.program, demo.port, 300))
            yield demo
        finally:
            demo.program.stop()


def _model() -> Path | None:
    """Give the model that the tests have made of the bot's files as they are, if there is one."""
    kept, fingerprint = Models(PROJECT / ".pytest_cache" / "d" / "relevo-models"), BotFiles(PROJECT).fingerprint()
    return kept.of(fingerprint) if kept.has(fingerprint) else None


def _customers_write(demo: RelevoServe) -> None:
    for sender, texts in CUSTOMERS.items():
        for number, text in enumerate(texts):
            message = {"sender": sender, "message": text, "message_id": str(number)}
            httpx.post(f"{_address(demo)}/webhooks/rest/webhook", json=message, timeout=40).raise_for_status()


def _shoot(browser: Browser, demo: RelevoServe, look: str, cookies: Any, name: str) -> bytes:
    scheme, width = LOOKS[look]
    context = browser.new_context(
        base_url=_address(demo),
        viewport={"width": width, "height": 820},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale="en-GB",
        device_scale_factor=1,
        storage_state=cookies,
    )
    page = context.new_page()
    page.goto("/desk")
    SHOTS[name](page)
    page.wait_for_timeout(300)  # styles and times settle; nothing here is tested
    picture = page.screenshot()
    context.close()
    return picture


def _signed_in(browser: Browser, demo: RelevoServe, who: str) -> Any:
    """Sign somebody in, once: who signs in for each picture is taken for somebody who guesses."""
    login = (demo.state / "first-login.txt").read_text(encoding="utf-8")
    password = re.search(r"^password: (\S+)$", login, re.MULTILINE)
    assert password
    page = browser.new_context(base_url=_address(demo)).new_page()
    page.goto("/desk")
    page.locator("[name=email]").fill(f"{who}@aurora.example")
    page.locator("[name=password]").fill(password[1])
    page.locator("main button").click()
    page.locator("#cases").wait_for()
    return page.context.storage_state()


def _keep(picture: bytes, name: str) -> None:
    file = IMAGES / f"{name}.webp"
    Image.open(io.BytesIO(picture)).save(file, quality=80, method=6)
    print(file, file.stat().st_size // 1024, "kB")


def _address(demo: RelevoServe) -> str:
    return f"http://127.0.0.1:{demo.port}"


def _open(path: str) -> Shot:
    def shot(page: Page) -> None:
        page.goto(path)

    return shot


def _unoffered(path: str) -> Shot:
    """Open a page on which nothing lies that somebody is offered."""

    def shot(page: Page) -> None:
        page.goto(path)
        page.evaluate("document.getElementById('offers').style.display = 'none'")

    return shot


def _case(page: Page) -> None:
    page.locator("#cases .lines a").first.click()
    page.locator("#case").wait_for()


def _writing(page: Page) -> None:
    page.goto("/desk?show=open")
    page.locator("#cases .lines a", has_text="CASE-7101").click()
    page.locator("#composer").wait_for()
    take_over = page.get_by_role("button", name="Take over")
    if take_over.count():
        take_over.first.click()
    box = page.get_by_label("Reply to the customer")
    box.fill("Hello Oliver, I am looking at your ticket now.")


def _contact(page: Page) -> None:
    _case(page)
    page.locator("a[href^='/desk/contacts/']").first.click()
    page.locator("h1").wait_for()


SHOTS: dict[str, Shot] = {
    "inbox": _open("/desk"),
    "case": _case,
    "writing": _writing,
    "contact": _contact,
    "search": _open("/desk/search?q=7455+envio"),
    "queue": _open("/desk/queue"),
    "team": _open("/desk/team"),
    "replies": _open("/desk/replies"),
    "reports": _open("/desk/reports"),
    "teaching": _open("/desk/teaching"),
    "admin": _open("/desk/admin"),
    "admin-queues": _unoffered("/desk/admin/queues"),
    "audit": _open("/desk/audit"),
}

if __name__ == "__main__":
    main()
