"""A contact's page in a real browser: live business data, merging in a dialog, and photos opened in place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from playwright.async_api import Page, expect

from relevo.contracts.business import Record
from relevo.contracts.records import Order, Payment
from relevo.errors import BusinessUnavailable
from relevo.testing.ledger import Ledger
from tests.files import photo
from tests.integration.accessibility import complaints_of
from tests.integration.desks import at, desk_of
from tests.integration.people import contact_of, happened
from tests.integration.test_desk_in_a_browser import CHROMIUM, Office, office
from tests.integration.test_rest_attachments import said, with_files

__all__ = ["office"]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
LOOKS = (("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360))
ORDER = Order(
    id="AO-50017",
    placed_on=date(2026, 5, 1),
    promised_on=date(2026, 5, 8),
    delivered_on=None,
    seller="Aurora",
    is_third_party=False,
    items=("Kettle",),
    goods=4_900,
    delivery=500,
    currency="EUR",
    payments=(Payment(id="PAY-1", amount=5_400, method="card ending 4417"),),
)


async def test_a_person_is_seen_whole_merged_and_split(office: Office) -> None:
    """From the case by the name; the business is asked when its box is opened; merged by keyboard, and split."""
    doors, business = office.doors, office.doors.business
    business.people["C001"] = {"name": "Amina Haddad", "email": "amina@example.com"}
    await _happens(office)
    window = await office.seat()
    await window.open(f"/desk/conversations/{(await doors.conversation('rest', 'amina')).id}")
    page = window.page
    await page.locator("#contact").get_by_role("link", name="Amina Haddad").click()
    await expect(page.locator("h1")).to_have_text("Amina Haddad")
    await expect(page.locator("#life .event-encounter")).to_have_count(2)
    await expect(page.locator("#person-known .reach")).to_have_text("Seen by up to 302,000")

    await _asks_the_business(page, business)
    await page.get_by_role("button", name="Merge with another contact").click()
    dialog = page.locator("#merge-other")
    await dialog.get_by_label("The other contact").fill(f"{doors.url}/desk/contacts/{await contact_of(doors, 'bilal')}")
    await dialog.get_by_role("radio", name="A call").check()
    await dialog.get_by_label("Why, for the team").fill("<b>Same voice</b>")
    await dialog.get_by_label("Why, for the team").press("Control+Enter")
    await expect(page.locator("#life .event-merge")).to_contain_text("<b>Same voice</b>")
    await expect(page.locator("#person-known")).to_contain_text("bilal")
    await _looks_well(page, "contact")
    await _merges_the_cases(page)
    await page.get_by_role("button", name="Split").click()
    await page.locator("dialog[open] textarea").fill("Two brothers.")
    await page.locator("dialog[open] button:not([type])").click()
    await expect(page.locator("#life .event-merge")).to_have_count(4)
    assert window.complaints == []


async def test_photos_zoom_turn_and_follow_one_another_in_place(office: Office) -> None:
    """By keyboard alone, and the focus is back where it was."""
    for name, size in (("wide.jpg", (400, 200)), ("tall.jpg", (200, 400))):
        await office.doors.texts("amina", name, **with_files(said(photo(*size), name)))
    window = await office.seat()
    page = window.page
    await window.open(f"/desk/contacts/{await contact_of(office.doors, 'amina')}")
    first = page.locator("a.photo").first
    await first.focus()
    await first.press("Enter")
    dialog, image = page.locator(".viewer"), page.locator(".viewer img")
    await expect(dialog).to_contain_text("wide.jpg")
    await expect(image).to_have_css("width", "400px")
    await page.keyboard.press("+")
    await expect(image).to_have_css("width", "500px")
    await page.keyboard.press("r")
    await expect(page.locator(".viewer .frame")).to_have_css("width", "250px")
    await page.keyboard.press("0")
    await page.keyboard.press("ArrowRight")
    await expect(dialog).to_contain_text("tall.jpg")
    await _looks_well(page, "viewer")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(first).to_be_focused()
    assert len(page.context.pages) == 1
    assert window.complaints == []


async def test_what_is_pressed_while_the_page_changes_is_done(office: Office) -> None:
    """What has come meanwhile is shown once the button is let go of: a click needs it under the pointer for so long."""
    await office.doors.texts("amina", "look", **with_files(said(photo(400, 200), "wide.jpg")))
    await office.doors.texts("amina", "a person please")
    window = await office.seat()
    page = window.page
    await window.open(f"/desk/conversations/{(await office.doors.conversation('rest', 'amina')).id}")
    before = await page.locator("#looked").get_attribute("data-position") or ""
    await page.locator("#timeline a.photo").hover()
    await page.mouse.down()
    await office.doors.texts("amina", "refund my order")
    await expect(page.locator("#looked")).not_to_have_attribute("data-position", before)
    await expect(page.locator("#timeline")).not_to_contain_text("refund my order")
    await page.mouse.up()
    await expect(page.locator(".viewer")).to_contain_text("wide.jpg")
    await expect(page.locator("#timeline")).to_contain_text("refund my order")


async def _asks_the_business(page: Page, business: Ledger) -> None:
    """It is silent once, and answers when the box is opened again."""
    answers = [BusinessUnavailable()]

    async def records(kind: type[Record], ref: str) -> Sequence[Record]:
        if answers:
            raise answers.pop()
        return (ORDER,) if kind is Order else ()  # type: ignore[return-value]

    business.records = records  # type: ignore[method-assign]
    box = page.locator("#business")
    await box.locator("summary").click()
    await expect(box).to_contain_text("do not answer right now")
    await box.locator("summary").click()
    await box.locator("summary").press("Enter")
    await expect(box).to_contain_text("AO-50017")
    await expect(box).to_contain_text("a…@example.com")


async def _merges_the_cases(page: Page) -> None:
    """Bilal's goes on in Amina's and is taken out again, on the page of the case."""
    person = page.url
    await page.locator("#person-known").get_by_role("link", name="CASE-7101").click()
    await page.get_by_role("button", name="Merge a case into this one").click()
    await page.locator("#merge-case textarea").fill("One order.")
    await page.locator("#merge-case textarea").press("Control+Enter")
    await expect(page.locator("#contact")).to_contain_text("Merged into this case")
    await expect(page.locator("#case .effect .amount")).to_have_text("€90.00")
    await page.get_by_role("button", name="Split CASE-7102 off").click()
    await page.locator("dialog[open] textarea").fill("Two orders.")
    await page.locator("dialog[open] textarea").press("Control+Enter")
    await expect(page.locator("#case .effect")).to_have_count(0)
    await page.goto(person)


async def _happens(office: Office) -> None:
    doors = office.doors
    async with desk_of(doors, "Kim Doe") as kim:
        await doors.texts("amina", "a person please, my order AO-50017 did not come")
        conversation = await kim.takes("amina")
        await kim.does(f"{at(conversation)}/verify", version=conversation.control_version, business_ref="C001")
        await kim.says(conversation, "I am looking into it.")
        await doors.texts("bilal", "refund my order")
        await doors.texts("amina", "a person, it is about something else")
        await kim.does("/contacts/events", **happened(60))
        post: dict[str, Any] = {"kind": "post", "source": "x", "summary": "Nobody answers me", "answered": True}
        await kim.does("/contacts/events", **happened(30, **post, reach={"followers": 302_000}, url="https://x.com/1"))


async def _looks_well(page: Page, name: str) -> None:
    """Nothing scrolls sideways and axe is content, in every look; kept as pictures where a folder is named."""
    for scheme, width in LOOKS:
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.set_viewport_size({"width": width, "height": 820})
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (scheme, width)
        if folder := os.environ.get("RELEVO_PICTURES"):
            await page.screenshot(path=f"{folder}/{name}-{scheme}-{width}.png", full_page=True)
    assert await complaints_of(page) == []
    await page.set_viewport_size({"width": 1280, "height": 820})
    await page.emulate_media(color_scheme="light")
