"""Photos and files at the desk: seen by agents alone, each view written down, identity documents while needed."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from relevo.contracts.brain import Question
from relevo.contracts.runtime import current
from relevo.domain.attachments import AttachmentKind
from relevo.domain.cases import Trigger
from relevo.domain.conversations import Control
from relevo.domain.effects import Decision
from relevo.store.sealing import Sealer
from relevo.web.origins import token_hash
from relevo.web.passwords import hash_password
from tests.files import PDF, photo
from tests.integration.doors import KEY, Doors, open_doors

pytestmark = pytest.mark.anyio
TOKEN = "kim's session"
KIM = {"Cookie": f"relevo_desk={TOKEN}", "Accept-Language": "en"}


async def _script(question: Question) -> str:
    """Keep files as the text says."""
    turn = current()
    assert turn is not None
    assert turn.attachments == question.attachments
    if question.text == "passport":
        names = {"ticket_name": "LUCIA F", "given_names": "Lucía", "surnames": "Ferrer"}
        done = await turn.perform("credit_points", "T1", names, amount=100, unit="points")
        photos = {"photos": [str(file.id) for file in turn.attachments]}
        number = await turn.open_case("points", Trigger.APPROVAL, effects=[done], detail=photos)
        turn.keep_attachment(turn.attachments[0].id, AttachmentKind.IDENTITY_DOCUMENT, number)
        return "ok"
    for file in turn.attachments:
        if question.text in {kind.value for kind in AttachmentKind}:
            number = await turn.open_case("other", Trigger.USER_REQUEST)
            turn.keep_attachment(file.id, AttachmentKind(question.text), number)
        if question.text == "no case":
            turn.keep_attachment(file.id, AttachmentKind.IDENTITY_DOCUMENT, None)
    return "ok"


@asynccontextmanager
async def _desk(database: str) -> AsyncIterator[Doors]:
    async with open_doors(database, _script) as doors:
        accounts = doors.opened.store.accounts
        kim = await accounts.add_agent("kim@aurora.example", "Kim Doe", "agent", hash_password("let me in"))
        ((soon,),) = await doors.opened.database.rows("SELECT now() + interval '1 hour'")
        await accounts.open_session(kim.id, token_hash(TOKEN), soon)
        yield doors


async def _sent(doors: Doors, text: str = "evidence", data: bytes | None = None, name: str = "photo.jpg") -> UUID:
    """Send a file and give its id."""
    file = {"name": name, "mime": "", "data_base64": base64.b64encode(data or photo()).decode()}
    assert await doors.texts("amina", text, metadata={"attachments": [file]}) == ["ok"]
    entries = await doors.timeline("rest", "amina")
    return [file.id for entry in entries for file in entry.content.attachments][-1]


async def _transcript(doors: Doors) -> str:
    conversation = await doors.conversation("rest", "amina")
    return (await doors.http.get(f"/desk/conversations/{conversation.id}", headers=KIM)).text


async def _views(doors: Doors) -> list[tuple[object, ...]]:
    return await doors.opened.database.rows(
        "SELECT v.attachment_id, g.email, v.is_thumbnail, v.viewed_at <= now() FROM attachment_views v"
        " JOIN agents g ON g.id = v.agent_id ORDER BY v.id"
    )


async def test_each_view_is_written_down(database: str) -> None:
    """Who, what and when; a page that shows its thumbnail again and again says so once an hour."""
    async with _desk(database) as doors:
        file = await _sent(doors)
        for _ in range(2):
            assert (await doors.http.get(f"/desk/attachments/{file}", headers=KIM)).status_code == 200
            small = await doors.http.get(f"/desk/attachments/{file}?thumbnail=1", headers=KIM)
            assert small.headers["content-type"] == "image/jpeg"
        kim = "kim@aurora.example"
        assert await _views(doors) == [
            (file, kim, False, True),
            (file, kim, True, True),
            (file, kim, False, True),
        ]


async def test_who_is_not_signed_in_sees_nothing(database: str) -> None:
    """They are sent to sign in, and nothing is written down."""
    async with _desk(database) as doors:
        file = await _sent(doors)
        response = await doors.http.get(f"/desk/attachments/{file}")
        assert (response.status_code, response.content) == (303, b"")
        assert response.headers["location"].startswith("/desk/login")
        assert await _views(doors) == []


async def test_what_the_desk_hands_out_cannot_be_run_or_kept(database: str) -> None:
    """As its own type, sandboxed, in no cache; only pictures are shown in place."""
    async with _desk(database) as doors:
        picture = await doors.http.get(f"/desk/attachments/{await _sent(doors)}", headers=KIM)
        pdf = await doors.http.get(f"/desk/attachments/{await _sent(doors, data=PDF, name='a.pdf')}", headers=KIM)
        assert picture.headers["content-disposition"].startswith("inline")
        assert pdf.headers["content-disposition"].startswith("attachment")
        assert (pdf.headers["content-type"], pdf.content) == ("application/pdf", PDF)
        address = f"{pdf.request.url.path}?in_place=1"
        framed = await doors.http.get(address, headers=KIM)
        assert framed.headers["content-disposition"].startswith("inline")
        for response, by in ((picture, "'none'"), (pdf, "'none'"), (framed, "'self'")):
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["content-security-policy"].endswith(f"; sandbox; frame-ancestors {by}")
            assert response.headers["cache-control"] == "no-store"
        conversation = await doors.conversation("rest", "amina")
        for page, frames in (("/desk", "'none'"), (f"/desk/conversations/{conversation.id}", "'self'")):
            policy = (await doors.http.get(page, headers=KIM)).headers["content-security-policy"]
            assert f"frame-src {frames};" in policy
            assert "frame-ancestors 'none'" in policy
        stranger = await doors.http.get(address, headers={"Accept-Language": "en"})
        assert (stranger.status_code, stranger.headers["content-type"]) == (401, "text/html; charset=utf-8")
        assert stranger.headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; frame-ancestors 'self'"
        )
        assert not re.search("<script|<form|<a ", stranger.text)


async def test_an_identity_document_is_seen_only_while_its_case_is_open(database: str) -> None:
    """Opened on purpose and never in passing; refused with a sentence once no open case needs it, and shown again."""
    async with _desk(database) as doors:
        file = await _sent(doors, "identity_document")
        page = await _transcript(doors)
        assert f'href="/desk/attachments/{file}"' in page
        assert "thumbnail" not in page
        assert (await doors.http.get(f"/desk/attachments/{file}", headers=KIM)).status_code == 200
        for status, answer in (("resolved", 403), ("closed", 403), ("pending", 200)):
            await doors.opened.database.run("UPDATE cases SET status = %s", (status,))
            response = await doors.http.get(f"/desk/attachments/{file}", headers=KIM)
            assert response.status_code == answer
            assert ("only while their case is open" in response.text) == (answer == 403)
            assert (f"/desk/attachments/{file}" in await _transcript(doors)) == (answer == 200)
        assert len(await _views(doors)) == 2


async def test_a_photo_stands_beside_the_decision_that_it_was_sent_for(database: str) -> None:
    """Whoever decides sees the passport beside both names, and that is written down; others open it on purpose."""
    async with _desk(database) as doors:
        doors.policies.decision = Decision.NEEDS_APPROVAL
        file = await _sent(doors, "passport")
        page = await _transcript(doors)
        card = page[page.index('<article class="effect"') : page.index("</article>")]
        assert f'href="/desk/attachments/{file}"' in card
        assert "thumbnail" not in page
        await doors.opened.database.run("UPDATE agents SET limits = '{\"points\": 1000}'")
        page = await _transcript(doors)
        assert page.count(f"/desk/attachments/{file}?thumbnail=1") == 1, "beside the decision and nowhere else"
        card = page[page.index('<article class="effect"') : page.index("</article>")]
        assert card.index("?thumbnail=1") < card.index('<table class="compare">')
        assert 'data-about="Name on the ticket: LUCIA F · In our files: Lucía Ferrer"' in card
        await doors.http.get(f"/desk/attachments/{file}?thumbnail=1", headers=KIM)
        assert await _views(doors) == [(file, "kim@aurora.example", True, True)]


async def test_an_identity_document_without_a_case_is_for_nobody(database: str) -> None:
    """What no case needs is not looked at."""
    async with _desk(database) as doors:
        file = await _sent(doors, "no case")
        assert (await doors.http.get(f"/desk/attachments/{file}", headers=KIM)).status_code == 403


async def test_what_was_erased_says_so(database: str) -> None:
    """The timeline still tells that there was a file; opening it is a sentence."""
    async with _desk(database) as doors:
        file = await _sent(doors)
        await doors.opened.database.run("UPDATE attachments SET erased_at = now()")
        response = await doors.http.get(f"/desk/attachments/{file}", headers=KIM)
        assert (response.status_code, "was erased" in response.text) == (410, True)
        page = await _transcript(doors)
        assert "photo.jpg" in page
        assert "Erased by retention" in page
        assert f"/desk/attachments/{file}" not in page


async def test_what_nobody_sent_is_not_there(database: str) -> None:
    """An upload is its sender's until it goes with a message."""
    async with _desk(database) as doors:
        file = await _sent(doors)
        await doors.opened.database.run("UPDATE attachments SET conversation_id = NULL, position = NULL")
        assert (await doors.http.get(f"/desk/attachments/{file}", headers=KIM)).status_code == 404
        assert (await doors.http.get(f"/desk/attachments/{UUID(int=1)}", headers=KIM)).status_code == 404
        assert (await doors.http.get("/desk/attachments/nonsense", headers=KIM)).status_code == 404


async def test_names_of_files_are_text(database: str) -> None:
    """Whatever a customer calls a file, the transcript shows it and runs nothing of it."""
    async with _desk(database) as doors:
        await _sent(doors, name='"><script>alert(1)</script>.jpg')
        page = await _transcript(doors)
        assert "<script>alert" not in page
        assert "thumbnail=1" in page


async def test_damage_is_a_sentence(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed chunk, a missing one, another key: the agent is told what to do, and the log names the file."""
    async with _desk(database) as doors:
        file, run = await _sent(doors), doors.opened.database.run
        await run("UPDATE attachment_chunks SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)")
        response = await doors.http.get(f"/desk/attachments/{file}", headers=KIM)
        assert (response.status_code, "damaged" in response.text, "Traceback" in response.text) == (500, True, False)
        await run("DELETE FROM attachment_chunks")
        assert "damaged" in (await doors.http.get(f"/desk/attachments/{file}", headers=KIM)).text
        await run("UPDATE attachments SET key_hint = %s", (Sealer(bytes(32)).hint,))
        assert Sealer(KEY).hint != Sealer(bytes(32)).hint
        response = await doors.http.get(f"/desk/attachments/{file}", headers=KIM)
        assert (response.status_code, "RELEVO_ATTACHMENT_KEY" in response.text) == (500, True)
        assert await _views(doors) == []
    logged = "".join(capsys.readouterr())
    assert str(file) in logged
    assert "Traceback" not in logged


async def test_an_agent_who_has_control_gets_the_files_too(database: str) -> None:
    """While a person answers, the bot is not asked, and the photo is on the timeline all the same."""
    async with _desk(database) as doors:
        await doors.texts("amina", "hello")
        await doors.pass_control("rest", "amina", Control.AGENT)
        data = {"name": "a.jpg", "data_base64": base64.b64encode(photo()).decode()}
        assert await doors.texts("amina", "", metadata={"attachments": [data]}) == []
        assert "thumbnail=1" in await _transcript(doors)
