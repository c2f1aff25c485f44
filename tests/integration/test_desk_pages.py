"""The desk: who may enter, and what they see of the other side."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import httpx
import pytest

from relevo.contracts.brain import Question
from relevo.contracts.mail import Mail
from relevo.contracts.runtime import current
from relevo.domain.cases import Trigger
from relevo.domain.conversations import Control
from relevo.domain.messages import Author, Button, Content
from relevo.store.mails import PostgresMails
from relevo.web.languages import WORDS
from relevo.web.passwords import hash_password
from relevo.web.settings import WebSettings
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio
EMAIL, PASSWORD = "kim@aurora.example", "correct horse battery"
KIM = {"email": EMAIL, "password": PASSWORD}


async def _script(question: Question) -> Content:
    turn = current()
    assert turn is not None
    if question.text == "a person":
        await turn.open_case("points_correction", Trigger.USER_REQUEST, reference="RBL7Q2", goal="<b>my points</b>")
    if question.text == "points":
        await turn.perform("credit_points", "0751000000011", {"points": 5640})
    return Content(text="Is it <you>?", buttons=(Button(title="Yes & no", payload="/affirm"),))


@asynccontextmanager
async def _desk(database: str, **settings: Any) -> AsyncIterator[Doors]:
    async with open_doors(database, _script, settings=WebSettings(**settings)) as doors:
        await doors.opened.store.accounts.add_agent(EMAIL, "Kim Doe", "agent", hash_password(PASSWORD))
        yield doors


async def _form_token(doors: Doors, path: str = "/desk/login", **headers: str) -> str:
    page = await doors.http.get(path, headers=headers)
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
    assert found is not None, page.text
    return found[1]


async def _sign_in(doors: Doors, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    form = {**KIM, "form_token": await _form_token(doors), **fields}
    return await doors.http.post("/desk/login", data=form, headers=headers or {})


async def test_an_agent_signs_in_and_out(database: str) -> None:
    """E-mail and password open the desk; signing out ends the session on the server, not only in the browser."""
    async with _desk(database) as doors:
        sent_away = await doors.http.get("/desk")
        assert (sent_away.status_code, sent_away.headers["location"]) == (303, "/desk/login?next=/desk")
        signed_in = await _sign_in(doors)
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/desk")
        page = await doors.http.get("/desk")
        assert page.status_code == 200
        assert "Kim Doe" in page.text
        session = doors.http.cookies["relevo_desk"]
        token = await _form_token(doors, "/desk")
        assert (await doors.http.post("/desk/logout", data={"form_token": token})).status_code == 303
        stolen = await doors.http.get("/desk", headers={"Cookie": f"relevo_desk={session}"})
        assert stolen.status_code == 303


async def test_the_session_cookie_cannot_be_read_or_lent(database: str) -> None:
    """HttpOnly and SameSite=Strict always; Secure and bound to the host over https; and only its hash is kept."""
    async with _desk(database) as doors:
        plain = (await _sign_in(doors)).headers["set-cookie"]
        assert re.fullmatch(r"relevo_desk=[\w-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict", plain)
        https = {"X-Forwarded-Proto": "https"}
        page = await doors.http.get("/desk/login", headers=https)
        assert page.headers["set-cookie"].startswith("__Host-relevo_desk_form=")
        visit = page.headers["set-cookie"].partition(";")[0]
        token = re.findall(r'name="form_token" value="(\w+)"', page.text)[0]
        secure = await doors.http.post(
            "/desk/login", data={**KIM, "form_token": token}, headers={**https, "Cookie": visit}
        )
        assert re.fullmatch(
            r"__Host-relevo_desk=[\w-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure",
            secure.headers["set-cookie"],
        )
        rows = await doors.opened.database.rows("SELECT token_hash FROM agent_sessions")
        tokens = [
            cookie.partition("=")[2].partition(";")[0].encode() for cookie in (plain, secure.headers["set-cookie"])
        ]
        assert len(rows) == 2
        assert not {bytes(row[0]) for row in rows} & set(tokens)


async def test_wrong_password_and_unknown_email_look_alike(database: str) -> None:
    """Nobody learns from answer or time who has an account."""
    async with _desk(database) as doors:
        seconds: dict[str, list[float]] = {"known": [], "unknown": []}
        pages = {}
        for _ in range(4):
            for kind, email in (("known", EMAIL), ("unknown", "kam@aurora.example")):
                form = {"email": email, "password": "wrong", "form_token": await _form_token(doors)}
                began = perf_counter()
                response = await doors.http.post("/desk/login", data=form)
                seconds[kind].append(perf_counter() - began)
                assert response.status_code == 401
                pages[kind] = response.text.replace(email, "…")
        assert pages["known"] == pages["unknown"]
        assert min(seconds["unknown"]) > min(seconds["known"]) / 2
        assert (await doors.http.get("/desk")).status_code == 303


async def test_signing_in_is_throttled_for_email_and_address(database: str) -> None:
    """Guessing is stopped, with the right password too, until the window is over."""
    async with _desk(database, sign_in_tries_per_email=3) as doors:
        for _ in range(3):
            assert (await _sign_in(doors, password="guess")).status_code == 401
        stopped = await _sign_in(doors)
        assert stopped.status_code == 429
        assert int(stopped.headers["retry-after"]) >= 1
    async with _desk(database, sign_in_tries_per_address=2) as doors:
        await doors.opened.database.run("DELETE FROM rate_limits")
        statuses = [(await _sign_in(doors, email=f"{n}@aurora.example")).status_code for n in range(3)]
        assert statuses == [401, 401, 429]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
async def test_forms_of_other_sites_are_refused(database: str, headers: dict[str, str]) -> None:
    """Another site cannot sign an agent in or out, even with a form token that it somehow learned."""
    async with _desk(database) as doors:
        assert (await _sign_in(doors, headers)).status_code == 403
        await _sign_in(doors, {"Origin": doors.url, "Sec-Fetch-Site": "same-origin"})
        token = await _form_token(doors, "/desk")
        refused = await doors.http.post("/desk/logout", data={"form_token": token}, headers=headers)
        assert refused.status_code == 403
        assert (await doors.http.get("/desk")).status_code == 200


async def test_a_form_without_its_token_is_refused(database: str) -> None:
    """A form counts only with the token that was made for this browser, and a session's only with the session's."""
    async with _desk(database) as doors:
        visit_token = await _form_token(doors)
        for token in ("", "0" * 64):
            assert (await doors.http.post("/desk/login", data={**KIM, "form_token": token})).status_code == 403
        await _sign_in(doors)
        for form in ({}, {"form_token": visit_token}):
            assert (await doors.http.post("/desk/logout", data=form)).status_code == 403
        assert (await doors.http.get("/desk")).status_code == 200


async def test_a_session_ends_by_itself(database: str) -> None:
    """A forgotten browser is not signed in forever."""
    async with _desk(database, desk_session_seconds=-1) as doors:
        await _sign_in(doors)
        assert (await doors.http.get("/desk")).status_code == 303


async def test_after_signing_in_one_lands_where_one_wanted_to_go_and_never_elsewhere(database: str) -> None:
    """The page asked for comes back after signing in; addresses of others do not."""
    async with _desk(database) as doors:
        wanted = "/desk/conversations/6c1e1b1e-6f0f-4b9c-9d3e-3f6f4f6f4f6f"
        assert (await doors.http.get(wanted)).headers["location"] == f"/desk/login?next={wanted}"
        for target, expected in (
            (wanted, wanted),
            ("https://evil.example", "/desk"),
            ("//evil.example", "/desk"),
            ("/desk\r\nX: y", "/desk"),
            ("/deskevil", "/desk"),
        ):
            doors.http.cookies.clear()
            assert (await _sign_in(doors, next=target)).headers["location"] == expected


async def test_nothing_is_shown_to_who_has_not_signed_in(database: str) -> None:
    """Pages send one away to sign in; the API answers 401 in the usual form."""
    async with _desk(database) as doors:
        await doors.texts("amina", "a person")
        conversation = await doors.conversation("rest", "amina")
        here = f"/desk/api/conversations/{conversation.id}/entries"
        for path in ("/desk/api/cases", "/desk/api/conversations", here):
            response = await doors.http.get(path)
            assert (response.status_code, response.json()["error"]["code"]) == (401, "not_authenticated")
        assert (await doors.http.get(f"/desk/conversations/{conversation.id}")).status_code == 303


async def test_the_overview_shows_cases_and_conversations(database: str) -> None:
    """A case stands with its reason, reference and the contact's own words; text is text, whatever it looks like."""
    async with _desk(database) as doors:
        await doors.texts("amina", "a person")
        await _sign_in(doors)
        page = (await doors.http.get("/desk", headers={"Accept-Language": "en"})).text
        for shown in ("Points correction", "CASE-7101", "&lt;b&gt;my points&lt;/b&gt;", "Open cases: 1"):
            assert shown in page
        case = (await doors.http.get("/desk/cases/CASE-7101", headers={"Accept-Language": "en"})).text
        for shown in ("Asked for a person", "RBL7Q2", "&lt;b&gt;my points&lt;/b&gt;", "Take over"):
            assert shown in case
        assert "<b>my points" not in page + case
        assert (await doors.http.get("/desk/cases/CASE-1")).status_code == 404


async def test_a_conversation_shows_what_was_said_and_what_was_done_apart(database: str) -> None:
    """Messages, effects, cases and changes of control each look like what they are."""
    async with _desk(database) as doors:
        await doors.texts("amina", "points")
        await doors.texts("amina", "/affirm")
        await doors.texts("amina", "a person")
        conversation = await doors.pass_control("rest", "amina", Control.AGENT)
        await doors.opened.store.conversations.say(conversation.id, Author.AGENT, Content(text="Kim here."))
        await _sign_in(doors)
        page = (await doors.http.get(f"/desk/conversations/{conversation.id}", headers={"Accept-Language": "en"})).text
        kinds = re.findall(r'<li class="(event event-\w+|\w+ \w+)" id="at-', page)
        assert set(kinds) == {
            "message contact",
            "message bot",
            "message agent",
            "event event-effect",
            "event event-case",
            "event event-control",
        }
        assert "Points credit</b> <code>0751000000011</code>" in page
        assert "Bot → <b>Agent</b>" in page
        assert '<p dir="auto">Yes &amp; no</p>' in page, "a chosen button is shown by its title"
        assert "Is it &lt;you&gt;?" in page
        assert (await doors.http.get("/desk/conversations/6c1e1b1e-6f0f-4b9c-9d3e-3f6f4f6f4f6f")).status_code == 404


async def test_words_of_the_bot_that_were_not_sent_are_shown_as_a_draft(database: str) -> None:
    """An agent who took over mid-turn sees what the bot would have said, marked as not sent."""

    async def script(question: Question) -> str:
        await doors.pass_control("rest", "amina", Control.AGENT)
        return "I would have said this."

    async with open_doors(database, script) as doors:
        assert await doors.texts("amina", "hello") == []
        await doors.opened.store.accounts.add_agent(EMAIL, "Kim Doe", "agent", hash_password(PASSWORD))
        await _sign_in(doors)
        conversation = await doors.conversation("rest", "amina")
        page = (await doors.http.get(f"/desk/conversations/{conversation.id}", headers={"Accept-Language": "es"})).text
        assert re.search(r'<li class="draft bot"[^>]*>\s*<p class="label">El bot quería decir; no se envió', page)


async def test_a_long_conversation_is_read_page_by_page(database: str) -> None:
    """The newest entries come first, and every earlier one is reachable."""
    async with _desk(database) as doors:
        await doors.texts("amina", "hello")
        conversation = await doors.conversation("rest", "amina")
        for number in range(150):
            await doors.opened.store.conversations.say(conversation.id, Author.AGENT, Content(text=f"line {number}"))
        await _sign_in(doors)
        seen: set[str] = set()
        path: str | None = f"/desk/conversations/{conversation.id}"
        while path:
            page = (await doors.http.get(path)).text
            seen |= set(re.findall(r'id="(at-\d+)"', page))
            earlier = re.search(r'href="(/desk/conversations/[^"]+after=\d+)"', page)
            path = earlier[1] if earlier else None
        assert len(seen) == 152


async def test_the_api_gives_lists_and_entries_after_a_cursor(database: str) -> None:
    """What the pages show is there as JSON, entries after a position."""
    async with _desk(database) as doors:
        await doors.texts("amina", "a person")
        await _sign_in(doors)
        (case,) = (await doors.http.get("/desk/api/cases")).json()["cases"]
        assert (case["trigger"], case["reference"], case["status"]) == ("user_request", "RBL7Q2", "open")
        (line,) = (await doors.http.get("/desk/api/conversations")).json()["conversations"]
        assert (line["channel"], line["address"], line["control"]) == ("rest", "amina", "bot")
        entries = (await doors.http.get(f"/desk/api/conversations/{line['id']}/entries?after=1")).json()["entries"]
        assert [entry["kind"] for entry in entries] == ["message", "case"]
        assert (await doors.http.get(f"/desk/api/conversations/{line['id']}/entries?after=x")).status_code == 400


@pytest.mark.parametrize(
    ("wanted", "word"), [("es-ES,en;q=0.5", "Entrar"), ("fr,en;q=0.5", "Sign in"), ("", "Sign in")]
)
async def test_the_desk_speaks_the_browsers_language(database: str, wanted: str, word: str) -> None:
    """Spanish and English by Accept-Language; English where neither is asked for."""
    async with _desk(database) as doors:
        page = await doors.http.get("/desk/login", headers={"Accept-Language": wanted})
        assert f"<h1>{word}</h1>" in page.text


async def test_a_refusal_is_said_in_the_browsers_language(database: str) -> None:
    """Whoever follows a link to what is gone reads so in their own words."""
    async with _desk(database) as doors:
        await _sign_in(doors)
        page = await doors.http.get("/desk/cases/CASE-1", headers={"Accept-Language": "es"})
        assert page.status_code == 404
        assert WORDS["es"]["problem.not_found"] in page.text


async def test_pages_allow_nothing_that_is_not_ours(database: str) -> None:
    """No inline script or style, no frame, no cache, no sniffing, on the desk and on the demonstration page."""
    async with open_doors(database, is_demo=True) as doors:
        for path in ("/", "/desk/login"):
            page = await doors.http.get(path)
            policy = page.headers["content-security-policy"]
            for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
                assert rule in policy
            assert "unsafe" not in policy
            assert page.headers["x-content-type-options"] == "nosniff"
            assert page.headers["cache-control"] == "no-store"
            assert page.headers["referrer-policy"] == "same-origin"
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script>", page.text)
            for link in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
                file = await doors.http.get(link)
                assert file.status_code == 200, link
                plain = await doors.http.get(link, headers={"Accept-Encoding": "gzip;q=0, identity"})
                assert plain.content == file.content
                assert ("content-encoding" in plain.headers, file.headers["content-encoding"]) == (False, "gzip")
                again = await doors.http.get(link, headers={"If-None-Match": file.headers["etag"]})
                assert again.status_code == 304
    async with open_doors(database) as doors:
        assert (await doors.http.get("/")).status_code == 404


async def test_a_mail_is_shown_with_its_subject_and_never_as_markup(database: str) -> None:
    """What left by mail is read at the desk like everything else."""
    async with _desk(database) as doors:
        await _sign_in(doors)
        await doors.post("amina", "hi")
        chat = await doors.conversation("rest", "amina")
        content = Content(subject="<i>Your points</i>", text="5 <points>")
        post = Mail(about=chat.id, business_ref="C001", address="amina@example.com", content=content)
        posted = await PostgresMails(doors.opened.database).post(post)
        assert posted is not None
        page = (await doors.http.get(f"/desk/conversations/{posted.conversation_id}")).text
        assert "<b>&lt;i&gt;Your points&lt;/i&gt;</b>" in page
        assert "5 &lt;points&gt;" in page
        assert ">E-mail<" in page
