"""What axe finds wrong on a page once everything on it has stopped moving: colours are measured as they stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_STILL = """() => {
    const roots = [document, ...[...document.querySelectorAll('*')].map((each) => each.shadowRoot).filter(Boolean)]
    const moving = roots.flatMap((root) => root.getAnimations())
        .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
    return Promise.all(moving.map((each) => each.finished.catch(() => null))).then(() => true)
}"""


async def look(page: Page, where: str, found: dict[str, list[str]], *, context: str | None = None) -> None:
    """Note under `where` what axe finds wrong with a page, or with the element that `context` selects."""
    if wrong := await complaints_of(page, context=context):
        found[where] = wrong


async def complaints_of(page: Page, *, context: str | None = None) -> list[str]:
    """List what axe finds wrong, each with the element; nothing is a page that is as it should be."""
    await page.wait_for_load_state()
    await page.evaluate(_STILL)
    results: Mapping[str, Any] = (await Axe().run(page, context=context, options=_WCAG)).response
    return [
        f"{broken['id']}: {node['target']} {node['html'][:160]} {node['failureSummary']}"
        for broken in results["violations"]
        for node in broken["nodes"]
    ]
