"""The whole relay as people see it: a visitor in the chat, a person at the desk, real processes, real Chromium."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.acceptance.desk import password_of
from tests.files import photo
from tests.processes import Installation
from tests.visitor_page import LOG, PICK, READY, open_chat, writes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.processes,
    pytest.mark.browser,
    pytest.mark.timeout(480),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]

UNDO_SECONDS = 5
"""As long as an agent may take a reply back, nobody else reads it."""
LOCALES = {"es": "es-ES", "en": "en-GB"}
POINTS = {
    "en": ("My points for flight AU3411 are missing. I am AU73915024, booking OWH5T4", "5,345 points"),
    "es": ("Me faltan los puntos del vuelo AU3411. Soy AU73915024, reserva OWH5T4", "5.345 puntos"),
}
SEND = {"en": "Send", "es": "Enviar"}
APPROVE = {"en": re.compile("Approve 1,245 points"), "es": re.compile("Aprobar 1.245 puntos")}
PERSON = {"en": "let me talk to a person", "es": "quiero hablar con una persona"}
TAKE_OVER = {"en": "Take over", "es": "Tomar la conversación"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def window(browser: Browser, aurora: Installation, language: str) -> Page:
    """Open a window of somebody who reads this language."""
    return browser.new_context(base_url=aurora.url, locale=LOCALES[language]).new_page()


def desk(browser: Browser, aurora: Installation, language: str) -> Page:
    """Open Sara's desk."""
    page = window(browser, aurora, language)
    page.goto("/desk")
    page.locator("[name=email]").fill("sara@aurora.example")
    page.locator("[name=password]").fill(password_of(aurora))
    page.locator("main button").click()
    expect(page.locator("#cases")).to_be_visible()
    return page


def chat(browser: Browser, aurora: Installation, language: str, text: str) -> Page:
    """Open the demo page and write into its chat."""
    page = window(browser, aurora, language)
    open_chat(page, text)
    return page


def test_a_photo_in_the_chat_and_one_click_at_the_desk_credit_the_points(
    aurora: Installation, browser: Browser, language: str
) -> None:
    """Two messages by the visitor, one click by Sara, and the visitor sees the new balance within two seconds."""
    request, balance = POINTS[language]
    visitor = chat(browser, aurora, language, request)
    expect(visitor.locator(LOG)).to_contain_text("WHITFIELD/OLLIE")
    visitor.locator(PICK).set_input_files({"name": "passport.jpg", "mimeType": "image/jpeg", "buffer": photo(900, 600)})
    expect(visitor.locator(READY)).to_have_count(1)
    visitor.get_by_role("button", name=SEND[language], exact=True).click()
    expect(visitor.locator(LOG)).to_contain_text("CASE-")
    sara = desk(browser, aurora, language)
    sara.locator("#cases .lines a", has_text="Oliver James Whitfield").click()
    expect(sara.locator("#case")).to_contain_text("WHITFIELD/OLLIE")
    expect(sara.locator("#case")).to_contain_text("Oliver James Whitfield")
    sara.get_by_role("button", name=APPROVE[language]).click()
    clicked_at = time.monotonic()
    expect(visitor.locator(LOG)).to_contain_text(balance, timeout=10_000)
    seconds = time.monotonic() - clicked_at
    print(f"\n{language}: seen {seconds:.2f} s after the click")
    assert seconds < 2


def test_a_person_takes_over_in_the_browser_and_the_visitor_reads_their_words(
    aurora: Installation, browser: Browser, language: str
) -> None:
    """Asked for in the chat, taken over at the desk, answered: the bot says nothing in between."""
    sara = desk(browser, aurora, language)
    visitor = chat(browser, aurora, language, PERSON[language])
    expect(visitor.locator(LOG)).to_contain_text("CASE-")
    sara.locator("#cases .lines a", has_text=PERSON[language]).click()
    sara.get_by_role("button", name=TAKE_OVER[language]).click()
    expect(visitor.locator(LOG)).to_contain_text("Sara Molina")
    reply = sara.locator("textarea[name=text]").first
    reply.fill("Sara: aquí estoy / here I am")
    reply.press("Control+Enter")
    expect(visitor.locator(LOG)).to_contain_text("here I am", timeout=UNDO_SECONDS * 1000 + 5000)
    bubbles = visitor.locator(f"{LOG} .bubble").count()
    writes(visitor, "gracias / thanks")
    expect(sara.locator(".timeline")).to_contain_text("gracias / thanks")
    assert visitor.locator(f"{LOG} .bubble").count() == bubbles + 1, "only the visitor's own words were added"
