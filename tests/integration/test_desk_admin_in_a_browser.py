"""The administration in a real browser: what is made is shown once, and axe finds nothing to complain about."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.integration.desks import PASSWORD
from tests.integration.test_desk_for_everybody import _look
from tests.integration.test_desk_in_a_browser import CHROMIUM, Office, Window, office

__all__ = ["office"]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
PAGES = ("", "/queues", "/sla", "/tokens", "/webhooks", "/webhooks/1", "/channels", "/settings")


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
    await _look(page, "shown once", found)
    await page.keyboard.press("Escape")
    await expect(page.locator("#once")).to_be_hidden()
    assert await page.locator("#once-secret").input_value() == ""
    await expect(page.locator("#tokens")).to_contain_text("warehouse <b>")
    await _a_queue_is_added(seat, found)
    for path in (*(f"/desk/admin{part}" for part in PAGES), "/desk/audit"):
        await seat.open(path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        await page.evaluate("for (const box of document.querySelectorAll('details')) box.open = true")
        await _look(page, path, found)
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
    await _look(page, "a mistake", found)
    await page.context.clear_cookies()
    await name.fill("money")
    await name.press("Enter")
    await page.locator("[name=email]").fill("sara@aurora.example")
    await page.locator("[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(name).to_have_value("money")
    await name.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
