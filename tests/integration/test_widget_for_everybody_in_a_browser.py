"""The widget for people who hear it read, see little, use no mouse or hold a phone: all is reached, axe is content."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from relevo.contracts.brain import Question
from relevo.domain.messages import Button, Content
from relevo.domain.sites import Consent, PrechatField, Site, Sites
from tests.integration.accessibility import look
from tests.integration.visits import CHROMIUM, Visit, visit_of
from tests.visitor_page import LAUNCHER

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
SITES = Sites(
    named=(
        Site(name="default", title="Aurora", languages=("es", "en"), suggestions=({"es": "¿Dónde?", "en": "Where?"},)),
        Site(
            name="asks",
            languages=("en",),
            default_language="en",
            prechat=(PrechatField(name="email", label={"en": "E-mail"}, type="email", is_required=True),),
            consent=Consent(text={"en": "You keep what I say."}, url="https://shop.example/privacy"),
        ),
    )
)
FORM = {
    "kind": "form",
    "id": "claim",
    "title": "Your claim",
    "fields": [
        {"name": "day", "label": "Day", "type": "date", "required": True},
        {"name": "amount", "label": "Amount", "type": "amount", "required": True, "currency": "EUR", "max": 500},
        {"name": "how", "label": "How", "type": "choice", "options": [{"value": "a", "title": "Card"}]},
    ],
}
CARDS = {
    "kind": "cards",
    "cards": [
        {"title": "Card", "text": "Three days", "buttons": [{"title": "Take it", "payload": "/affirm"}]},
        {"title": "Voucher", "buttons": [{"title": "Read", "url": "https://a.example"}]},
    ],
}
FOCUS = """() => {
  let at = document.activeElement;
  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const style = getComputedStyle(at.closest(".field") && at.tagName === "TEXTAREA" ? at.closest(".field") : at);
  const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none";
  return [at.getAttribute("aria-label") || at.id || at.textContent, isSeen];
}"""


def _script(question: Question) -> Content:
    if question.text == "form":
        return Content(text="Tell me **more**:", custom=FORM)
    if question.text == "cards":
        return Content(text="Choose:", custom=CARDS)
    return Content(text=f"You said <{question.text}>", buttons=(Button(title="Yes", payload="/affirm"),))


async def test_axe_finds_nothing_in_any_state(database: str) -> None:
    """Closed, open, asked before, refused, offline, dark, right to left, 320 px wide; forms, cards and the menu too."""
    found: dict[str, list[str]] = {}
    async with visit_of(database, _script, sites=SITES) as visit:
        await visit.page.goto("/")
        await look(visit.page, "closed", found, context="relevo-chat")
        await visit.page.locator(LAUNCHER).click()
        await expect(visit.page.locator("#chat-text")).to_be_focused()
        await look(visit.page, "open", found, context="relevo-chat")
        await _talk(visit, found)
        await _change_looks(visit, found)
        await _be_refused(visit, found)
    assert found == {}


async def _talk(visit: Visit, found: dict[str, list[str]]) -> None:
    for number, text in enumerate(("form", "cards"), 1):
        await visit.say(text)
        await expect(visit.page.locator("#chat-log .message.bot")).to_have_count(number)
        await expect(visit.page.locator(".form, .cards").last).to_be_visible()
        await look(visit.page, text, found, context="relevo-chat")
    await visit.page.get_by_role("button", name="Options").click()
    await look(visit.page, "menu", found, context="relevo-chat")
    await visit.page.keyboard.press("Escape")


async def _change_looks(visit: Visit, found: dict[str, list[str]]) -> None:
    page = visit.page
    await page.emulate_media(color_scheme="dark")
    await look(page, "dark", found, context="relevo-chat")
    await page.evaluate("document.querySelector('relevo-chat').setAttribute('locale', 'ar')")
    await expect(page.locator(".frame")).to_have_attribute("dir", "rtl")
    await page.emulate_media(color_scheme="light")
    await look(page, "right to left", found, context="relevo-chat")
    await page.set_viewport_size({"width": 320, "height": 640})
    await look(page, "320 px", found, context="relevo-chat")
    await visit.context.set_offline(True)
    await visit.say("hello")
    await expect(page.locator("#chat-offline")).to_be_visible(timeout=20_000)
    await look(page, "offline", found, context="relevo-chat")
    await visit.context.set_offline(False)


async def _be_refused(visit: Visit, found: dict[str, list[str]]) -> None:
    page = visit.page
    await page.goto("/chat/asks")
    await page.get_by_role("button", name="Start chat").click()
    await expect(page.locator(".wrong")).to_have_count(2)
    await look(page, "asked before", found, context="relevo-chat")
    await page.route("**/sites/*", lambda route: route.abort())
    await page.evaluate("localStorage.clear()")
    await page.goto("/")
    await page.locator(LAUNCHER).click()
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()
    await look(page, "error", found, context="relevo-chat")


async def _walk(visit: Visit, steps: int) -> list[str]:
    reached = []
    for _ in range(steps):
        await visit.page.keyboard.press("Tab")
        name, is_seen = await visit.page.evaluate(FOCUS)
        assert is_seen, f"no visible focus on {name}"
        reached.append(name)
    return reached


async def test_every_action_is_reached_by_keyboard_and_focus_comes_back(database: str) -> None:
    """The button opens, focus is where one writes, Tab goes on in order, Escape closes and gives the focus back."""
    async with visit_of(database, _script, sites=SITES) as visit:
        page = visit.page
        await page.goto("/")
        launcher = page.get_by_role("button", name="Open chat", exact=True)
        await launcher.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#chat-text")).to_be_focused()
        await page.keyboard.type("hello")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Yes")).to_be_visible()
        assert await _walk(visit, 2) == ["Send", "Close chat"]
        await page.locator("#chat-title").focus()
        assert await _walk(visit, 4) == ["Options", "Close", "Conversation", "Yes"]
        await page.get_by_role("button", name="Options").press("Enter")
        await expect(page.get_by_role("button", name="Español")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="Options")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(launcher).to_be_focused()
        await expect(page.locator("#chat-text")).to_have_count(0)
        assert await page.locator(LAUNCHER).get_attribute("aria-expanded") == "false"


async def test_on_a_phone_it_is_the_whole_screen_and_keeps_the_focus(database: str) -> None:
    """Modal there: Tab goes round inside; letters are large enough that no browser zooms in."""
    async with visit_of(database, _script, width=390, sites=SITES) as visit:
        await visit.open()
        frame, page = visit.page.locator(".frame"), visit.page
        assert await frame.get_attribute("aria-modal") == "true"
        await page.wait_for_timeout(350)  # it has risen
        assert await frame.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 800}
        assert await page.locator("#chat-text").evaluate("field => parseFloat(getComputedStyle(field).fontSize)") >= 16
        await page.get_by_role("button", name="Send", exact=True).focus()
        assert await _walk(visit, 1) == ["Options"]
        await page.keyboard.press("Shift+Tab")
        assert (await page.evaluate(FOCUS))[0] == "Send"


async def test_a_form_says_what_is_wrong_and_sends_what_a_person_would_write(database: str) -> None:
    """The first wrong field has the focus; what is right goes as one sentence, and the form is closed."""
    async with visit_of(database, _script) as visit:
        page = visit.page
        await visit.open()
        await visit.say("form")
        await page.get_by_label("Day").fill("2026-03-01")
        await page.get_by_label("Amount").fill("600")
        await page.locator(".form .primary").click()
        await expect(page.get_by_label("Amount")).to_be_focused()
        await expect(page.locator(".form .wrong")).to_have_text("At most 500, please.")
        await page.get_by_label("Amount").fill("1.50")
        await page.get_by_label("Card").check()
        await page.locator(".form .primary").click()
        await expect(page.locator("#chat-log .contact .bubble").last).to_have_text(
            "Day: 2026-03-01; Amount: 1.50 EUR; How: Card"
        )
        await expect(page.locator("form.form")).to_have_count(0)
