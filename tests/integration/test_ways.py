"""Replies by another way: to whom they may go, until when, and that what holds for every reply holds for them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from relevo.contracts.reaching import REACHES, Reach
from tests.files import photo
from tests.integration.composing import Room, room
from tests.integration.desks import DeskOf

pytestmark = pytest.mark.anyio
ADDRESS = "amina@example.com"


async def test_a_reply_goes_by_mail_to_the_address_on_file_of_whom_it_is_proven_to_be(database: str) -> None:
    """Never before that, never elsewhere; undone it is a draft where it was written; sent it stands there, too."""
    async with room(database) as here:
        sara, doors, to = here.sara, here.doors, {"way": "mail", "client_id": "m0", "text": "Paid back today"}
        assert await way(here, "mail") == ("mail_off", "")
        doors.app.ctx.services = replace(doors.app.ctx.services, mail_company="Aurora")
        doors.business.people["C001"] = {"name": "Amina", "email": "Amina@Example.com"}
        assert await way(here, "mail") == ("not_verified", "")
        assert await sara.is_refused(f"{here.here}/replies", **to) == (409, "way_not_verified")
        await sara.does(f"{here.here}/verify", version=here.amina.control_version, business_ref="C001")
        assert await way(here, "mail") == (None, "a…@example.com")
        assert await here.kim.is_refused(f"{here.here}/replies", **to) == (409, "not_in_control")
        file = await upload(sara, here.here)
        refusal = await sara.is_refused(f"{here.here}/replies", **to, attachments=[file])
        assert refusal == (409, "mail_takes_no_files")
        await undone_it_is_a_draft_and_sent_it_stands_in_both(here, to)
        await answered_though_verification_ended(here, to)


async def undone_it_is_a_draft_and_sent_it_stands_in_both(here: Room, to: dict[str, Any]) -> None:
    """What was written since stops it; its words stand where they went out, and are shown where they were written."""
    sara, doors = here.sara, here.doors
    before = await here.position()
    await doors.post("amina", "are you there?")
    refusal = await sara.post(f"{here.here}/replies", **to, seen=before)
    assert refusal.json()["error"]["code"] == "seen_since"
    held = await sara.does(f"{here.here}/replies", **to, may_undo=True)
    assert [each["channel"] for each in (await here.composer())["being_sent"]] == ["email"]
    assert "by E-mail" in await sara.page(f"/desk{here.here}")
    await sara.does(f"{here.here}/replies/undo", client_id="m0")
    assert [draft["text"] for draft in (await here.composer())["drafts"]] == ["Paid back today"]
    assert await doors.timeline("email", ADDRESS) == []
    await sara.does(f"{here.here}/replies", **to, may_undo=True)
    await sara.does(f"{here.here}/replies", **to, may_undo=True)  # pressed twice
    assert await here.send_due()
    doors.business.people["C001"] = {"email": ""}
    again = await sara.does(f"{here.here}/replies", **to)  # it went out before: nobody asks for the address again
    assert (again["conversation_id"], again["position"]) == (held["conversation_id"], 1)
    doors.business.people["C001"] = {"email": ADDRESS}
    (mail,) = await doors.timeline("email", ADDRESS)
    case = (await sara.get(here.here))["cases"][0]["id"]
    assert (mail.author.value, mail.content.text, mail.content.subject) == (
        "agent",
        "Paid back today",
        f"Your case {case}",
    )
    assert (await sara.get("/counts"))["views"]["waiting"] == 1  # she has an answer, though by another way
    assert "Paid back today" not in await doors.texts("amina", "hello?")
    page = await sara.page(f"/desk{here.here}")
    assert page.count("Paid back today") == 1
    assert f"/desk/conversations/{held['conversation_id']}#at-1" in page
    life = await sara.page(f"/desk/contacts/{here.amina.identity.contact_id}")
    assert life.count("Paid back today") == 1


async def answered_though_verification_ended(here: Room, to: dict[str, Any]) -> None:
    """What is still open was asked by whom it was proven then; another address, and another person's, get nothing."""
    sara, doors, database = here.sara, here.doors, here.doors.opened.database
    await database.run("UPDATE identities SET verified_until = now() - interval '1 minute' WHERE channel = 'rest'")
    await database.run("UPDATE cases SET business_ref = NULL")
    assert await way(here, "mail") == ("not_verified", "")
    await database.run("UPDATE cases SET business_ref = 'C001'")
    assert await way(here, "mail") == (None, "a…@example.com")
    there = await doors.conversation("email", ADDRESS)
    doors.business.people["C001"] = {"email": "new@example.com"}
    assert await way(here, str(there.id)) == ("goes_to_file", ADDRESS)
    await sara.does(f"/conversations/{there.id}/take-over", version=there.control_version)
    refusal = await sara.is_refused(f"/conversations/{there.id}/replies", text="Old", client_id="o1")
    assert refusal == (409, "way_goes_to_file")
    await database.run(
        "WITH eve AS (INSERT INTO contacts (display_name) VALUES ('Eve') RETURNING id)"
        " INSERT INTO identities (contact_id, channel, address) SELECT id, 'email', 'new@example.com' FROM eve"
    )
    assert await sara.is_refused(f"{here.here}/replies", **{**to, "client_id": "m2"}) == (409, "another_contact")
    doors.business.people["C001"] = {"email": ""}
    assert await sara.is_refused(f"{here.here}/replies", **{**to, "client_id": "m2"}) == (409, "way_no_address")
    del doors.business.people["C001"]
    assert await sara.is_refused(f"{here.here}/replies", **{**to, "client_id": "m2"}) == (409, "way_no_address")
    assert await doors.opened.store.conversations.find("email", "new@example.com") is None


async def test_a_reply_goes_to_another_conversation_of_the_same_person_and_takes_it_over(database: str) -> None:
    """Within its window and not under a colleague's hands; with files; and when it cannot go, its words come home."""
    async with room(database) as here:
        sara, doors = here.sara, here.doors
        visitor, there = await chat_of_the_same_person(here)
        ways = (await sara.get(f"{here.here}/ways"))["ways"]
        assert [(each["channel"], each["is_here"], each["takes_over"]) for each in ways] == [
            ("rest", True, False),
            ("widget", False, True),
            ("email", False, False),
        ]
        assert ways[1]["open_until"]
        kims = (await here.kim.get(f"{here.here}/ways"))["ways"]
        assert [each["why_not"] for each in kims] == ["with_a_colleague", "with_a_colleague", "mail_off"]
        assert "open until" in await sara.page(f"/desk{here.here}")
        to = {"way": there, "client_id": "w1", "text": "Here is your ticket", "may_undo": True}
        await sara.does(f"{here.here}/replies", **to, attachments=[await upload(sara, here.here)])
        assert await here.send_due()
        heard = (await doors.http.get("/widget/api/v1/events", params={"wait": 0}, headers=visitor)).json()["events"]
        assert [each["text"] for each in heard[-2:]] == [
            "Sara Molina is with you now and has everything you've written.",
            "Here is your ticket",
        ]
        opened = await doors.http.get(
            f"/widget/api/v1/attachments/{heard[-1]['attachments'][0]['id']}", headers=visitor
        )
        assert opened.headers["content-type"] == "image/jpeg"
        assert await way(here, there) == (None, ways[1]["address"])
        back = (await sara.get(f"/conversations/{there}/ways"))["ways"]
        assert [each["why_not"] for each in back] == [None, "answers_when_asked", "mail_off"]
        await sara.does(f"{here.here}/replies", **{**to, "client_id": "w2", "text": "One more thing"})
        await doors.opened.database.run(
            "UPDATE conversations SET agent_id = %s WHERE id = %s", (here.kim.agent.id, there)
        )
        assert await here.send_due()
        (draft,) = (await here.composer())["drafts"]
        assert (draft["text"], draft["was_not_sent"]) == ("One more thing", True)
        await closed_in_every_way(here, there, to)


async def closed_in_every_way(here: Room, there: str, to: dict[str, Any]) -> None:
    """Each reason by name, and a sentence; somebody else's conversation is no way at all."""
    sara, database = here.sara, here.doors.opened.database
    for change, reason in (
        ("SELECT", "with_a_colleague"),
        ("UPDATE conversations SET control = 'bot', agent_id = NULL WHERE channel = 'widget'", None),
        (Reach(window_seconds=3600), None),
        (Reach(window_seconds=0), "window_over"),
        (None, "not_configured"),
        ("UPDATE visits SET expires_at = now()", "session_over"),
        ("UPDATE identities SET business_ref = channel", "another_person"),
    ):
        reach = {"widget": change} if isinstance(change, Reach) else {} if change is None else REACHES
        here.doors.app.ctx.services = replace(here.doors.app.ctx.services, reaches=reach)
        await database.run(change if isinstance(change, str) else "SELECT")
        assert (await way(here, there))[0] == reason
    assert await sara.is_refused(f"{here.here}/replies", **{**to, "client_id": "w4"}) == (409, "way_another_person")
    await database.run(
        "UPDATE identities SET contact_id = (SELECT id FROM contacts WHERE id <> contact_id LIMIT 1)"
        " WHERE channel = 'widget'"
    )
    assert await sara.is_refused(f"{here.here}/replies", **{**to, "client_id": "w5"}) == (404, "no_such_way")


async def chat_of_the_same_person(here: Room) -> tuple[dict[str, str], str]:
    """Have Amina write in the web chat too, and give how her browser comes in and the conversation's number."""
    http, database = here.doors.http, here.doors.opened.database
    token = (await http.post("/widget/api/v1/session", json={})).json()["token"]
    visitor = {"Authorization": f"Bearer {token}"}
    await http.post("/widget/api/v1/messages", json={"cid": "1", "text": "hello"}, headers=visitor)
    await here.doors.until(
        "SELECT count(*) = 2 FROM entries e JOIN conversations c ON c.id = e.conversation_id"
        " WHERE c.channel = 'widget' AND e.kind = 'message'"
    )
    await database.run(
        "UPDATE identities SET contact_id = (SELECT contact_id FROM identities WHERE channel = 'rest')"
        " WHERE channel = 'widget'"
    )
    ((number,),) = await database.rows("SELECT id FROM conversations WHERE channel = 'widget'")
    return visitor, str(number)


async def way(here: Room, name: str) -> tuple[str | None, str]:
    """Give why a way is closed, and its address."""
    found = {each["id"]: each for each in (await here.sara.get(f"{here.here}/ways"))["ways"]}[name]
    assert found["may_write"] is (found["why_not"] is None)
    return found["why_not"], found["address"]


async def upload(desk: DeskOf, here: str) -> str:
    """Attach a photo to what is being written."""
    headers = {"X-Form-Token": desk.token, "X-File-Name": "ticket.png", "Content-Type": "image/png"}
    answer = await desk.http.post(f"/desk/api{here}/attachments", content=photo(), headers=headers)
    return str(answer.json()["attachment"]["id"])
