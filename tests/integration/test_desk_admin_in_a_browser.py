"""The administration in a real browser: what is made is shown once, and axe finds nothing to complain about."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from tests.integration.accessibility import look
from tests.integration.desks import PASSWORD
from tests.integration.test_desk_in_a_browser import CHROMIUM, Office, Window, office

__all__ = ["office"]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
PAGES = (
    *(
        "",
        "/queues",
        "/sla",
        "/tokens",
        "/webhooks",
        "/webhooks/1",
        "/channels",
        "/channels/rest",
        "/widget",
        "/settings",
    ),
)


async def test_an_administrator_makes_what_is_shown_once(office: Office) -> None:
    """By keyboard; the dialog keeps nothing once it is closed, and no page overflows at 360 pixels in the dark."""
    store = office.doors.opened.store
    webhook = await store.webhooks.add("https://crm.example/hook", ["case.opened"], "whsec_x")
    await store.webhooks.test(webhook.id)
    seat = await office.seat(width=360, color_scheme="dark")
    await office.doors.opened.database.run("UPDATE agents SET role = 'admin'")
    page = seat.page
    await seat.open("/desk/admin/tokens")
    await page.get_by_text("Make a token").press("Enter")
    await page.get_by_label("Name").fill("warehouse <b>")
    await page.get_by_label("Name").press("Enter")
    secret = page.get_by_label("To copy")
    await expect(secret).to_be_focused()
    assert (await secret.input_value()).startswith("rlv_")
    found: dict[str, list[str]] = {}
    await look(page, "shown once", found)
    await page.keyboard.press("Escape")
    await expect(page.locator("#once")).to_be_hidden()
    assert await page.locator("#once-secret").input_value() == ""
    await expect(page.locator("#tokens")).to_contain_text("warehouse <b>")
    await _a_queue_is_added(seat, found)
    link = await _adds_an_account(seat)
    for path in (*(f"/desk/admin{part}" for part in PAGES), "/desk/audit"):
        await seat.open(path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        await page.evaluate("for (const box of document.querySelectorAll('details')) box.open = true")
        await look(page, path, found)
    await _sets_a_password(office, link, found)
    assert found == {}
    assert [line for line in seat.complaints if "status of 400" not in line] == []


async def _a_queue_is_added(seat: Window, found: dict[str, list[str]]) -> None:
    """Without the page being loaded anew; a mistake leads to its field; nothing typed is lost, nor by signing in."""
    page = seat.page
    await seat.open("/desk/admin/queues")
    await page.get_by_role("button", name="Add a queue").click()
    name = page.get_by_role("textbox", name="Name")
    await expect(name).to_be_focused()
    await name.fill("Money back")
    await page.get_by_text("Spanish").click()
    await name.press("Enter")
    await page.get_by_role("link", name="'Money back' is no name of a queue").click()
    await expect(name).to_have_value("Money back")
    await expect(page.get_by_label("Spanish")).to_be_checked()
    await look(page, "a mistake", found)
    await page.context.clear_cookies()
    await name.fill("money")
    await name.press("Enter")
    await page.locator("[name=email]").fill("sara@aurora.example")
    await page.locator("[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(name).to_have_value("money")
    await name.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()


async def _adds_an_account(seat: Window) -> str:
    """Add an account that takes from one queue, and give the link that is shown for it."""
    page = seat.page
    await seat.open("/desk/admin")
    await page.get_by_text("Add an account").press("Enter")
    form = page.locator("#add-agent")
    await form.get_by_label("E-mail").fill("bo@aurora.example")
    await form.get_by_label("Name").fill("Bo Berg")
    await form.get_by_label("default").check()
    await form.get_by_label("Conversations at once").fill("7")
    await form.get_by_role("button", name="Add").click()
    await expect(page.locator("#once")).to_be_visible()
    link = await page.get_by_label("To copy").input_value()
    await page.keyboard.press("Escape")
    card = page.locator("#agents .card", has_text="Bo Berg")
    await expect(card).to_contain_text("Takes from: default")
    await expect(card).to_contain_text("Conversations at once: 7")
    return link


async def _sets_a_password(office: Office, link: str, found: dict[str, list[str]]) -> None:
    """Without scripts, in Spanish: told what is wrong, then sent to sign in."""
    services = office.doors.app.ctx.services
    office.doors.app.ctx.services = replace(services, mails_links=True)
    context = await office.browser.new_context(java_script_enabled=False, locale="es-ES", base_url=office.doors.url)
    page = await context.new_page()
    await page.goto(link)
    for password, again in (("cuatro palabras bastan", "otras"), ("cuatro palabras bastan",) * 2):
        await page.locator("[name=password]").fill(password)
        await page.locator("[name=again]").fill(again.ljust(10, "s"))
        await page.get_by_role("button", name="Poner la contraseña").click()
    await expect(page.get_by_role("status")).to_have_text("La contraseña está puesta. Entra con ella.")
    looking = await office.browser.new_page(base_url=office.doors.url, color_scheme="dark")
    for path in ("/desk/login", "/desk/forgotten", link):
        await looking.goto(path)
        await look(looking, path, found)
