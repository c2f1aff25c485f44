"""The desk for people who hear it read, see little or use no mouse: axe finds nothing to complain about."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.accessibility import look
from tests.integration.desks import PASSWORD
from tests.integration.test_desk_in_a_browser import CHROMIUM, Office, Window, office

__all__ = ["office"]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
_TABLES = "[...document.querySelectorAll('table')].map((table) => getComputedStyle(table).display)"
_SEATS: dict[str, dict[str, Any]] = {
    "Sara Molina": {"locale": "en-GB", "color_scheme": "light"},
    "Kim Reyes": {"locale": "es-ES", "color_scheme": "dark"},
    "Noor Haddad": {"locale": "es-ES", "color_scheme": "light", "width": 360},
    "Ana Prieto": {"locale": "en-GB", "color_scheme": "dark", "width": 360},
}


async def test_axe_finds_nothing_on_any_page_of_the_desk(office: Office) -> None:
    """Signed out, refused, on every page, with a case being worked on: wide and narrow, light and dark."""
    await office.doors.texts("amina", "a refund of AO-50017 please")
    await office.doors.texts("amina", "a person please")
    found: dict[str, list[str]] = {}
    for name, settings in _SEATS.items():
        seat = await office.seat(name, **settings)
        await look(seat.page, f"{name}: overview", found)
        await seat.opens_the_case()
        await look(seat.page, f"{name}: case", found)
        if name == "Sara Molina":
            await _take_over(seat, found)
            await _write(seat, found)
        await seat.open("/desk/reports")
        await look(seat.page, f"{name}: reports", found)
        displays = await seat.page.evaluate(_TABLES)
        assert set(displays) <= {"table"}, "heads stand above their columns"
        assert displays or name != "Sara Molina"
        await seat.open("/desk/cases/NONE")
        await look(seat.page, f"{name}: refusal", found)
    await _teach(office, await office.seat("Noelia Prat"), found)
    signed_out = await office.browser.new_page(base_url=office.doors.url)
    await signed_out.goto("/desk")
    await look(signed_out, "sign in", found)
    await signed_out.locator("[name=email]").fill("nobody@aurora.example")
    await signed_out.locator("[name=password]").fill(PASSWORD)
    await signed_out.locator("main button").click()
    await look(signed_out, "signed in wrongly", found)
    assert found == {}


async def _teach(office: Office, seat: Window, found: dict[str, list[str]]) -> None:
    opened, conversation = office.doors.opened, await office.doors.conversation("rest", "amina")
    await opened.store.teachings.propose(conversation.id, 1, 1, "ask_refund")
    await opened.database.run("UPDATE agents SET role = 'supervisor'")
    await seat.open("/desk/teaching")
    await look(seat.page, "teaching", found)
    await seat.open(f"/desk/conversations/{conversation.id}/teach/1")
    await look(seat.page, "proposing", found)


async def _take_over(seat: Window, found: dict[str, list[str]]) -> None:
    await seat.page.get_by_role("button", name="Take over").click()
    await seat.page.get_by_role("button", name="Hand back …").click()
    await look(seat.page, "handing back", found)
    await seat.page.keyboard.press("Escape")


async def _write(seat: Window, found: dict[str, list[str]]) -> None:
    for keys, where in (("Control+k", "ready words"), ("?", "keys")):
        await seat.page.keyboard.press(keys)
        await look(seat.page, where, found)
        await seat.page.keyboard.press("Escape")
    await seat.open("/desk/replies")
    await look(seat.page, "replies", found)
