"""Makes the pictures of docs/images/widget: closed, open, a form, a photo, an agent, offline, dark, Arabic, a phone.

Real doors with a bot that speaks by a script, and the widget on the demo company's page.
Needs Chromium and what `make test` sets up. Run it with: .venv/bin/python -m tools.widget_screenshots [name ...]
"""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.async_api import Browser, FilePayload, Page, async_playwright, expect

from bench.kit.programs import PROJECT
from relevo.contracts.brain import Question
from relevo.domain.messages import Author, Button, Content
from relevo.domain.sites import Site, Sites, Theme
from relevo.store.aurora.demo import demo_data
from relevo.store.migrate import migrate
from relevo.store.postgres import PostgresServer, destroy_postgres
from relevo.web.services import DemoContact
from tests.integration.doors import Doors, open_doors

IMAGES = PROJECT / "docs" / "images" / "widget"
LAUNCHER = "relevo-chat .launcher"
TITLE = {"en": "Aurora help", "es": "Ayuda de Aurora", "ar": "مساعدة أورورا"}
GREETING = {
    "en": "Hello! Are points missing from a flight?",
    "es": "¡Hola! ¿Te faltan los puntos de un vuelo?",
    "ar": "مرحبًا! هل تنقصك نقاط رحلة؟",
}
SUGGESTIONS = (
    {"en": "Points of a flight are missing", "es": "Me faltan los puntos de un vuelo", "ar": "لم تصل نقاط رحلتي"},
    {"en": "I want money back", "es": "Quiero que me devuelvan dinero", "ar": "أريد استرداد أموالي"},
    {"en": "My bag has not arrived", "es": "Mi maleta no ha llegado", "ar": "لم تصل حقيبتي"},
)
SITES = Sites(
    named=(
        Site(
            name="default",
            title="Aurora",
            languages=("es", "en", "ar"),
            theme=Theme(color="#1746c7", color_dark="#8fb4ff", title=TITLE, greeting=GREETING),
            suggestions=SUGGESTIONS,
        ),
    )
)
FORM = {
    "kind": "form",
    "id": "claim",
    "title": "Your expenses",
    "fields": [
        {"name": "day", "label": "Day of the flight", "type": "date", "required": True},
        {"name": "amount", "label": "What you spent", "type": "amount", "required": True, "currency": "EUR"},
        {
            "name": "how",
            "label": "How should we pay it back?",
            "type": "choice",
            "required": True,
            "options": [{"value": "card", "title": "To my card"}, {"value": "voucher", "title": "Voucher"}],
        },
    ],
    "submit": "Send",
}
Shot = Callable[[Page, Doors], Awaitable[None]]


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    asyncio.run(_all(sys.argv[1:] or list(SHOTS)))


async def _all(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        server = PostgresServer(state)
        server.start()
        migrate(server.dsn)
        try:
            await _shoot(server.dsn, names)
        finally:
            server.stop()
            destroy_postgres(state)


async def _shoot(dsn: str, names: list[str]) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    services: dict[str, Any] = {"is_demo": True, "sites": SITES, "demo_contacts": _contacts()}
    async with open_doors(dsn, _script, **services) as doors, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in names:
            await _keep(browser, doors, name)
        await browser.close()


async def _keep(browser: Browser, doors: Doors, name: str) -> None:
    look, shot = SHOTS[name]
    settings = {"viewport": {"width": 1100, "height": 760}, "locale": "en-GB", "device_scale_factor": 1.5, **look}
    context = await browser.new_context(base_url=doors.url, **settings)
    page = await context.new_page()
    await page.goto("/")
    await shot(page, doors)
    await page.wait_for_timeout(600)  # what moves has arrived; nothing here is tested
    picture = Image.open(io.BytesIO(await page.screenshot()))
    await context.close()
    file = IMAGES / f"{name}.webp"
    picture.save(file, quality=82, method=6)
    print(file, file.stat().st_size // 1024, "kB")


def _contacts() -> tuple[DemoContact, ...]:
    return tuple(
        DemoContact(
            ref=one["id"],
            name=f"{one['given_names']} {one['surnames']}",
            email=one["email"],
            language=one["language"],
        )
        for one in demo_data()["contacts"]
    )


def _script(question: Question) -> Content:
    if "expenses" in (question.text or ""):
        return Content(text="I can take that up with you. Three things, please:", custom=FORM)
    if question.attachments:
        return Content(text="Thank you, the photo is with your case. **Somebody looks at it now.**")
    if "دبي" in (question.text or ""):
        return Content(text="وجدت رحلتيك إلى دبي. هل أضيف **11,280 نقطة** إلى حسابك؟", buttons=_buttons("نعم", "موظف"))
    found = (
        "I found your two trips:\n\n- AU0702 Madrid – Dubai, 5,640 points\n- AU0703 Dubai – Madrid, 5,640 points\n\n"
    )
    return Content(text=f"{found}Shall I add **11,280 points**?", buttons=_buttons("Yes, add them", "A person, please"))


def _buttons(yes: str, person: str) -> tuple[Button, ...]:
    return Button(title=yes, payload="/affirm"), Button(title=person, payload="/person")


def _photo() -> bytes:
    """Draw a suitcase that has seen better days."""
    picture = Image.new("RGB", (900, 640), "#cdd7e1")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 470, 900, 640), fill="#9aa7b4")
    draw.rounded_rectangle((250, 180, 650, 540), 36, fill="#8a5a3c", outline="#5d3a24", width=10)
    draw.arc((370, 90, 530, 270), 180, 360, fill="#5d3a24", width=20)
    for x in (330, 570):
        draw.rectangle((x, 185, x + 26, 535), fill="#6d452c")
    draw.line((280, 250, 360, 330, 330, 400, 430, 470), fill="#2c1a10", width=9, joint="curve")
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=88)
    return kept.getvalue()


async def _open(page: Page, _: Doors) -> None:
    await page.locator(LAUNCHER).click()
    await expect(page.locator("#chat-text")).to_be_visible()


async def _says(page: Page, doors: Doors, text: str, answers: int = 1) -> None:
    if not await page.locator("#chat-text").count():
        await _open(page, doors)
    await page.locator("#chat-text").fill(text)
    await page.locator("#chat-text").press("Enter")
    await expect(page.locator("#chat-log .message.bot")).to_have_count(answers, timeout=20_000)


async def _closed(page: Page, _: Doors) -> None:
    await expect(page.locator(LAUNCHER)).to_be_visible()


async def _talk(page: Page, doors: Doors) -> None:
    await _says(page, doors, "Hello, the points of my flights to Dubai last month are missing")


async def _form(page: Page, doors: Doors) -> None:
    await _says(page, doors, "I had expenses because my bag came late")
    await page.get_by_label("What you spent").fill("84.50")
    await page.get_by_label("To my card").check()


async def _send_photo(page: Page, doors: Doors) -> None:
    await _open(page, doors)
    picture: FilePayload = {"name": "suitcase.jpg", "mimeType": "image/jpeg", "buffer": _photo()}
    await page.locator("#chat-pick").set_input_files([picture])
    await expect(page.locator("#chat-tray [data-state=ready]")).to_be_visible()
    await _says(page, doors, "This is how my suitcase arrived")
    await expect(page.locator("#chat-log canvas[data-loaded]")).to_be_visible()


async def _agent(page: Page, doors: Doors) -> None:
    await _send_photo(page, doors)
    store = doors.opened.store
    conversations = store.conversations
    line = max(await store.desk.conversations(), key=lambda one: one.updated_at)
    await store.accounts.add_agent("sara@aurora.example", "Sara Molina", "agent", "no password")
    ((sara,),) = await doors.opened.database.rows("SELECT id FROM agents WHERE name = 'Sara Molina'")
    await store.handoffs.take_over(line.id, line.control_version, sara, None)
    await conversations.say(line.id, Author.SYSTEM, Content(text="Sara Molina is with you now."))
    words = "Hello, I'm Sara. I have your photo and the report; the repair is ours to pay. Give me two minutes."
    await conversations.say(line.id, Author.AGENT, Content(text=words))
    doors.opened.live.changed(line.id)
    await expect(page.locator("#chat-log .agent")).to_be_visible()
    await expect(page.locator("relevo-chat .top")).to_contain_text("Sara Molina", timeout=20_000)


async def _offline(page: Page, doors: Doors) -> None:
    await _talk(page, doors)
    await page.context.set_offline(True)
    await page.locator("#chat-text").fill("Yes, please do")
    await page.locator("#chat-text").press("Enter")
    await expect(page.locator("#chat-offline")).to_be_visible(timeout=30_000)


async def _arabic(page: Page, doors: Doors) -> None:
    await page.evaluate("document.querySelector('relevo-chat').setAttribute('locale', 'ar')")
    await _says(page, doors, "مرحبًا، لم تصل نقاط رحلتي إلى دبي")


PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
SHOTS: dict[str, tuple[dict[str, Any], Shot]] = {
    "closed": ({}, _closed),
    "open": ({}, _open),
    "talk": ({}, _talk),
    "form": ({}, _form),
    "photo": ({}, _send_photo),
    "agent": ({}, _agent),
    "offline": ({}, _offline),
    "dark": ({"color_scheme": "dark"}, _talk),
    "arabic": ({}, _arabic),
    "phone": (PHONE, _talk),
    "phone-open": (PHONE, _open),
}

if __name__ == "__main__":
    main()
