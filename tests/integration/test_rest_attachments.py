"""Photos and files at the REST door: inside the message, kept once however often it is sent."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from relevo.contracts.brain import Question
from relevo.domain.attachments import MAX_FILE_BYTES
from relevo.domain.messages import Button, Content
from tests.files import PDF, SVG, ZIP, photo
from tests.integration.doors import REST, Doors, open_doors

pytestmark = pytest.mark.anyio


def said(data: bytes, name: str = "photo.jpg", mime: str = "image/jpeg") -> dict[str, str]:
    """Give a file as a caller posts it."""
    return {"name": name, "mime": mime, "data_base64": base64.b64encode(data).decode()}


def with_files(*files: Any, **rest: Any) -> dict[str, Any]:
    """Give the rest of a message that carries files."""
    return {"metadata": {"attachments": list(files)}, **rest}


async def _kept(doors: Doors) -> int:
    found: int = (await doors.opened.database.rows("SELECT count(*) FROM attachments"))[0][0]
    return found


async def test_files_reach_the_bot_and_the_timeline_and_not_the_metadata(database: str) -> None:
    """What they are is known; what they hold is not in the message any more."""

    def script(question: Question) -> str:
        return " ".join(f"{file.name} {file.mime}" for file in question.attachments)

    async with open_doors(database, script) as doors:
        files = with_files(said(photo()), said(PDF, "bill.pdf", "application/pdf"))
        files["metadata"]["page"] = "/club"
        assert await doors.texts("amina", "look", **files) == ["photo.jpg image/jpeg bill.pdf application/pdf"]
        assert dict(doors.brain.asked[0].metadata) == {"page": "/club"}
        entry = (await doors.timeline("rest", "amina"))[0]
        assert [file.mime for file in entry.content.attachments] == ["image/jpeg", "application/pdf"]


async def test_a_message_may_be_files_alone(database: str) -> None:
    """An empty text, or none, with a file is a message; nobody is taken to have typed anything."""

    def script(question: Question) -> Content:
        assert not question.text
        return Content(text=f"{len(question.attachments)} file", buttons=(Button(title="Yes", payload="/affirm"),))

    async with open_doors(database, script) as doors:
        assert await doors.texts("amina", "", **with_files(said(photo()))) == ["1 file"]
        body = {"sender": "amina", **with_files(said(photo()))}
        assert (await doors.http.post(REST, json=body)).status_code == 200


async def test_a_retry_keeps_nothing_twice_and_gets_the_same_answer(database: str) -> None:
    """After a lost answer, and at the same moment."""
    async with open_doors(database) as doors:
        files = with_files(said(photo()), said(PDF), message_id="m1")
        answers = await asyncio.gather(*(doors.texts("amina", "look", **files) for _ in range(5)))
        assert answers == [["look"]] * 5
        assert await doors.texts("amina", "look", **files) == ["look"]
        assert await _kept(doors) == 2
        assert len(doors.brain.asked) == 1


async def test_the_same_id_with_other_bytes_or_files_is_refused(database: str) -> None:
    """An id stands for one message; two senders may use the same one."""
    async with open_doors(database) as doors:
        await doors.texts("amina", "look", **with_files(said(photo()), message_id="m1"))
        for files in ([said(photo(color="red"))], [], [said(photo()), said(PDF)]):
            response = await doors.post("amina", "look", **with_files(*files, message_id="m1"))
            assert (response.status_code, response.json()["error"]["code"]) == (409, "message_id_reused")
        assert await doors.texts("bea", "look", **with_files(said(photo(color="red")), message_id="m1")) == ["look"]


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ([said(ZIP, "a.zip", "application/zip")], 415, "unsupported_file"),
        ([said(SVG, "a.svg", "image/svg+xml")], 415, "unsupported_file"),
        ([said(b"no photo")], 415, "unsupported_file"),
        ([said(b"")], 400, "empty_file"),
        ([said(PDF + bytes(MAX_FILE_BYTES))], 413, "file_too_large"),
        ([{**said(PDF), "data_base64": "not base64!"}], 400, "bad_base64"),
        ([{**said(PDF), "data_base64": "á"}], 400, "bad_base64"),
        ([said(PDF)] * 6, 400, "too_many_attachments"),
        ([{"name": "a"}], 400, "wrong_type"),
        (["a"], 400, "wrong_type"),
        ({"name": "a"}, 400, "wrong_type"),
        ([{**said(PDF), "name": 7}], 400, "wrong_type"),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_what_cannot_be_taken_is_refused_and_the_message_not_kept(
    database: str, files: Any, status: int, code: str
) -> None:
    """A message goes whole or not at all."""
    async with open_doors(database) as doors:
        response = await doors.post("amina", "look", metadata={"attachments": files})
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)
        assert "Traceback" not in response.text
        assert await doors.opened.store.desk.conversations() == []


async def test_a_file_of_the_largest_size_passes_and_text_does_not_grow_with_it(database: str) -> None:
    """Ten megabytes as base64 are taken; without files a body is as limited as before, and never above all of it."""
    async with open_doors(database) as doors:
        largest = said(PDF + bytes(MAX_FILE_BYTES - len(PDF)), "all.pdf")
        assert await doors.texts("amina", "look", **with_files(largest)) == ["look"]
        padded = await doors.post("amina", "look", metadata={"page": "y" * 1_100_000, "attachments": [said(PDF)]})
        assert (padded.status_code, padded.json()["error"]["code"]) == (413, "too_large")
        both = await doors.post("amina", "look", **with_files(largest, largest))
        assert (both.status_code, both.json()["error"]["code"]) == (413, "too_large")
