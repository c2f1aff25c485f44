"""Whom a site vouches for: verified at the desk, the same on every device, and nobody by a token that does not hold."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from relevo.domain.contacts import Level
from relevo.domain.conversations import Conversation
from relevo.domain.sites import Site, Sites
from relevo.web.services import DemoContact
from tests.databases import Databases
from tests.integration.desks import desk_of
from tests.integration.doors import Doors, open_doors
from tests.integration.visiting import KEY, Page, doors_for_all, forget, next_of, page_of, signed, streaming

pytestmark = pytest.mark.anyio
OLD = "the key that was in use until yesterday, as long"
SITES = Sites(named=(Site(name="shop", identity_keys=(KEY, OLD)), Site(name="kiosk")))


@pytest.fixture(scope="module")
async def opened(databases: Databases, postgres: str) -> AsyncIterator[Doors]:
    """Doors of a site that signs, and one that does not."""
    async with doors_for_all(databases, postgres, sites=SITES) as doors:
        doors.business.people.update(C001={"name": "Amina Noor", "email": "amina@example.com"}, C002={"name": "Bo"})
        yield doors


@pytest.fixture
async def doors(opened: Doors) -> Doors:
    """Nobody has been there yet."""
    return await forget(opened)


async def _begins(doors: Doors, token: str | None = None, **claims: Any) -> Page:
    page = await page_of(doors, site="shop")
    answer = await page.identifies(token or signed(**claims))
    assert answer.status_code == 200, answer.text
    return page


async def test_a_signed_visitor_is_verified_at_the_desk_from_the_first_word(doors: Doors) -> None:
    """With the business's reference, at the level of a signature, and the timeline says so before the message."""
    page = await _begins(doors, email="amina@example.com")
    assert page.known == {"verified": True, "name": "Amina Noor"}
    await page.writes("hello", "c1")
    await page.hears("hello")
    identity = doors.brain.asked[0].conversation.identity
    assert (identity.level, identity.business_ref) == (Level.SIGNED, "C001")
    assert identity.verified_facts == {"email": "amina@example.com"}
    async with desk_of(doors) as desk:
        shown = await desk.page(f"/desk/conversations/{(await page.conversation()).id}")
    assert "Amina Noor" in shown
    assert "C001" in shown
    assert [entry.kind for entry in await doors.timeline("widget", "shop:C001")][:2] == ["verification", "message"]


async def test_identifying_again_prolongs_and_says_nothing_twice(doors: Doors) -> None:
    """Every page of a site does it anew."""
    page = await _begins(doors)
    await page.writes("hello", "c1")
    await page.identifies(signed())
    await page.identifies(signed())
    kinds = [entry.kind for entry in await doors.timeline("widget", "shop:C001")]
    assert kinds.count("verification") == 1


async def test_another_device_goes_on_with_the_same_conversation(doors: Doors) -> None:
    """Both see everything; another person's browser sees nothing of it."""
    phone = await _begins(doors)
    await phone.writes("from the phone", "c1")
    laptop = await _begins(doors)
    told = await laptop.polls(wait=10)
    assert told["events"][0]["text"] == "from the phone"
    await laptop.writes("from the laptop", "c1-laptop")
    assert (await phone.hears("from the laptop"))["author"] == "bot"
    other = await _begins(doors, sub="C002")
    assert (await other.polls())["events"] == []


async def test_what_was_said_before_goes_along_and_a_message_on_its_way_is_not_doubled(doors: Doors) -> None:
    """The conversation becomes the person's own, its old token is over, and a retry is the same message."""
    page = await page_of(doors, site="shop")
    position = await page.writes("my bag is missing", "c1")
    await page.hears("my bag is missing")
    before = page.token
    assert (await page.identifies(signed())).status_code == 200
    assert await page.writes("my bag is missing", "c1") == position
    assert (await page.polls())["events"][0]["text"] == "my bag is missing"
    page.token = before
    assert (await page.post("messages", cid="c2", text="still here?")).status_code == 401
    refs = await doors.opened.database.rows("SELECT i.address, i.business_ref, i.level FROM identities i")
    assert refs == [("shop:C001", "C001", int(Level.SIGNED))]


async def _said_before(doors: Doors) -> tuple[Page, Conversation]:
    """Have somebody write who has a chat already, and has not signed in yet."""
    first = await _begins(doors)
    await first.writes("yesterday", "c1")
    await first.hears("yesterday")
    page = await page_of(doors, site="shop")
    await page.writes("today", "c2")
    await page.hears("today")
    return page, await page.conversation()


def _texts(told: dict[str, Any]) -> list[str]:
    assert [each["position"] for each in told["events"]] == sorted({each["position"] for each in told["events"]})
    return [each["text"] for each in told["events"] if each["author"] == "contact"]


async def test_whoever_has_a_chat_reads_there_what_they_wrote_before_signing_in(doors: Doors) -> None:
    """In order, on every device, once however often they sign in; a message that is sent again is the same one."""
    page, before = await _said_before(doors)
    await page.identifies(signed())
    assert _texts(await page.polls()) == ["yesterday", "today"]
    await page.writes("today", "c2")
    await page.writes("and more", "c3")
    await page.identifies(signed())
    told = await page.polls()
    assert _texts(told) == ["yesterday", "today", "and more"]
    assert told["events"][-1]["position"] == told["position"]
    for seen in told["events"]:
        rest = await page.polls(after=seen["position"])
        assert rest["events"] == [each for each in told["events"] if each["position"] > seen["position"]]
    assert _texts(await (await _begins(doors)).polls()) == ["yesterday", "today", "and more"]
    async with desk_of(doors) as desk:
        person = await desk.get(f"/contacts/{(await page.conversation()).identity.contact_id}")
        shown = await desk.page(f"/desk/conversations/{(await page.conversation()).id}")
    assert {on["conversation_id"] for on in person["seen_on"]} == {str(before.id), str((await page.conversation()).id)}
    assert f"/desk/conversations/{before.id}" in shown


async def test_a_split_takes_what_was_joined_back(doors: Doors) -> None:
    """An agent who knows better parts them: the chat shows none of it any more, and no case has their reference."""
    page, before = await _said_before(doors)
    case = (
        "INSERT INTO cases (id, type, trigger, contact_id, conversation_id) VALUES ('CASE-1', 'bag', 'other', %s, %s)"
    )
    run = doors.opened.database.run
    await run(case, (before.identity.contact_id, before.id))
    await run("INSERT INTO case_conversations (case_id, conversation_id) VALUES ('CASE-1', %s)", (before.id,))
    await page.identifies(signed())
    of = "SELECT contact_id, business_ref FROM cases"
    kept = (await page.conversation()).identity.contact_id
    assert await doors.opened.database.rows(of) == [(kept, "C001")]
    async with desk_of(doors, role="supervisor") as desk:
        (merge,) = (await desk.get(f"/contacts/{kept}"))["merges"]
        assert (merge["evidence"], merge["merged_by"]) == ("signed", None)
        await desk.does(f"/contacts/{kept}/split", merge_id=merge["id"], reason="her brother")
    assert _texts(await page.polls()) == ["yesterday"]
    assert await doors.opened.database.rows(of) == [(before.identity.contact_id, None)]


async def test_whom_a_person_answers_goes_on_there_until_it_is_over(doors: Doors) -> None:
    """Nothing under way is lost by signing in: agent and visitor hear each other, and then the chats are one."""
    page, before = await _said_before(doors)
    async with desk_of(doors) as desk:
        await desk.does(f"/conversations/{before.id}/take-over", version=before.control_version)
        await page.identifies(signed())
        await page.writes("are you there?", "c4")
        await desk.does(f"/conversations/{before.id}/replies", text="I am here", client_id="r1")
        assert (await page.hears("I am here"))["author"] == "agent"
        now = await page.conversation()
        assert (now.id, now.identity.level, now.identity.business_ref) == (before.id, Level.SIGNED, "C001")
        assert now.identity.contact_id == (await doors.conversation("widget", "shop:C001")).identity.contact_id
        done = {"version": now.control_version, "outcome": "resolved"}
        await desk.does(f"/conversations/{before.id}/hand-back", **done)
    await doors.until("SELECT count(*) = 0 FROM inbox WHERE state <> 'settled'")
    await page.identifies(signed())
    assert _texts(await page.polls()) == ["yesterday", "today", "are you there?"]


async def test_what_somebody_else_said_is_never_taken_along(doors: Doors) -> None:
    """A browser in which another person was verified leaves that conversation where it is."""
    page = await page_of(doors, site="shop")
    await page.writes("my secret", "c1")
    await doors.opened.database.run("UPDATE identities SET business_ref = 'C009', level = 1")
    await page.identifies(signed())
    assert (await page.polls())["events"] == []


async def test_a_shared_browser_keeps_people_apart(doors: Doors) -> None:
    """Signed in as one and then as another, with logging out between or without: nobody reads the other's words."""
    amina, _ = await _said_before(doors)
    await amina.identifies(signed())
    await (await _begins(doors, sub="C002")).writes("from Bo", "c9")
    await amina.identifies(signed(sub="C002"))
    assert _texts(await amina.polls()) == ["from Bo"]
    await amina.does("logout")
    assert (await amina.identifies(signed())).status_code == 200
    assert _texts(await amina.polls()) == ["yesterday", "today"]
    page = await page_of(doors, site="shop")
    await page.writes("nobody's yet", "c5")
    assert (await page.identifies(signed(key="another key, as long as the one that is set"))).status_code == 401
    await page.does("logout")
    await page.identifies(signed())
    assert _texts(await page.polls()) == ["yesterday", "today"]
    people = "SELECT count(DISTINCT contact_id) FROM identities"
    assert await doors.opened.database.rows(people) == [(3,)]


async def test_the_old_tokens_stream_ends(doors: Doors) -> None:
    """Nobody goes on listening with what was put out of use: by signing in, or by logging out."""
    page = await page_of(doors, site="shop")
    await page.writes("hello", "c1")
    async with streaming(page) as events:
        await next_of(events, "state")
        await page.identifies(signed())
        with pytest.raises(AssertionError, match="the stream ended"):
            await next_of(events, "nothing")
    async with streaming(page) as events:
        await next_of(events, "state")
        await page.does("logout")
        with pytest.raises(AssertionError, match="the stream ended"):
            await next_of(events, "nothing")
    assert (await page.post("messages", cid="c2", text="hello")).status_code == 401


async def test_logging_out_ends_this_token_alone(doors: Doors) -> None:
    """Another device stays signed in, and signing in again finds everything."""
    phone, laptop = await _begins(doors), await _begins(doors)
    await phone.writes("hello", "c1")
    await phone.does("logout")
    assert (await laptop.polls(wait=5))["events"][0]["text"] == "hello"
    again = await _begins(doors)
    assert (await again.polls(wait=5))["events"][0]["text"] == "hello"


async def test_the_key_before_holds_while_it_is_still_named(doors: Doors) -> None:
    """So that keys are changed without anybody being signed out."""
    assert (await _begins(doors, signed(key=OLD))).known["verified"]


def _unsigned(token: str) -> str:
    return ".".join((*token.split(".")[:2], ""))


def _with_header(token: str, **header: str) -> str:
    head = base64.urlsafe_b64encode(json.dumps({"typ": "JWT", **header}).encode()).rstrip(b"=").decode()
    return ".".join((head, *token.split(".")[1:]))


def not_holding(now: datetime) -> list[tuple[str, str]]:
    """Give tokens that do not hold, each with the claim that is wrong."""
    return [
        ("signature", signed(key="another key, as long as the one that is set")),
        ("signature", _unsigned(signed())),
        ("alg", signed(algorithm="none")),
        ("alg", _with_header(signed(), alg="none")),
        ("alg", signed(algorithm="HS384")),
        ("format", "not.a.token"),
        ("format", ""),
        ("format", "x" * 5_000),
        ("aud", signed(aud="kiosk")),
        ("aud", signed(aud=None)),
        ("exp", signed(exp=None)),
        ("exp", signed(exp=now - timedelta(minutes=2))),
        ("exp", signed(exp=now + timedelta(hours=2))),
        ("exp", signed(exp=now + timedelta(days=3_650), iat=now + timedelta(days=3_650))),
        ("exp", signed(exp=now - timedelta(days=3_650), iat=now - timedelta(days=3_650))),
        ("iat", signed(iat=now + timedelta(minutes=30))),
        ("nbf", signed(nbf=now + timedelta(minutes=30))),
        ("sub", signed(sub=None)),
        ("sub", signed(sub="")),
        ("sub", signed(sub="x" * 300)),
        ("sub", signed(sub="C001\x00")),
        ("sub", signed(sub="somebody whom the business does not know")),
        ("name", signed(name="x" * 300)),
    ]


async def test_a_token_that_does_not_hold_names_what_is_wrong_and_nobody(doors: Doors) -> None:
    """Forged, over, for another site, of another decade, unsigned: refused, and the anonymous session goes on."""
    page = await page_of(doors, site="shop")
    for claim, token in not_holding(datetime.now(timezone.utc)):
        answer = await page.identifies(token)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["details"]) == (401, "bad_identity", {"claim": claim}), error
        assert "Amina" not in answer.text
        assert KEY not in answer.text
    await page.writes("hello", "c1")
    assert (await page.conversation()).identity.level is Level.CLAIMED


async def test_a_site_without_a_key_identifies_nobody(doors: Doors) -> None:
    """It says which setting is missing."""
    page = await page_of(doors, site="kiosk")
    answer = await page.identifies(signed(aud="kiosk"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "identity_off")


async def test_signing_in_needs_no_session_before(doors: Doors) -> None:
    """A page that knows its visitor begins with that."""
    answer = await doors.http.post("/widget/api/v1/identify", json={"jwt": signed(), "site": "shop"})
    assert (answer.status_code, answer.json()["visitor"]["verified"]) == (200, True)


async def test_in_the_demo_a_newcomer_may_be_any_of_its_contacts(database: str) -> None:
    """The demo signs as a business's own server does, for its own pages alone; elsewhere there is no such door."""
    contacts = (DemoContact(ref="C001", name="Amina Noor", language="es", email="amina@example.com"),)
    async with open_doors(database, sites=SITES, is_demo=True, demo_contacts=contacts, has_bot=False) as doors:
        doors.business.people["C001"] = {"name": "Amina Noor"}
        (shown,) = (await doors.http.get("/demo/contacts")).json()["contacts"]
        assert (shown["id"], shown["name"], set(shown["about"])) == ("C001", "Amina Noor", {"es", "en"})
        told = (await doors.http.post("/demo/identity/C001", headers={"Origin": doors.url})).json()
        page = await page_of(doors, site="shop")
        assert (await page.identifies(told["jwt"])).json()["visitor"] == {"verified": True, "name": "Amina Noor"}
        foreign = {"Origin": "https://evil.example"}
        assert (await doors.http.post("/demo/identity/C001", headers=foreign)).status_code == 403
        assert (await doors.http.post("/demo/identity/C999")).status_code == 404
    async with open_doors(database, sites=SITES, has_bot=False) as doors:
        assert (await doors.http.post("/demo/identity/C001")).status_code == 404
