"""Files that agents send: whoever they are for may open them, and nobody else."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from tests.files import photo
from tests.integration.composing import room
from tests.integration.desks import DeskOf, refused

pytestmark = pytest.mark.anyio
EVER, NEVER = datetime(2000, 1, 1, tzinfo=timezone.utc), datetime(2100, 1, 1, tzinfo=timezone.utc)


async def test_an_agent_sends_a_photo_that_the_contact_may_open(database: str) -> None:
    """In the web chat and by REST; known by its bytes; sent once; and nobody else may open it."""
    async with room(database) as here:
        sara, doors = here.sara, here.doors
        file = await _upload(sara, here.here, "r%C3%A9ceipt.png")
        assert (file["mime"], file["name"]) == ("image/jpeg", "réceipt.jpg")
        bad = await _post_file(sara, here.here, b"<svg onload=alert(1)>", "x.png")
        assert refused(bad) == (415, "unsupported_file")
        assert await sara.is_refused(f"{here.here}/replies", text="", client_id="c0") == (400, "empty_text")
        body = {"text": "", "client_id": "c1", "attachments": [file["id"]]}
        stolen = {**body, "client_id": "c9"}
        await here.noelia.does(f"{here.here}/put-back", version=here.amina.control_version)
        await here.kim.takes("amina")
        assert await here.kim.is_refused(f"{here.here}/replies", **stolen) == (409, "attachment_used")
        here.amina = await doors.conversation("rest", "amina")
        await here.kim.does(f"{here.here}/transfer", version=here.amina.control_version, agent_id=sara.agent.id)
        sent = await sara.does(f"{here.here}/replies", **body)
        assert await sara.does(f"{here.here}/replies", **body) == sent
        assert await sara.is_refused(f"{here.here}/replies", **{**body, "client_id": "c2"}) == (409, "attachment_used")
        heard = (await doors.post("amina", "thanks")).json()
        assert [each["attachments"][0]["id"] for each in heard if "attachments" in each] == [file["id"]]
        address = f"/webhooks/rest/attachments/{file['id']}"
        opened = await doors.http.get(address, params={"sender": "amina"})
        assert (opened.status_code, opened.headers["content-type"]) == (200, "image/jpeg")
        assert (await doors.http.get(address, params={"sender": "oliver"})).status_code == 404
        assert await doors.opened.store.attachments.unused(here.amina.id, EVER, NEVER) == ()  # it is no evidence


async def test_a_visitor_opens_what_an_agent_sent_them(database: str) -> None:
    """The web chat's own door shows it, as it shows the visitor's files."""
    async with room(database) as here:
        doors, prefix = here.doors, "/widget/api/v1"
        token = (await doors.http.post(f"{prefix}/session", json={})).json()["token"]
        visitor = {"Authorization": f"Bearer {token}"}
        await doors.http.post(f"{prefix}/messages", json={"cid": "1", "text": "hello"}, headers=visitor)
        ((number, version),) = await doors.opened.database.rows(
            "SELECT id, control_version FROM conversations WHERE channel = 'widget'"
        )
        there = f"/conversations/{number}"
        await here.sara.does(f"{there}/take-over", version=version)
        file = await _upload(here.sara, there, "ticket.png")
        await here.sara.does(f"{there}/replies", text="Your ticket", client_id="c1", attachments=[file["id"]])
        events = (await doors.http.get(f"{prefix}/events", params={"wait": 0}, headers=visitor)).json()["events"]
        assert events[-1]["attachments"][0]["id"] == file["id"]
        opened = await doors.http.get(f"{prefix}/attachments/{file['id']}", headers=visitor)
        assert opened.headers["content-type"] == "image/jpeg"


async def _post_file(desk: DeskOf, here: str, data: bytes, name: str) -> Any:
    headers = {"X-Form-Token": desk.token, "X-File-Name": name, "Content-Type": "image/png"}
    return await desk.http.post(f"/desk/api{here}/attachments", content=data, headers=headers)


async def _upload(desk: DeskOf, here: str, name: str) -> dict[str, Any]:
    answer = await _post_file(desk, here, photo(), name)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["attachment"])
