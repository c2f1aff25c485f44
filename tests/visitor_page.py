"""The visitor's side of a browser test: the demo company's page with its chat, driven by what a person sees."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

LAUNCHER = "relevo-chat .launcher"
LOG, TEXT, PICK, READY = "#chat-log", "#chat-text", "#chat-pick", "#chat-tray [data-state=ready]"


def open_chat(page: Page, text: str) -> Locator:
    """Go to the demo page, open its chat, write into it, and give the log."""
    page.goto("/")
    page.locator(LAUNCHER).click()
    writes(page, text)
    return page.locator(LOG)


def writes(page: Page, text: str) -> None:
    """Write one message and send it."""
    page.locator(TEXT).fill(text)
    page.locator(TEXT).press("Enter")
