"""Photos and files in the web chat: uploaded, sent with a message once, shown again to their sender only."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from relevo.domain.attachments import MAX_FILE_BYTES
from relevo.web.limits import Places
from relevo.web.settings import WebSettings
from tests.files import HTML, PDF, SVG, ZIP, photo, picture_bomb
from tests.integration.doors import Doors, open_doors, raw_exchange

pytestmark = pytest.mark.anyio
API = "/widget/api/v1"


class Visitor:
    """A page that uploads and sends."""

    def __init__(self, doors: Doors, token: str) -> None:
        self.doors = doors
        self.token = token
        self.headers = {"Authorization": f"Bearer {token}"}

    async def tries_to_upload(self, data: Any, name: str = "photo.jpg", mime: str = "image/jpeg") -> httpx.Response:
        headers = {**self.headers, "Content-Type": mime, "X-File-Name": quote(name)}
        return await self.doors.http.post(f"{API}/attachments", content=data, headers=headers)

    async def uploads(self, data: bytes | None = None, name: str = "photo.jpg") -> dict[str, Any]:
        response = await self.tries_to_upload(data or photo(), name)
        assert response.status_code == 201, response.text
        kept: dict[str, Any] = response.json()
        return kept

    async def tries_to_send(self, cid: str, *ids: str, **rest: Any) -> httpx.Response:
        body = {"cid": cid, "attachments": list(ids), **rest}
        return await self.doors.http.post(f"{API}/messages", json=body, headers=self.headers)

    async def sends(self, cid: str, *ids: str, **rest: Any) -> dict[str, Any]:
        response = await self.tries_to_send(cid, *ids, **rest)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def opens(self, attachment_id: str, query: str = "") -> httpx.Response:
        return await self.doors.http.get(f"{API}/attachments/{attachment_id}{query}", headers=self.headers)

    async def hears(self) -> list[dict[str, Any]]:
        response = await self.doors.http.get(f"{API}/events?after=0&wait=10", headers=self.headers)
        events: list[dict[str, Any]] = response.json()["events"]
        return events


async def visitor_of(doors: Doors) -> Visitor:
    """Begin a chat."""
    return Visitor(doors, (await doors.http.post(f"{API}/session")).json()["token"])


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors whose bot repeats what it was told."""
    async with open_doors(database) as opened:
        yield opened


@pytest.fixture
async def visitor(doors: Doors) -> Visitor:
    """Somebody who chats."""
    return await visitor_of(doors)


def code_of(response: httpx.Response) -> tuple[int, str]:
    """Give status and code of a refusal, which must be a sentence."""
    error = response.json()["error"]
    assert error["message"].endswith((".", "!"))
    assert "Traceback" not in response.text
    return response.status_code, error["code"]


async def test_a_photo_goes_with_a_message_and_is_shown_again(doors: Doors, visitor: Visitor) -> None:
    """The upload has an id, the message carries it, the events show it, its sender opens it; the bot is asked once."""
    kept = await visitor.uploads(photo(40, 30, with_secrets=True), "maleta rota.jpg")
    assert (kept["name"], kept["mime"], kept["width"], kept["height"]) == ("maleta rota.jpg", "image/jpeg", 30, 40)
    await visitor.sends("c1", kept["id"], text="look")
    mine = (await visitor.hears())[0]
    assert (mine["text"], mine["attachments"]) == ("look", [kept])
    opened = await visitor.opens(kept["id"])
    assert (opened.status_code, len(opened.content)) == (200, kept["size_bytes"])
    assert b"secret" not in opened.content
    assert doors.brain.asked[0].attachments[0].name == "maleta rota.jpg"


async def test_what_is_handed_out_cannot_be_run_or_kept(visitor: Visitor) -> None:
    """Pictures in place, a PDF to be saved; sandboxed, unsniffed, in no cache; the thumbnail is a small JPEG."""
    picture = await visitor.opens((await visitor.uploads(photo(900, 600, kind="PNG"), "a “b”.png"))["id"])
    pdf = await visitor.opens((await visitor.uploads(PDF, "bill.pdf"))["id"])
    for response in (picture, pdf):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in response.headers["content-security-policy"]
        assert response.headers["cache-control"] == "no-store"
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["content-disposition"] == "inline; filename*=UTF-8''a%20%E2%80%9Cb%E2%80%9D.png"
    assert (pdf.headers["content-type"], pdf.content) == ("application/pdf", PDF)
    assert pdf.headers["content-disposition"] == "attachment; filename*=UTF-8''bill.pdf"
    small = await visitor.opens(picture.url.path.rpartition("/")[2], "?thumbnail=1")
    assert (small.headers["content-type"], small.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert code_of(await visitor.opens(pdf.url.path.rpartition("/")[2], "?thumbnail=1")) == (404, "not_found")


async def test_a_message_may_be_files_alone(doors: Doors, visitor: Visitor) -> None:
    """Without words it is still a message, with words of white space too; without both it is none."""
    first, second = await visitor.uploads(), await visitor.uploads(PDF)
    await visitor.sends("c1", first["id"], second["id"])
    mine = (await visitor.hears())[0]
    assert "text" not in mine
    assert mine["attachments"] == [first, second]
    await visitor.sends("c2", (await visitor.uploads())["id"], text="  ")
    assert code_of(await visitor.tries_to_send("c3")) == (400, "empty_text")


async def test_a_repeated_message_is_one_message(doors: Doors, visitor: Visitor) -> None:
    """A page that lost the answer sends again; with other files under the same id it is told."""
    first, second = await visitor.uploads(), await visitor.uploads()
    sent = await visitor.sends("c1", first["id"], text="look")
    assert await visitor.sends("c1", first["id"], text="look") == sent
    for ids in ((), (second["id"],), (first["id"], second["id"])):
        assert code_of(await visitor.tries_to_send("c1", *ids, text="look")) == (409, "message_id_reused")
    answers = await asyncio.gather(*(visitor.tries_to_send("c2", second["id"]) for _ in range(6)))
    assert {answer.json()["position"] for answer in answers} == {answers[0].json()["position"]}
    await doors.until("SELECT count(*) = 0 FROM inbox WHERE state <> 'settled'")
    assert len(doors.brain.asked) == 2


async def test_a_file_goes_with_one_message_only(doors: Doors, visitor: Visitor) -> None:
    """A second message with it is refused whole, also at the same moment; nothing of it is kept."""
    kept = await visitor.uploads()
    answers = await asyncio.gather(*(visitor.tries_to_send(f"c{n}", kept["id"], text="look") for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert code_of(await visitor.tries_to_send("c9", kept["id"])) == (409, "attachment_used")
    assert len([event for event in await visitor.hears() if event["author"] == "contact"]) == 1


async def test_nobody_gets_at_somebody_elses_file(doors: Doors, visitor: Visitor) -> None:
    """Neither to send nor to open it, and no answer tells whether it exists."""
    kept, stranger = await visitor.uploads(), await visitor_of(doors)
    for unknown in (kept["id"], str(uuid4())):
        assert code_of(await stranger.tries_to_send("c1", unknown, text="mine")) == (404, "unknown_attachment")
        assert code_of(await stranger.opens(unknown)) == (404, "unknown_attachment")
    nobody = await doors.http.get(f"{API}/attachments/{kept['id']}")
    assert code_of(nobody) == (401, "not_authenticated")
    assert await doors.opened.store.desk.conversations() == []


async def test_what_a_message_cannot_carry_is_refused(visitor: Visitor) -> None:
    """Six files, no ids, a payload with files."""
    ids = [(await visitor.uploads())["id"] for _ in range(6)]
    assert code_of(await visitor.tries_to_send("c1", *ids)) == (400, "too_many_attachments")
    assert code_of(await visitor.tries_to_send("c1", "no-id")) == (400, "wrong_type")
    both = await visitor.tries_to_send("c1", ids[0], payload="/affirm")
    assert code_of(both) == (400, "attachments_and_payload")
    await visitor.sends("c1", *ids[:5], ids[0])


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        ((b"", "a.jpg", "image/jpeg"), 400, "empty_file"),
        ((b"no photo", "a.jpg", "image/jpeg"), 415, "unsupported_file"),
        ((ZIP, "a.zip", "application/zip"), 415, "unsupported_file"),
        ((SVG, "a.svg", "image/svg+xml"), 415, "unsupported_file"),
        ((HTML, "a.html", "text/html"), 415, "unsupported_file"),
        ((photo()[:200], "a.jpg", "image/jpeg"), 400, "damaged_picture"),
        ((picture_bomb(), "a.png", "image/png"), 400, "picture_too_large"),
        ((PDF + bytes(MAX_FILE_BYTES), "a.pdf", "application/pdf"), 413, "file_too_large"),
    ],
    ids=lambda value: repr(value)[:24],
)
async def test_a_file_that_is_not_taken_is_refused_and_nothing_is_kept(
    doors: Doors, visitor: Visitor, file: tuple[bytes, str, str], status: int, code: str
) -> None:
    """The sentence says what is taken, and the next upload on the same connection works."""
    assert code_of(await visitor.tries_to_upload(*file)) == (status, code)
    assert await doors.opened.database.rows("SELECT 1 FROM attachments") == []
    await visitor.uploads()


async def test_the_largest_file_that_is_taken(visitor: Visitor) -> None:
    """Ten megabytes pass, in forty chunks, and come back as they were."""
    data = PDF + bytes(MAX_FILE_BYTES - len(PDF))
    assert (await visitor.opens((await visitor.uploads(data, "all.pdf"))["id"])).content == data


@pytest.mark.parametrize("has_length", [True, False])
async def test_a_body_of_200_megabytes_is_refused_early(doors: Doors, visitor: Visitor, has_length: bool) -> None:
    """With its sentence, whether or not its length was announced; it is neither read to the end nor kept in memory."""
    before, sent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    head = f"POST {API}/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {visitor.token}\r\n"
    head += "Content-Length: 200000000\r\n\r\n" if has_length else "Transfer-Encoding: chunked\r\n\r\n"
    part = bytes(500_000)
    reader, writer = await asyncio.open_connection("127.0.0.1", doors.port)
    reading = asyncio.create_task(reader.read(65_536))
    writer.write(head.encode())
    while not reading.done() and sent < 200_000_000:
        writer.write(part if has_length else b"%x\r\n%b\r\n" % (len(part), part))
        await writer.drain()
        sent += len(part)
    answer = await reading
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "file_too_large"
    assert sent < 50_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB
    writer.close()
    assert (await visitor.uploads())["mime"] == "image/jpeg"


async def test_other_doors_take_no_more_than_before(doors: Doors, visitor: Visitor) -> None:
    """Only where files are taken may a body be large."""
    body = {"cid": "1", "text": "y" * 1_100_000}
    response = await doors.http.post(f"{API}/messages", json=body, headers=visitor.headers)
    assert code_of(response) == (413, "too_large")


async def test_uploads_are_counted_across_processes(database: str) -> None:
    """So many for a visitor, so many from one address; then a sentence with the seconds to wait."""
    settings = WebSettings(uploads_per_visitor=2, uploads_per_address=3)
    async with open_doors(database, settings=settings) as doors:
        amina, bea = await visitor_of(doors), await visitor_of(doors)
        await amina.uploads()
        await amina.uploads()
        held_back = await amina.tries_to_upload(photo())
        assert code_of(held_back) == (429, "too_many_requests")
        assert int(held_back.headers["retry-after"]) >= 1
        await bea.uploads()
        assert (await bea.tries_to_upload(photo())).status_code == 429


async def test_so_many_uploads_at_once_and_no_more(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are waited for do not fill the memory; one place is free again when an upload ends."""
    taken, may_end, place = asyncio.Event(), asyncio.Event(), Places.place

    @contextmanager
    def noticed(places: Places, sentence: str) -> Iterator[None]:
        with place(places, sentence):
            taken.set()
            yield

    async def slowly() -> AsyncIterator[bytes]:
        yield photo()[:10]
        await may_end.wait()
        yield photo()[10:]

    monkeypatch.setattr(Places, "place", noticed)
    async with open_doors(database, settings=WebSettings(uploads_at_once=1)) as doors:
        visitor = await visitor_of(doors)
        slow = asyncio.create_task(visitor.tries_to_upload(slowly()))
        await asyncio.wait_for(taken.wait(), 20)
        assert (await visitor.tries_to_upload(photo())).status_code == 429
        may_end.set()
        assert (await slow).status_code == 201
        await visitor.uploads()


async def test_pages_of_other_origins_upload_only_where_allowed(database: str) -> None:
    """The preflight names the header that carries the file's name; refusals can be read too."""
    settings = WebSettings(allowed_origins=("https://shop.example",))
    async with open_doors(database, settings=settings) as doors:
        visitor = await visitor_of(doors)
        preflight = await doors.http.options(f"{API}/attachments", headers={"Origin": "https://shop.example"})
        assert preflight.status_code == 204
        assert "x-file-name" in preflight.headers["access-control-allow-headers"]
        visitor.headers["Origin"] = "https://shop.example"
        for data, status in ((photo(), 201), (ZIP, 415)):
            response = await visitor.tries_to_upload(data)
            assert response.status_code == status
            assert response.headers["access-control-allow-origin"] == "https://shop.example"
        visitor.headers["Origin"] = "https://evil.example"
        assert code_of(await visitor.tries_to_upload(photo())) == (403, "origin")


async def test_without_a_token_nothing_is_read(doors: Doors) -> None:
    """Who is nobody is told so before the file is looked at."""
    head = f"POST {API}/attachments HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    answer = await raw_exchange(doors.port, head.encode())
    assert answer.startswith(b"HTTP/1.1 401 ")
