"""Attaching photos in Aurora's chat, in a real browser: chosen, dropped, pasted, sent, seen again, refused in words."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from relevo.contracts.brain import Question
from relevo.domain.messages import Content
from tests.files import PDF, ZIP, document, photo
from tests.integration.visits import CHROMIUM, Visit, sign_in_to_desk, visit_of

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
BUSY = "".join(
    f"try {{ {wish}; }} catch (error) {{}} "
    for wish in ("this.submitForm('/desk/logout')", "app.launchURL('/desk/evil')", "app.alert('ran')")
)
HAND_OVER = """([event, target, data]) => {
  const files = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  files.items.add(new File([bytes], "photo.jpg", { type: "image/jpeg" }));
  const how = { bubbles: true, cancelable: true };
  const made = event === "paste" ? new ClipboardEvent(event, { ...how, clipboardData: files })
    : new DragEvent(event, { ...how, dataTransfer: files });
  document.querySelector("relevo-chat").shadowRoot.querySelector(target).dispatchEvent(made);
}"""


def _script(question: Question) -> Content:
    return Content(text=f"{len(question.attachments)} with <{question.text}>")


@asynccontextmanager
async def _visit(database: str, **rest: str) -> AsyncIterator[Visit]:
    async with visit_of(database, _script, **rest) as visit:  # type: ignore[arg-type]
        await visit.open()
        yield visit


def _file(data: bytes, name: str = "photo.jpg", mime: str = "image/jpeg") -> FilePayload:
    return {"name": name, "mimeType": mime, "buffer": data}


async def _choose(page: Page, *files: FilePayload) -> None:
    await page.locator("#chat-pick").set_input_files(list(files))


async def _hold_uploads(page: Page) -> asyncio.Queue[Route]:
    """Let uploads neither arrive nor fail, and give them to be let through."""
    held: asyncio.Queue[Route] = asyncio.Queue()
    await page.route("**/attachments", held.put_nowait)
    return held


async def _expect_ready(page: Page, count: int = 1) -> None:
    await expect(page.locator("#chat-tray [data-state=ready]")).to_have_count(count)


async def _expect_loaded(page: Page, count: int, where: str = "#chat-log") -> None:
    await expect(page.locator(f"{where} canvas[data-loaded], {where} img")).to_have_count(count)
    for image in await page.locator(f"{where} img").all():
        await expect(image).not_to_have_js_property("naturalWidth", 0)


async def test_a_photo_is_sent_and_still_there_after_a_reload(database: str) -> None:
    """With words or alone; the thumbnail comes from the server, and no policy of the page is violated."""
    async with _visit(database) as visit:
        await _choose(visit.page, _file(photo(1200, 900)), _file(PDF, "bill.pdf", "application/pdf"))
        await _expect_ready(visit.page, 2)
        await visit.say("look")
        await visit.expect_said("look", "2 with <look>")
        await expect(visit.page.locator("#chat-tray")).to_be_hidden()
        await _choose(visit.page, _file(photo(90, 60)))
        await _expect_ready(visit.page)
        await visit.page.get_by_role("button", name="Send", exact=True).click()
        await visit.expect_said("look", "2 with <look>", "1 with <>")
        await visit.open()
        await visit.expect_said("look", "2 with <look>", "1 with <>")
        await _expect_loaded(visit.page, 2)
        await expect(visit.page.get_by_role("button", name="Open: File bill.pdf")).to_be_visible()
        assert visit.complaints == []


async def test_a_photo_opens_large_and_closes_by_keyboard(database: str) -> None:
    """Tab, Enter, Escape; focus comes back to where it was. A PDF is saved under its own name."""
    async with _visit(database) as visit:
        await _choose(visit.page, _file(photo(1200, 900)), _file(PDF, "bill.pdf", "application/pdf"))
        await _expect_ready(visit.page, 2)
        await visit.say("look")
        picture = visit.page.get_by_role("button", name="Open: Photo photo.jpg")
        await picture.focus()
        await visit.page.keyboard.press("Enter")
        large = visit.page.get_by_role("img", name="Photo: photo.jpg")
        await expect(large).to_have_js_property("width", 1200)
        await visit.page.keyboard.press("Escape")
        await expect(large).to_be_hidden()
        await expect(picture).to_be_focused()
        async with visit.page.expect_download() as saved:
            await visit.page.get_by_role("button", name="bill.pdf").click()
        assert (await saved.value).suggested_filename == "bill.pdf"


async def test_the_focus_stays_when_the_server_has_the_message(database: str) -> None:
    """Whoever goes on with the keyboard at once is not thrown back to the top of the page."""
    async with _visit(database) as visit:
        await _choose(visit.page, _file(photo()))
        await _expect_ready(visit.page)
        held: asyncio.Queue[Route] = asyncio.Queue()
        await visit.page.route("**/messages", held.put_nowait)
        await visit.say("look")
        message = await asyncio.wait_for(held.get(), 20)
        picture = visit.page.get_by_role("button", name="Open: Photo photo.jpg")
        await picture.focus()
        await message.continue_()
        await visit.expect_said("look", "1 with <look>")
        await expect(picture).to_be_focused()


@pytest.mark.parametrize(("event", "target"), [("drop", "#chat-scroll"), ("paste", "#chat-text")])
async def test_a_photo_may_be_dropped_or_pasted(database: str, event: str, target: str) -> None:
    """As people do it with a mouse or from a screenshot."""
    async with _visit(database) as visit:
        await visit.page.evaluate(HAND_OVER, [event, target, base64.b64encode(photo()).decode()])
        await _expect_ready(visit.page)
        await visit.say("look")
        await visit.expect_said("look", "1 with <look>")


async def test_a_file_that_is_not_taken_says_so_and_can_be_taken_away(database: str) -> None:
    """In the page's own language, without keeping the rest from being sent; the size is known before it is uploaded."""
    async with _visit(database, language="es-ES") as visit:
        too_large = _file(bytes(10 * 1024 * 1024 + 1), "grande.jpg")
        await _choose(visit.page, _file(ZIP, "datos.zip", "application/zip"), too_large, _file(photo()))
        await _expect_ready(visit.page)
        alerts = visit.page.locator("#chat-tray [role=alert]")
        await expect(alerts).to_have_text([re.compile("No se admite.*JPEG.*PDF"), re.compile("más de 10 MB.*captura")])
        await visit.say("mira")
        await visit.expect_said("mira", "1 with <mira>")
        await visit.page.get_by_role("button", name="Quitar: datos.zip").click()
        await visit.page.get_by_role("button", name="Quitar: grande.jpg").click()
        await expect(visit.page.locator("#chat-tray")).to_be_hidden()
        await expect(visit.page.locator("#chat-text")).to_be_focused()


async def test_more_than_five_files_wait_for_the_next_message(database: str) -> None:
    """The sixth is told at once, before anything is sent."""
    async with _visit(database) as visit:
        await _choose(visit.page, *[_file(photo(), f"{number}.jpg") for number in range(6)])
        await _expect_ready(visit.page, 5)
        await expect(visit.page.locator("#chat-tray [role=alert]")).to_have_text("At most 5 files go with one message.")
        await visit.say("look")
        await visit.expect_said("look", "5 with <look>")


async def test_words_wait_for_the_photo_that_belongs_to_them(database: str) -> None:
    """Sent while the upload runs, the message goes as soon as that has ended, once."""
    async with _visit(database) as visit:
        held = await _hold_uploads(visit.page)
        await _choose(visit.page, _file(photo()))
        await visit.say("look")
        await expect(visit.page.locator("#chat-uploading")).to_be_visible()
        await expect(visit.page.locator("#chat-log .bubble")).to_have_count(0)
        await visit.page.locator("#chat-text").press("Enter")
        await (await asyncio.wait_for(held.get(), 20)).continue_()
        await visit.expect_said("look", "1 with <look>")
        await expect(visit.page.locator("#chat-uploading")).to_be_hidden()


async def test_an_upload_can_be_cancelled_and_tried_again(database: str) -> None:
    """A broken connection is said, and one click repeats it; what was taken away is not sent."""
    async with _visit(database) as visit:
        await visit.page.route("**/attachments", lambda route: route.abort())
        await _choose(visit.page, _file(photo()))
        await expect(visit.page.locator("#chat-tray [role=alert]")).to_have_text("The connection broke. Try again.")
        await visit.page.unroute("**/attachments")
        await visit.page.get_by_role("button", name="Try again").click()
        await _expect_ready(visit.page)
        await _hold_uploads(visit.page)
        await _choose(visit.page, _file(photo(), "other.jpg"))
        await visit.page.get_by_role("button", name="Remove: other.jpg").click()
        await visit.say("look")
        await visit.expect_said("look", "1 with <look>")


async def test_what_was_erased_is_no_hole_in_the_page(database: str) -> None:
    """In place of the picture stands that it is no longer kept."""
    async with _visit(database) as visit:
        await _choose(visit.page, _file(photo()))
        await _expect_ready(visit.page)
        await visit.say("look")
        await visit.expect_said("look", "1 with <look>")
        await visit.doors.opened.database.run("UPDATE attachments SET erased_at = now()")
        await visit.open()
        await expect(visit.page.locator("#chat-log .files button")).to_contain_text("No longer kept")
        await expect(visit.page.locator("#chat-log .files button")).to_be_disabled()


async def test_the_first_files_of_a_new_visitor_are_all_one_visitors(database: str) -> None:
    """Three uploads at once begin one session, so that one message may carry them."""
    async with _visit(database) as visit:
        await _choose(visit.page, *[_file(photo(), f"{number}.jpg") for number in range(3)])
        await _expect_ready(visit.page, 3)
        await visit.say("look")
        await visit.expect_said("look", "3 with <look>")
        ((visits,),) = await visit.doors.opened.database.rows("SELECT count(*) FROM visits")
        assert visits == 1


async def test_an_agent_sees_photos_and_documents_in_the_transcript(database: str) -> None:
    """A thumbnail opens the picture in its place, then the bill; the page's policy is not violated."""
    async with _visit(database) as visit:
        bill = _file(document(BUSY), "bill.pdf", "application/pdf")
        await _choose(visit.page, _file(photo(1200, 900), "suitcase.jpg"), bill)
        await _expect_ready(visit.page, 2)
        await visit.say("look")
        await visit.expect_said("look", "2 with <look>")
        (line,) = await visit.doors.opened.store.desk.conversations()
        await sign_in_to_desk(visit)
        await visit.page.goto(f"/desk/conversations/{line.id}")
        await _expect_loaded(visit.page, 1, ".timeline")
        await visit.page.get_by_role("link", name="Photo: suitcase.jpg").click()
        await _expect_loaded(visit.page, 1, "dialog.viewer")
        await _reads_the_document(visit)
        assert visit.complaints == []


async def _reads_the_document(visit: Visit) -> None:
    """Whatever a bill wants to do when it is opened comes to nothing; Tab leads out, and Esc gives the focus back."""
    page, asked = visit.page, list[str]()
    page.on("request", lambda request: asked.append(request.url))
    async with page.expect_event("dialog") as wanted:  # its last wish: then it had the others
        page.on("dialog", lambda dialog: asyncio.create_task(dialog.dismiss()))
        await page.keyboard.press("ArrowRight")
    assert (await wanted.value).message == "ran"
    paper = page.locator("dialog.viewer iframe")
    box = await paper.bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.25 * box["height"])
    await expect(paper).to_be_focused()
    wanted_by_it = [url for url in asked if "logout" in url or "evil" in url or "attachments/" in url]
    assert set(wanted_by_it) == {await paper.get_attribute("src")}
    assert await page.evaluate("window.stolen") is None
    for _ in range(30):
        await page.keyboard.press("Tab")
        await page.keyboard.press("Escape")  # within the document it does nothing
        if not await page.locator("dialog.viewer").evaluate("(dialog) => dialog.open"):
            break
    await expect(page.get_by_role("link", name="suitcase.jpg")).to_be_focused()
    await expect(paper).to_have_count(0)
    seen = await visit.doors.opened.database.rows("SELECT is_thumbnail FROM attachment_views ORDER BY id")
    assert seen == [(True,), (False,), (False,)]
